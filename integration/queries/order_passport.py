"""Everything about one order, in a constant number of statements however much there is of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Prefetch, Sum

from integration.domain.canonical import canonical_order
from integration.domain.orders import Address, address_of
from integration.domain.stages import LABELS, SIDE_EXITS, STAGES
from integration.models import Hold, Order, OrderEvent, OrderLine, Parcel, ParcelLine

STAMPS: Final = {
    "received": "first_seen_at",
    "accepted": "accepted_at",
    "ready": "ready_at",
    "in_wms": "in_wms_at",
    "shipped": "shipped_at",
    "confirmed": "confirmed_at",
}
# Stages an order may pass by: shown only when it was there.
PASSED_BY: Final = frozenset({"awaiting_debit", "picking"})
ADDRESS_PARTS: Final = {
    "name": "Name",
    "line1": "Street",
    "line2": "Street, second line",
    "line3": "Additional line",
    "city": "City",
    "state": "State",
    "postal_code": "Postal code",
    "country": "Country",
    "phone": "Phone",
    "email": "E-mail",
}
# Causes that leave a line without an item.
WITHOUT_ITEM: Final = frozenset({"order.sku_unmapped", "order.sku_ambiguous", "order.item_inactive"})
OFFER_UNIT: Final = Decimal(1)


@dataclass(frozen=True)
class Step:
    """A stage of the order's way: when it was reached, how long it stayed, and whether that was too late."""

    name: str
    label: str
    reached_at: datetime | None
    lasted: timedelta | None
    is_current: bool
    is_late: bool


@dataclass(frozen=True)
class LineRow:
    """One line with its units, all counted in offer units (what the marketplace sold)."""

    line: OrderLine
    is_unmapped: bool
    in_wms: int
    shipped: int
    confirmed: int


@dataclass(frozen=True)
class AddressPart:
    """One part of an address: what goes to the warehouse, and what the marketplace said where a person changed it."""

    label: str
    value: str
    original: str | None


def stages_of(order: Order, now: datetime) -> list[Step]:
    """The way of the order so far and what is before it. Late: reached after its deadline, or still before it."""
    reached = _reached(order)
    way = [stage for stage in STAGES if stage not in PASSED_BY or stage in reached]
    if order.stage in SIDE_EXITS:
        way = [stage for stage in way if stage in reached] + [order.stage]
        reached[order.stage] = reached.get(order.stage, order.stage_since)
    steps = []
    for position, stage in enumerate(way):
        at = reached.get(stage)
        until = next((reached[later] for later in way[position + 1 :] if later in reached), None)
        is_current = stage == order.stage
        until = now if is_current and order.stage not in (*SIDE_EXITS, "settled") else until
        steps.append(
            Step(
                name=stage,
                label=LABELS[stage],
                reached_at=at,
                lasted=max(timedelta(0), until - at) if at and until else None,
                is_current=is_current,
                is_late=_is_late(order, stage, at, now, is_current=is_current),
            )
        )
    return steps


def lines_of(order: Order, holds: Sequence[Hold]) -> list[LineRow]:
    """The lines with their items and how far their units went, in three statements; `holds` are the open ones."""
    unmapped = {hold.line_id for hold in holds if hold.kind in WITHOUT_ITEM}
    parcel_lines = ParcelLine.objects.select_related("parcel").exclude(parcel__state="withdrawn")
    lines = order.lines.order_by("position", "id").prefetch_related(
        "items", Prefetch("parcel_lines", queryset=parcel_lines, to_attr="left_in")
    )
    return [_line_row(order, line, is_unmapped=line.pk in unmapped) for line in lines]


def parcels_of(order: Order) -> Sequence[Parcel]:
    """The parcels with their shipments and what lay in each, in the order in which they left."""
    rows = order.parcels.select_related("shipment").prefetch_related("lines__line")
    return list(rows.order_by("shipped_at", "id"))


def open_holds_of(order: Order) -> Sequence[Hold]:
    """What holds the order now, the oldest first."""
    rows = order.holds.filter(released_at=None).select_related("line", "parcel")
    return list(rows.order_by("since", "id"))


def commission_of(order: Order) -> Decimal:
    """The commission that the marketplace named for the order's lines."""
    total = order.lines.aggregate(total=Sum("commission"))["total"]
    return Decimal(total or 0)


def ship_to_of(order: Order) -> list[AddressPart]:
    """The ship-to as it goes to the warehouse, each corrected part beside what the marketplace said. Buyers' data."""
    told = address_of(order.customer.get("shipping_address"), email=str(order.customer.get("notification_email") or ""))
    goes = _corrected(order)
    parts = [(name, label, getattr(told, name), getattr(goes, name)) for name, label in ADDRESS_PARTS.items()]
    return [
        AddressPart(label=label, value=new, original=old if f"ship_to.{name}" in order.corrections else None)
        for name, label, old, new in parts
        if old or new
    ]


def _corrected(order: Order) -> Address:
    return canonical_order(
        order_number=order.wms_number,
        marketplace_id=order.order_id,
        channel_code="",
        customer=order.customer,
        corrections=order.corrections,
        currency=order.currency,
        total=order.total_price,
        ordered_at=order.ordered_at,
        ship_by=order.shipping_deadline_at,
        ship_via=("", ""),
        lines=(),
    ).ship_to


def _reached(order: Order) -> dict[str, datetime]:
    moments: dict[str, datetime] = {}
    told = OrderEvent.objects.filter(order=order, kind__startswith="stage.").order_by("at", "id")
    for kind, at in told.values_list("kind", "at"):
        moments.setdefault(kind.removeprefix("stage."), at)
    for stage, stamp in STAMPS.items():
        at = getattr(order, stamp)
        if at is not None:
            moments[stage] = at
    moments.setdefault(order.stage, order.stage_since)
    return moments


def _is_late(order: Order, stage: str, at: datetime | None, now: datetime, *, is_current: bool) -> bool:
    if stage == "received" and is_current and order.acceptance_deadline_at:
        return now > order.acceptance_deadline_at
    if stage == "accepted" and at and order.acceptance_deadline_at:
        return at > order.acceptance_deadline_at
    if order.shipping_deadline_at is None:
        return False
    if stage in ("shipped", "confirmed") and at:
        return at > order.shipping_deadline_at
    return is_current and stage in ("ready", "in_wms", "picking") and now > order.shipping_deadline_at


def _line_row(order: Order, line: OrderLine, *, is_unmapped: bool) -> LineRow:
    left: list[ParcelLine] = getattr(line, "left_in", [])
    units = [item.quantity / (item.units_per_offer or OFFER_UNIT) for item in line.items.all()]
    return LineRow(
        line=line,
        is_unmapped=is_unmapped,
        in_wms=int(min(units)) if units and order.in_wms_at is not None else 0,
        shipped=sum(row.quantity for row in left),
        confirmed=sum(row.quantity for row in left if row.parcel.state == "confirmed"),
    )
