"""Stores shipments and their parcels, ties each parcel to the order lines it carries, and notices what was taken back."""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from integration.deposco.parcels import WireParcel, aggregate_parcels
from integration.deposco.profile import Profile
from integration.deposco.schemas import Shipment as WireShipment
from integration.models import Order, OrderLineItem, Parcel, ParcelLine, Shipment, Warehouse
from integration.services.hold_record import hold_record
from integration.services.move_stage import move_stage
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds

# States in which a parcel can still change because nothing was sent for it.
UNSENT = ("new", "waiting", "held")


def store_shipments(*, warehouse: Warehouse, profile: Profile, shipments: Sequence[WireShipment], now: datetime) -> int:
    """Upsert by (warehouse, shipment number) and (shipment, order, parcel key); returns how many parcels are new.

    Shipments of orders that are not ours are left alone. One transaction per shipment, so that one that cannot be
    stored never takes the others with it.
    """
    return sum(_store_one(warehouse, profile, shipment, now) for shipment in shipments)


def _store_one(warehouse: Warehouse, profile: Profile, wire: WireShipment, now: datetime) -> int:
    digest = hashlib.sha256(json.dumps(wire.raw, sort_keys=True, default=str).encode()).hexdigest()
    known = Shipment.objects.filter(warehouse=warehouse, number=wire.shipment_number).first()
    if known is not None and known.payload_hash == digest:
        Shipment.objects.filter(pk=known.pk).update(last_read_at=now)
        return 0
    wire_parcels = aggregate_parcels(wire, profile)
    numbers = {line.order_number for parcel in wire_parcels.parcels for line in parcel.lines} | set(wire.order_numbers)
    with transaction.atomic():
        orders = {
            order.wms_number: order
            for order in Order.objects.select_for_update(of=("self",))
            .select_related("channel")
            .filter(wms_number__in=numbers, channel__warehouse=warehouse)
            .order_by("id")
        }
        if not orders:
            return 0
        shipment, _ = Shipment.objects.update_or_create(
            warehouse=warehouse,
            number=wire.shipment_number,
            defaults={
                "status": wire.shipment_status,
                "facility": wire.facility or "",
                "shipped_at": wire.actual_ship_date,
                "last_read_at": now,
                "payload_hash": digest,
            },
            create_defaults={
                "status": wire.shipment_status,
                "facility": wire.facility or "",
                "shipped_at": wire.actual_ship_date,
                "first_seen_at": now,
                "last_read_at": now,
                "payload_hash": digest,
            },
        )
        if wire_parcels.is_retraction:
            _take_back(shipment, orders.values(), now)
            return 0
        if not wire_parcels.has_left:
            return 0
        return sum(
            _store_parcel(shipment, orders[number], parcel, now)
            for parcel in wire_parcels.parcels
            for number in sorted({line.order_number for line in parcel.lines})
            if number in orders
        )


def _store_parcel(shipment: Shipment, order: Order, wire: WireParcel, now: datetime) -> int:
    quantities = _offer_quantities(order, wire)
    if not quantities:
        return 0
    facts = {
        "wms_carrier": wire.carrier or "",
        "tracking_number": wire.tracking_number or "",
        "tracking_url": wire.tracking_url or "",
        "shipped_at": shipment.shipped_at or now,
    }
    parcel, is_new = Parcel.objects.get_or_create(
        shipment=shipment, order=order, key=wire.parcel_key, defaults={**facts, "first_seen_at": now}
    )
    if not is_new:
        _update_parcel(parcel, facts)
        return 0
    ParcelLine.objects.bulk_create(
        ParcelLine(parcel=parcel, line_id=line_pk, quantity=quantity, item_quantities=items)
        for line_pk, (quantity, items) in quantities.items()
    )
    record_event(
        order=order,
        lane="dispatch",
        kind="parcel",
        summary=f"Parcel {parcel.tracking_number or parcel.key} left with shipment {shipment.number}",
        detail={"shipment": shipment.number, "carrier": parcel.wms_carrier, "tracking": parcel.tracking_number},
    )
    if _all_left(order):
        move_stage(order=order, stage="shipped", lane="dispatch", summary="Everything has left the warehouse", now=now)
        # Parcels of a shop without multi-shipment waited for this moment.
        order.parcels.filter(state="waiting").exclude(tracking_number="").update(state="new")
    return 1


