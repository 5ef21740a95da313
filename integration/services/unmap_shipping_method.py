"""Takes the mapping of a shipping type away. Orders already in the warehouse keep what they were sent with."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.models import Channel, ShippingMethodMapping


def unmap_shipping_method(*, channel: Channel, shipping_type_code: str, by: User | None) -> bool:
    """Delete the row; False when there was none. Later orders with the type are held."""
    with transaction.atomic():
        row = (
            ShippingMethodMapping.objects.select_for_update()
            .filter(channel=channel, shipping_type_code=shipping_type_code)
            .first()
        )
        if row is None:
            return False
        record_audit(
            by=by,
            action="shipping_method_map.removed",
            subject=f"channel:{channel.code} shipping_type:{shipping_type_code}",
            before={"ship_via": row.ship_via, "ship_vendor": row.ship_vendor},
            after=None,
        )
        row.delete()
        return True
