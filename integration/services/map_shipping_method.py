"""Says which ship-via a shipping type of the operator is, and frees the orders that waited for it."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.errors import InvalidInputError
from integration.models import Channel, Hold, ShippingMethodMapping
from integration.services.release_holds import Released, release_holds


def map_shipping_method(
    *, channel: Channel, shipping_type_code: str, ship_via: str, ship_vendor: str = "", by: User | None
) -> Released:
    """Set the row for the shipping type. Raises InvalidInputError when either side is empty."""
    problems = {
        field: "This cannot be empty."
        for field, value in (("shipping_type_code", shipping_type_code), ("ship_via", ship_via))
        if not value.strip()
    }
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        old = ShippingMethodMapping.objects.filter(channel=channel, shipping_type_code=shipping_type_code).first()
        ShippingMethodMapping.objects.update_or_create(
            channel=channel,
            shipping_type_code=shipping_type_code,
            defaults={"ship_via": ship_via, "ship_vendor": ship_vendor, "updated_by": by},
        )
        record_audit(
            by=by,
            action="shipping_method_map.set",
            subject=f"channel:{channel.code} shipping_type:{shipping_type_code}",
            before={"ship_via": old.ship_via, "ship_vendor": old.ship_vendor} if old else None,
            after={"ship_via": ship_via, "ship_vendor": ship_vendor},
        )
        holds = Hold.objects.filter(
            order__channel=channel,
            kind="order.shipping_method_unmapped",
            cause_key=shipping_type_code,
            released_at=None,
        ).values_list("id", flat=True)
        return release_holds(hold_ids=list(holds), by=by, how=f"Shipping type {shipping_type_code} mapped")
