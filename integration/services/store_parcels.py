"""Makes the parcels of one order in one shipment equal to what the warehouse tells, but for those Mirakl knows already."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from integration.deposco.parcels import WireParcel
from integration.domain.parcel_units import CarriedItem, SentItem, tie, units_completed
from integration.models import Order, OrderLine, OrderLineItem, Parcel, ParcelLine, Shipment
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds

# States in which a parcel may still change, because Mirakl was told nothing of it.
UNTOLD = ("new", "waiting", "held", "withdrawn")
FACTS = ("wms_carrier", "wms_service", "tracking_number", "tracking_url")


@dataclass
class _Tally:
    """What of each order line lies in parcels so far: items, and the sold units they made."""

    items: dict[int, dict[str, Decimal]] = field(default_factory=lambda: defaultdict(dict))
    units: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def add(self, line: int, items: Mapping[str, Decimal], units: int) -> None:
        """Count one parcel's share of a line."""
        mine = self.items[line]
        for number, quantity in items.items():
            mine[number] = mine.get(number, Decimal(0)) + quantity
        self.units[line] += units

    def gone(self) -> dict[tuple[int, str], Decimal]:
        """How many of each line and item are in parcels."""
        return {(line, number): quantity for line, items in self.items.items() for number, quantity in items.items()}


def store_parcels(*, shipment: Shipment, order: Order, parcels: Sequence[WireParcel], now: datetime) -> int:
    """Create, change and withdraw parcels; returns how many are new. Caller holds the order's lock.

    Parcels that Mirakl knows, or is being told of, stay as they were told. A number or a carrier that came later frees
    the parcel that waited for it.
    """
    present = {parcel.key: parcel for parcel in shipment.parcels.filter(order=order).select_for_update()}
    ParcelLine.objects.filter(parcel__in=[row for row in present.values() if row.state in UNTOLD]).delete()
    sent = [
        SentItem(row.line_id, row.wms_line_number, row.item_number, row.quantity, row.units_per_offer)
        for row in OrderLineItem.objects.filter(line__order=order).order_by("line__position", "id")
    ]
    lines = {line.id: line for line in order.lines.all()}
    tally = _tally(order)
    new = 0
    told_keys = set()
    for wire in parcels:
        carried = [
            CarriedItem(line.line_number, line.customer_line_number, line.item_number, line.quantity)
            for line in wire.lines
            if line.order_number == order.wms_number
        ]
        if not carried:
            continue
        told_keys.add(wire.parcel_key)
        parcel = present.get(wire.parcel_key)
        if parcel is not None and parcel.state not in UNTOLD:
            _note_difference(order, parcel, wire)
            continue
        tied = tie(carried, sent, tally.gone())
        if tied.strange:
            _hold_strange(order, shipment, tied.strange)
        if not tied.by_line:
            continue
        new += parcel is None
        row = _put_parcel(shipment, order, parcel, wire, now)
        _put_lines(row, tied.by_line, lines, sent, tally)
    for key, parcel in present.items():
        if key not in told_keys and parcel.state in ("new", "waiting", "held"):
            _withdraw(parcel)
    return new


def _tally(order: Order) -> _Tally:
    tally = _Tally()
    rows = ParcelLine.objects.filter(parcel__order=order).exclude(parcel__state="withdrawn")
    for line, items, units in rows.values_list("line_id", "item_quantities", "quantity"):
        tally.add(line, {number: Decimal(quantity) for number, quantity in items.items()}, units)
    return tally


def _put_parcel(shipment: Shipment, order: Order, parcel: Parcel | None, wire: WireParcel, now: datetime) -> Parcel:
    facts = {
        "wms_carrier": wire.carriers[0] if wire.carriers else "",
        "wms_service": wire.carriers[1] if len(wire.carriers) > 1 else "",
        "tracking_number": wire.tracking_number or "",
        "tracking_url": wire.tracking_url or "",
    }
    if parcel is None:
        row = Parcel.objects.create(
            shipment=shipment,
            order=order,
            key=wire.parcel_key,
            shipped_at=shipment.shipped_at or now,
            first_seen_at=now,
            **facts,
        )
        record_event(
            order=order,
            lane="dispatch",
            kind="parcel",
            summary=f"Parcel {row.tracking_number or row.key} left with shipment {shipment.number}",
            detail={"shipment": shipment.number, "carrier": row.wms_carrier, "tracking": row.tracking_number},
        )
        return row
    # A number that a person entered stays until the warehouse tells one.
    facts["tracking_number"] = facts["tracking_number"] or parcel.tracking_number
    has_changed = any(getattr(parcel, name) != value for name, value in facts.items())
    for name, value in facts.items():
        setattr(parcel, name, value)
    if has_changed or parcel.state == "withdrawn":
        parcel.state = "new"
        holds = parcel.holds.filter(released_at=None)
        how = "The warehouse told more of the parcel"
        release_holds(hold_ids=list(holds.values_list("id", flat=True)), by=None, how=how)
        order.refresh_from_db(fields=["is_held"])
    parcel.save(update_fields=[*FACTS, "state"])
    return parcel


def _put_lines(
    parcel: Parcel,
    by_line: Mapping[int, Mapping[str, Decimal]],
    lines: Mapping[int, OrderLine],
    sent: Sequence[SentItem],
    tally: _Tally,
) -> None:
    rows = []
    for line, items in by_line.items():
        needed = {item.item_number: item.units_per_offer for item in sent if item.line == line}
        whole = units_completed(needed, tally.items[line], items, counted=tally.units[line])
        # Mirakl takes no more than the buyer still waits for.
        units = max(0, min(whole, lines[line].quantity_live - tally.units[line]))
        tally.add(line, items, units)
        rows.append(
            ParcelLine(
                parcel=parcel,
                line_id=line,
                quantity=units,
                item_quantities={number: str(quantity) for number, quantity in items.items()},
            )
        )
    ParcelLine.objects.bulk_create(rows)


def _withdraw(parcel: Parcel) -> None:
    """Repacked: what it held is told in other parcels now."""
    parcel.state = "withdrawn"
    parcel.save(update_fields=["state"])
    waiting = parcel.holds.filter(released_at=None)
    release_holds(hold_ids=list(waiting.values_list("id", flat=True)), by=None, how="The warehouse repacked it")


def _note_difference(order: Order, parcel: Parcel, wire: WireParcel) -> None:
    number = wire.tracking_number or ""
    if number and number != parcel.tracking_number and parcel.tracking_number:
        summary = f"The warehouse now has number {number} for parcel {parcel.tracking_number}, which Mirakl was told"
        if not order.events.filter(kind="parcel.renumbered", summary=summary[:500]).exists():
            record_event(order=order, lane="dispatch", kind="parcel.renumbered", summary=summary)


def _hold_strange(order: Order, shipment: Shipment, strange: Sequence[CarriedItem]) -> None:
    items = sorted({part.item_number for part in strange})
    hold_record(
        order=order,
        kind="shipment.unmatched",
        cause_key=f"{order.order_id}:{shipment.number}",
        summary=f"Shipment {shipment.number} carries items that order {order.order_id} does not have: {', '.join(items)}",
        lane="dispatch",
        detail={"shipment": shipment.number, "items": items},
    )