def _update_parcel(parcel: Parcel, facts: dict[str, object]) -> None:
    """A number that came later frees the parcel; a parcel that was already sent is not changed behind Mirakl's back."""
    if parcel.state not in UNSENT or parcel.tracking_number:
        return
    for field, value in facts.items():
        setattr(parcel, field, value)
    has_number = bool(facts.get("tracking_number"))
    if has_number:
        parcel.state = "new"
    parcel.save()
    if has_number:
        waiting = parcel.holds.filter(kind="shipment.tracking_missing", released_at=None)
        release_holds(hold_ids=list(waiting.values_list("id", flat=True)), by=None, how="The tracking number arrived")


def _offer_quantities(order: Order, wire: WireParcel) -> dict[int, tuple[int, dict[str, str]]]:
    """Units Mirakl sold, per order line, from the items in the parcel.

    A kit counts once its scarcest component in this parcel is whole; components that travel in another parcel than
    their kit are counted where the kit becomes complete.
    """
    shipped: dict[int, dict[str, Decimal]] = defaultdict(dict)
    items = {
        item.wms_line_number: item for item in OrderLineItem.objects.filter(line__order=order).select_related("line")
    }
    for line in wire.lines:
        item = items.get(line.line_number or "") or items.get(line.customer_line_number or "")
        if line.order_number != order.wms_number or item is None:
            continue
        part = shipped[item.line_id]
        part[item.item_number] = part.get(item.item_number, Decimal(0)) + line.quantity
    result: dict[int, tuple[int, dict[str, str]]] = {}
    for line_pk, parts in shipped.items():
        earlier = _earlier_items(line_pk)
        needed = {item.item_number: item.units_per_offer for item in items.values() if item.line_id == line_pk}
        whole = min(
            int((earlier.get(number, Decimal(0)) + parts.get(number, Decimal(0))) // units)
            for number, units in needed.items()
        )
        counted = sum(
            ParcelLine.objects.filter(line_id=line_pk)
            .exclude(parcel__state="withdrawn")
            .values_list("quantity", flat=True)
        )
        result[line_pk] = (max(0, whole - counted), {number: str(quantity) for number, quantity in parts.items()})
    return result


def _earlier_items(line_pk: int) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    rows = ParcelLine.objects.filter(line_id=line_pk).exclude(parcel__state="withdrawn")
    for items in rows.values_list("item_quantities", flat=True):
        for number, quantity in items.items():
            total[number] = total.get(number, Decimal(0)) + Decimal(quantity)
    return total


def _all_left(order: Order) -> bool:
    for line in order.lines.all():
        wanted = (line.quantity if line.quantity_accepted is None else line.quantity_accepted) - line.quantity_cancelled
        left = sum(line.parcel_lines.exclude(parcel__state="withdrawn").values_list("quantity", flat=True))
        if left < wanted:
            return False
    return True


def _take_back(shipment: Shipment, orders: Iterable[Order], now: datetime) -> None:
    if shipment.rolled_back_at is not None:
        return
    shipment.rolled_back_at = now
    shipment.save(update_fields=["rolled_back_at"])
    told = []
    for parcel in shipment.parcels.select_for_update():
        if parcel.state in UNSENT:
            parcel.state = "withdrawn"
            parcel.save(update_fields=["state"])
            waiting = parcel.holds.filter(released_at=None)
            release_holds(
                hold_ids=list(waiting.values_list("id", flat=True)), by=None, how="The warehouse took it back"
            )
        else:
            told.append(parcel)
    for order in orders:
        record_event(
            order=order,
            lane="dispatch",
            kind="rolled_back",
            summary=f"The warehouse took shipment {shipment.number} back",
        )
        own = [parcel for parcel in told if parcel.order_id == order.id]
        for parcel in own:
            hold_record(
                order=order,
                parcel=parcel,
                kind="shipment.rolled_back",
                cause_key=shipment.number,
                summary=f"Shipment {shipment.number} was taken back after Mirakl was told",
                lane="dispatch",
                detail={"shipment": shipment.number, "tracking": parcel.tracking_number},
            )
        if not own and order.stage == "shipped":
            move_stage(order=order, stage="in_wms", lane="dispatch", summary="Back in the warehouse", now=now)
