"""Parcels out of a shipment: serialised lines added up, labels without goods dropped, what was taken back noticed."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from integration.deposco.normalise import as_decimal, as_text, inside
from integration.deposco.profile import Profile
from integration.deposco.schemas import Shipment

# The key of a parcel that has no container and no number to be known by.
LOOSE = "1"
Line = dict[str, Any]


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
    """One parcel: a container, or what travels under one tracking number. `carriers` are the warehouse's words for it."""

    parcel_key: str
    tracking_number: str | None
    tracking_url: str | None
    carriers: tuple[str, ...]
    lines: tuple[WireParcelLine, ...]


@dataclass(frozen=True)
class WireParcels:
    """What a shipment means: parcels that have left, or a dispatch that was taken back."""

    parcels: tuple[WireParcel, ...]
    has_left: bool
    is_retraction: bool


@dataclass
class _Draft:
    tracking: str | None = None
    quantities: dict[tuple[str, str | None, str | None, str], Decimal] = field(default_factory=dict)


def aggregate_parcels(shipment: Shipment, profile: Profile) -> WireParcels:
    """Group the lines by container (else by tracking number), adding up one-unit lines of serialised goods.

    The key of a parcel is its container, so that a tracking number that comes later belongs to the same parcel. Lines
    stand under the shipment, or under each of its orders. The shipment's own number is a parcel's when there is one
    parcel only, or when no parcel has one of its own.
    """
    settings = profile.shipment_map
    lines = [(number, line) for number, line in _lines(shipment) if _quantity(line) > 0]
    drafts = _drafts(lines)
    if len(drafts) == 1 or not any(draft.tracking for draft in drafts.values()):
        for draft in drafts.values():
            draft.tracking = draft.tracking or shipment.tracking_number
    words = (as_text(shipment.raw.get(name)) for name in settings.carrier_fields)
    carriers = tuple(dict.fromkeys(filter(None, words)))
    parcels = tuple(
        WireParcel(
            parcel_key=key,
            tracking_number=draft.tracking,
            tracking_url=_url(shipment, draft.tracking, shipment.tracking_url_mode or settings.tracking_url),
            carriers=carriers,
            lines=tuple(WireParcelLine(*identity, quantity) for identity, quantity in draft.quantities.items()),
        )
        for key, draft in drafts.items()
    )
    status = shipment.shipment_status.casefold()
    return WireParcels(
        parcels=parcels,
        has_left=status in {word.casefold() for word in settings.shipped_statuses},
        is_retraction=status in {word.casefold() for word in settings.retracted_statuses},
    )


def _drafts(lines: list[tuple[str, Line]]) -> dict[str, _Draft]:
    loose_numbers = {_own_number(line) for _, line in lines if not _container_key(line)} - {None}
    drafts: dict[str, _Draft] = {}
    for order_number, line in lines:
        own = _own_number(line)
        # Without containers a single number may still be on its way: it must not make a second parcel when it comes.
        key = _container_key(line) or (own if own and len(loose_numbers) > 1 else LOOSE)
        draft = drafts.setdefault(key, _Draft())
        draft.tracking = draft.tracking or own
        identity = (
            order_number,
            as_text(line.get("lineNumber")),
            as_text(line.get("customerLineNumber")),
            as_text(line.get("itemNumber")) or "",
        )
        draft.quantities[identity] = draft.quantities.get(identity, Decimal(0)) + _quantity(line)
    return drafts


def _container(line: Line) -> Mapping[str, Any]:
    return next(iter(inside(line, "container")), {})


def _container_key(line: Line) -> str | None:
    container = _container(line)
    return as_text(container.get("lpn")) or as_text(container.get("number"))


def _own_number(line: Line) -> str | None:
    return as_text(_container(line).get("trackingNumber")) or as_text(line.get("trackingNumber"))


def _lines(shipment: Shipment) -> list[tuple[str, Line]]:
    """Each line with its order's number; a line under the shipment finds its order by its own number."""
    found: list[tuple[str, Line]] = []
    for order in inside(shipment.raw, "orders", "order"):
        number = as_text(order.get("orderNumber")) or ""
        found += [(number, line) for line in inside(order, "lines", "line")]
    if found:
        return found
    return [(_order_of(line, shipment.order_numbers), line) for line in inside(shipment.raw, "lines", "line")]


def _order_of(line: Line, numbers: tuple[str, ...]) -> str:
    stated = as_text(line.get("orderNumber"))
    if stated:
        return stated
    if len(numbers) == 1:
        return numbers[0]
    told = (as_text(line.get("lineNumber")) or "", as_text(line.get("customerLineNumber")) or "")
    fitting = [number for number in numbers if any(name.startswith(f"{number}-") for name in told)]
    return max(fitting, key=len, default="")


def _quantity(line: Line) -> Decimal:
    return as_decimal(line.get("shippedPackQuantity")) or Decimal(0)


def _url(shipment: Shipment, tracking: str | None, mode: str) -> str | None:
    """The address that follows the parcel; the shipment tells one, and only for its own number."""
    url, own = shipment.tracking_url, shipment.tracking_number
    if url is None or tracking is None:
        return None
    if mode == "base":
        return f"{url}{tracking}"
    if tracking == own or own is None:
        return url
    return url.replace(own, tracking) if own in url else None
