"""Reads again, one by one, what the list of shipments does not tell by itself: late numbers, takings back, strays."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, Min, OuterRef

from integration.deposco.port import WmsPort
from integration.deposco.profile import Profile
from integration.models import FeedCursor, Order, Parcel, Shipment, Warehouse
from integration.services.hold_shorted import hold_shorted
from integration.services.store_shipments import FEED, store_shipments
from integration.services.take_soon import take_soon

BATCH = 20
# A number that is late by minutes is looked for often, one that is late by hours now and then.
SOONEST, LATEST, SHARE = timedelta(seconds=15), timedelta(minutes=10), 10
# An order that is in the warehouse so long is asked for by its own number in turn, whatever the list says.
STRAY_AFTER = timedelta(minutes=1)
STRAYS = 1


@dataclass
class Followed:
    """How many were read again, and how many parcels came to light."""

    read: int = 0
    parcels: int = 0


def follow_shipments(
    *,
    warehouse: Warehouse,
    client: WmsPort,
    profile: Profile,
    now: datetime,
    heartbeat: Callable[[], None],
    missing: Sequence[str] = (),
    strays: int = STRAYS,
) -> Followed:
    """Read what waits for a number, what is no longer listed, and in turn an order that is still in the warehouse.

    Each is one call with a token of its own; without a free one the rest waits for the next beat. Raises the errors of
    core.http.
    """
    result = Followed()
    for number in dict.fromkeys([*missing[:BATCH], *_waiting(warehouse, now)]):
        if not _has_token(warehouse):
            return result
        shipment = client.shipment(number, customer_order_number=_order_of(warehouse, number))
        Shipment.objects.filter(warehouse=warehouse, number=number).update(last_read_at=now)
        if shipment is not None:
            stored = store_shipments(warehouse=warehouse, profile=profile, shipments=[shipment], now=now)
            result.parcels += stored.parcels
        result.read += 1
        heartbeat()
    for order, turn in _in_turn(warehouse, client, now, strays):
        if not _has_token(warehouse):
            return result
        found = client.find_orders(order.wms_number) or ()
        heartbeat()
        if not _has_token(warehouse):
            return result
        theirs = client.shipments_of_order(order.order_id, order_number=order.wms_number)
        mine = [row for row in theirs if order.wms_number in row.order_numbers]
        stored = store_shipments(warehouse=warehouse, profile=profile, shipments=mine, now=now)
        result.parcels += stored.parcels
        # What was cancelled over there leaves no shipment by which it would be told; and not every API tells with a
        # shipment that its order is finished.
        ended = {row.number: profile.status_map.get(row.status) for row in found}
        cancelled = [number for number, status in ended.items() if status == "cancelled"]
        finished = [number for number, status in ended.items() if status == "shipped"]
        hold_shorted(warehouse=warehouse, finished=finished, cancelled=cancelled)
        result.read += 1
        _remember_turn(warehouse, turn, order.pk)
    return result


def _has_token(warehouse: Warehouse) -> bool:
    return take_soon(f"{warehouse.connection}:calls", priority=100, longest=0.5)


def _waiting(warehouse: Warehouse, now: datetime) -> list[str]:
    """Shipments with a parcel that has no number yet and is due to be looked at, the longest unread first."""
    rows = (
        Parcel.objects.filter(state="waiting", tracking_number="", shipment__warehouse=warehouse)
        .values("shipment__number", "shipment__last_read_at")
        .annotate(since=Min("first_seen_at"))
        .order_by("shipment__last_read_at")[: BATCH * 10]
    )
    due = [
        row["shipment__number"]
        for row in rows
        if now - row["shipment__last_read_at"] >= min(LATEST, max(SOONEST, (now - row["since"]) / SHARE))
    ]
    return due[:BATCH]


def _order_of(warehouse: Warehouse, number: str) -> str:
    found = Order.objects.filter(parcels__shipment__warehouse=warehouse, parcels__shipment__number=number)
    return found.values_list("order_id", flat=True).first() or ""


def _in_turn(warehouse: Warehouse, client: WmsPort, now: datetime, most: int) -> list[tuple[Order, str]]:
    """The next orders to ask for, each with the word under which its turn is kept.

    An order that is long in the warehouse: a shipment without a ship date is in no list. And where shipments do not say
    what became of their order, one that left in part: it may be finished short.
    """
    cursor = FeedCursor.objects.filter(connection=warehouse.connection, feed=FEED).first()
    memory = cursor.memory if cursor else {}
    there = Order.objects.filter(channel__warehouse=warehouse, stage__in=("in_wms", "picking")).order_by("pk")
    turns = {"stray": there.filter(in_wms_at__lt=now - STRAY_AFTER)}
    if not client.shipments_tell_orders:
        parcels = Parcel.objects.filter(order=OuterRef("pk")).exclude(state="withdrawn")
        turns["partly"] = there.filter(Exists(parcels))
    found: dict[int, tuple[Order, str]] = {}
    for turn, orders in turns.items():
        after = int(memory.get(turn) or 0)
        for order in list(orders.filter(pk__gt=after)[:most]) or list(orders[:most]):
            found.setdefault(order.pk, (order, turn))
    return list(found.values())


def _remember_turn(warehouse: Warehouse, turn: str, pk: int) -> None:
    with transaction.atomic():
        cursor = FeedCursor.objects.select_for_update().get(connection=warehouse.connection, feed=FEED)
        cursor.memory[turn] = pk
        cursor.save(update_fields=["memory"])
