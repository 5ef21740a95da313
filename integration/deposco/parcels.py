"""Parcels out of a shipment: serialised lines added up, labels without goods dropped, what was taken back noticed."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integration.deposco.normalise import as_decimal, as_text, inside
from integration.deposco.profile import Profile
from integration.deposco.schemas import Shipment


@dataclass(frozen=True)
class WireParcelLine:
    """Units of one warehouse order line in one parcel."""

    order_number: str
    line_number: str | None
    customer_line_number: str | None
    item_number: str
    quantity: Decimal


@dataclass(frozen=True)
class WireParcel:
    """One parcel: a container, or what travels under one tracking number. `carrier` is the warehouse's word."""

    parcel_key: str
    tracking_number: str | None
    tracking_url: str | None
    carrier: str | None
    lines: tuple[WireParcelLine, ...]


@dataclass(frozen=True)
class WireParcels:
    """What a shipment means: parcels that have left, or a dispatch that was taken back."""

    parcels: tuple[WireParcel, ...]
    has_left: bool
    is_retraction: bool


@dataclass
class _Draft:
    tracking: str | None
    quantities: dict[tuple[str, str | None, str | None, str], Decimal] = field(default_factory=dict)


def aggregate_parcels(shipment: Shipment, profile: Profile) -> WireParcels:
    """Group the lines by container (else by tracking number), adding up one-unit lines of serialised goods.

    The key of a parcel is its container, so that a tracking number that comes later belongs to the same parcel. Lines
    stand under the shipment, or under each of its orders.
    """
    status = shipment.shipment_status
    settings = profile.shipment_map
    drafts: dict[str, _Draft] = {}
    for order_number, line in _lines(shipment):
        quantity = _quantity(line)
        if quantity <= 0:
            continue
        container = next(iter(inside(line, "container")), {})
        own = as_text(container.get("trackingNumber")) or as_text(line.get("trackingNumber"))
        tracking = own or shipment.tracking_number
        key = as_text(container.get("lpn")) or as_text(container.get("number")) or own or "1"
        draft = drafts.setdefault(key, _Draft(tracking))
        draft.tracking = draft.tracking or tracking
        number = as_text(line.get("lineNumber"))
        identity = (
            order_number,
            number,
            as_text(line.get("customerLineNumber")),
            as_text(line.get("itemNumber")) or "",
        )
        draft.quantities[identity] = draft.quantities.get(identity, Decimal(0)) + quantity
    carrier = next(
        (as_text(shipment.raw.get(name)) for name in settings.carrier_fields if as_text(shipment.raw.get(name))), None
    )
    parcels = tuple(
        WireParcel(
            parcel_key=key,
            tracking_number=draft.tracking,
            tracking_url=_url(shipment, draft.tracking, settings.tracking_url),
            carrier=carrier,
            lines=tuple(WireParcelLine(*identity, quantity) for identity, quantity in draft.quantities.items()),
        )
        for key, draft in drafts.items()
    )
    return WireParcels(
        parcels=parcels,
        has_left=status in settings.shipped_statuses,
        is_retraction=status in settings.retracted_statuses,
    )


def _lines(shipment: Shipment) -> list[tuple[str, dict[str, Any]]]:
    """Each line with its order's number; a line under the shipment finds its order by its own number."""
    found: list[tuple[str, dict[str, Any]]] = []
    for order in inside(shipment.raw, "orders", "order"):
        number = as_text(order.get("orderNumber")) or ""
        found += [(number, line) for line in inside(order, "lines", "line")]
    if found:
        return found
    return [(_order_of(line, shipment.order_numbers), line) for line in inside(shipment.raw, "lines", "line")]


def _order_of(line: dict[str, Any], numbers: tuple[str, ...]) -> str:
    stated = as_text(line.get("orderNumber"))
    if stated:
        return stated
    if len(numbers) == 1:
        return numbers[0]
    line_number = as_text(line.get("lineNumber")) or ""
    fitting = [number for number in numbers if line_number.startswith(f"{number}-")]
    return max(fitting, key=len, default="")


def _quantity(line: dict[str, Any]) -> Decimal:
    return as_decimal(line.get("shippedPackQuantity")) or Decimal(0)


def _url(shipment: Shipment, tracking: str | None, mode: str) -> str | None:
    if shipment.tracking_url is None or mode == "full":
        return shipment.tracking_url
    return f"{shipment.tracking_url}{tracking}" if tracking else None
