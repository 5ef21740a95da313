"""Takes the mapping of an offer SKU away. Orders already in the warehouse keep what they were sent with."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.models import Channel, SkuMapping
from integration.services.stock.mark_mapped import mark_mapped
from integration.services.stock.touch_stock import touch_maps


def unmap_sku(*, channel: Channel, offer_sku: str, by: User | None) -> int:
    """Delete the rows of the SKU; returns how many there were. New orders with it will be held, and its offer shows 0."""
    with transaction.atomic():
        rows = SkuMapping.objects.filter(channel=channel, offer_sku=offer_sku)
        before = {row.item_number: str(row.units_per_offer) for row in rows}
        if before:
            rows.delete()
            touch_maps(channel=channel, offer_skus=[offer_sku], item_numbers=before)
            mark_mapped(channel=channel, offer_skus=[offer_sku])
            record_audit(
                by=by,
                action="sku_map.removed",
                subject=f"channel:{channel.code} sku:{offer_sku}",
                before=before,
                after=None,
            )
        return len(before)
