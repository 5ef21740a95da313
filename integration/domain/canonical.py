"""Builds the canonical order from what is stored, with the corrections that staff made on top."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from integration.domain.orders import Address, CanonicalLine, CanonicalOrder, address_of


def canonical_order(
    *,
    order_number: str,
    marketplace_id: str,
    channel_code: str,
    customer: Mapping[str, Any],
    corrections: Mapping[str, str],
    currency: str,
    total: Decimal,
    ordered_at: datetime,
    ship_by: datetime | None,
    ship_via: tuple[str, str],
    lines: Sequence[CanonicalLine],
) -> CanonicalOrder:
    """The order as it should go out. A bill-to that the marketplace does not tell, or tells the same, is the ship-to."""
    email = str(customer.get("notification_email") or "")
    there, payer = customer.get("shipping_address"), customer.get("billing_address")
    ship_to = _corrected("ship_to", address_of(there, email=email), corrections)
    told = address_of(payer, email=email)
    is_same = not payer or told == address_of(there, email=email) or not (told.line1 or told.city)
    bill_to = _corrected("bill_to", ship_to if is_same else told, corrections)
    return CanonicalOrder(
        number=order_number,
        marketplace_id=marketplace_id,
        channel_code=channel_code,
        currency=currency,
        total=total,
        ordered_at=ordered_at,
        ship_by=ship_by,
        ship_via=ship_via[0],
        ship_vendor=ship_via[1],
        ship_to=ship_to,
        bill_to=bill_to,
        lines=tuple(lines),
    )


def _corrected(where: str, address: Address, corrections: Mapping[str, str]) -> Address:
    own = {
        field.removeprefix(f"{where}."): value for field, value in corrections.items() if field.startswith(f"{where}.")
    }
    known = {field: value for field, value in own.items() if field in Address.__dataclass_fields__}
    return replace(address, **known)
