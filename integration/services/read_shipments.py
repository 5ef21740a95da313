"""Reads what left the warehouse since the last reading, and again what may still change, and stores it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from core.clock import db_now
from core.http import HttpError
from core.limits import take
from integration.deposco.client import DeposcoClient
from integration.gateways import deposco_for, profile_of
from integration.models import FeedCursor, Parcel, Warehouse
from integration.services.guard_connection import connection_allows, note_failure, note_success
from integration.services.store_shipments import store_shipments

FEED = "shipments"
# A shipment is found by the moment it left, on the tenant's clock; the overlap covers its skew and a slow index.
OVERLAP = timedelta(minutes=3)
AHEAD = timedelta(minutes=15)
WIDE_EVERY = timedelta(minutes=10)
WIDE_OVERLAP = timedelta(hours=48)
FOLLOW_UP_BATCH = 20


@dataclass(frozen=True)
class ShipmentRead:
    """What one reading brought; `parcels` counts parcels seen for the first time."""

    read: int = 0
    parcels: int = 0
    followed_up: int = 0
    skipped: str = ""


def read_shipments(*, warehouse: Warehouse, heartbeat: Callable[[], None] = lambda: None) -> ShipmentRead:
    """Read by ship date with overlap, then once more each parcel that waits for its tracking number.

    The wide reading finds what changed after it left: late tracking, and shipments that were taken back. The cursor
    moves only when the whole window was stored. Raises the errors of core.http.
    """
    if not connection_allows(warehouse.connection):
        return ShipmentRead(skipped="the connection is paused")
    if take(f"{warehouse.connection}:calls", priority=10) > 0:
        return ShipmentRead(skipped="no call is free yet")
    now = db_now()
    cursor, _ = FeedCursor.objects.get_or_create(connection=warehouse.connection, feed=FEED)
    is_wide = cursor.wide_read_at is None or now - cursor.wide_read_at >= WIDE_EVERY
    since = (cursor.watermark or now) - (WIDE_OVERLAP if is_wide else OVERLAP)
    client, recorder = deposco_for(warehouse)
    profile = profile_of(warehouse)
    try:
        shipments = client.shipments_between(since, now + AHEAD)
        stored = store_shipments(warehouse=warehouse, profile=profile, shipments=shipments, now=now)
        heartbeat()
        followed = _follow_up(warehouse, client, now)
    except HttpError as error:
        note_failure(warehouse.connection, error)
        raise
    finally:
        recorder.flush()
    note_success(warehouse.connection)
    with transaction.atomic():
        row = FeedCursor.objects.select_for_update().get(pk=cursor.pk)
        row.watermark = max(row.watermark or now, now)
        row.last_read_at, row.last_count = now, len(shipments)
        row.wide_read_at = now if is_wide else row.wide_read_at
        row.save()
    return ShipmentRead(read=len(shipments), parcels=stored, followed_up=followed)


def _follow_up(warehouse: Warehouse, client: DeposcoClient, now: datetime) -> int:
    """Read again, one by one, the oldest-read shipments whose parcels wait for a tracking number."""
    waiting = (
        Parcel.objects.filter(
            state="waiting", tracking_number="", shipment__warehouse=warehouse, shipment__last_read_at__lt=now
        )
        .order_by("shipment__last_read_at")
        .values_list("shipment__number", flat=True)
    )
    numbers = list(dict.fromkeys(waiting[: FOLLOW_UP_BATCH * 2]))[:FOLLOW_UP_BATCH]
    profile = profile_of(warehouse)
    done = 0
    for number in numbers:
        if take(f"{warehouse.connection}:calls", priority=10) > 0:
            break
        shipment = client.shipment(number)
        if shipment is not None:
            store_shipments(warehouse=warehouse, profile=profile, shipments=[shipment], now=now)
            done += 1
    return done
