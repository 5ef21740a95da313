"""Takes the last change of an SKU's mapping back, so that the SKU is what it was before."""

from decimal import Decimal

from django.db import transaction

from core.models import AuditEntry, User
from integration.errors import InvalidInputError
from integration.models import Channel
from integration.services.map_sku import map_sku
from integration.services.release_holds import NOTHING, Released
from integration.services.unmap_sku import unmap_sku

CHANGES = ("sku_map.set", "sku_map.removed")


def undo_sku_map(*, channel: Channel, offer_sku: str, by: User | None) -> Released:
    """Restore what the newest audit entry of the SKU says stood before. Undoing twice brings the change back.

    Orders that the warehouse has keep what they were sent with. Raises InvalidInputError when there is nothing to undo.
    """
    with transaction.atomic():
        last = (
            AuditEntry.objects.filter(
                subject_type="channel", subject_id=f"{channel.code} sku:{offer_sku}"[:250], action__in=CHANGES
            )
            .order_by("-at", "-id")
            .first()
        )
        if last is None:
            raise InvalidInputError({"offer_sku": "This SKU's mapping was never changed."})
        if not last.before:
            unmap_sku(channel=channel, offer_sku=offer_sku, by=by)
            return NOTHING
        parts = [(item, Decimal(str(units))) for item, units in last.before.items()]
        return map_sku(channel=channel, offer_sku=offer_sku, components=parts, by=by)
