"""Reads what left the warehouse since the last reading, and again what may still change, and stores it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import transaction

from core.clock import db_now
from core.http import HttpError
from integration.deposco.port import WmsPort
from integration.deposco.profile import Profile
from integration.domain.tenant_clock import TenantClock
from integration.gateways import deposco_for, profile_of
from integration.models import FeedCursor, Shipment, Warehouse
from integration.services.follow_shipments import BATCH, follow_shipments
from integration.services.guard_connection import connection_allows, is_refusal, note_failure, note_success
from integration.services.read_patiently import read_patiently
from integration.services.store_shipments import FEED, store_shipments
from integration.services.take_soon import take_soon

if TYPE_CHECKING:
    from integration.deposco.schemas import Shipment as WireShipment

# A shipment is found by the moment it left, on the tenant's clock; the overlap covers its skew and a slow index.
OVERLAP = timedelta(minutes=3)
AHEAD = timedelta(minutes=15)
WIDE_EVERY = timedelta(minutes=10)
WIDE_OVERLAP = timedelta(hours=48)
# A reading of more rows than this is not repeated at every beat.
HEAVY, REST = 1000, timedelta(seconds=30)


@dataclass(frozen=True)
class ShipmentRead:
    """What one reading brought; `parcels` counts parcels seen for the first time."""

    read: int = 0
    parcels: int = 0
    followed_up: int = 0
    unreadable: int = 0
    skipped: str = ""


def read_shipments(*, warehouse: Warehouse, heartbeat: Callable[[], None] = lambda: None) -> ShipmentRead:
    """Read by ship date with overlap, then one by one what may have changed since: see follow_shipments.

    The wide reading finds what changed after it left, and shows which shipments are no longer listed. The cursor moves
    only when the whole window was stored. A tenant that refuses the search by date is asked order by order, and the
    refusal is raised all the same. Raises the errors of core.http.
    """
    if not connection_allows(warehouse.connection):
        return ShipmentRead(skipped="the connection is paused")
    now = db_now()
    cursor, _ = FeedCursor.objects.get_or_create(connection=warehouse.connection, feed=FEED)
    if now < _moment(cursor.memory.get("not_before"), now):
        return ShipmentRead(skipped="the last reading was heavy")
    # The reading goes before the writes: what has left must be told before the next order is sent.
    if not take_soon(f"{warehouse.connection}:calls", priority=0):
        return ShipmentRead(skipped="no call is free yet")
    client, recorder = deposco_for(warehouse)
    profile = profile_of(warehouse)
    try:
        read, missing = _read_window(warehouse, client, profile, cursor, now, heartbeat)
        note_success(warehouse.connection)
        heartbeat()
        followed = follow_shipments(
            warehouse=warehouse, client=client, profile=profile, missing=missing, now=now, heartbeat=heartbeat
        )
    except HttpError as error:
        note_failure(warehouse.connection, error)
        if is_refusal(error):
            follow_shipments(
                warehouse=warehouse, client=client, profile=profile, now=now, heartbeat=heartbeat, strays=BATCH
            )
        raise
    finally:
        recorder.flush()
    return ShipmentRead(
        read=read.read, parcels=read.parcels + followed.parcels, followed_up=followed.read, unreadable=read.unreadable
    )


def _read_window(
    warehouse: Warehouse,
    client: WmsPort,
    profile: Profile,
    cursor: FeedCursor,
    now: datetime,
    heartbeat: Callable[[], None],
) -> tuple[ShipmentRead, Sequence[str]]:
    is_wide = cursor.wide_read_at is None or now - cursor.wide_read_at >= WIDE_EVERY
    clock = _clock(cursor.memory)
    zone = profile.zone if profile.time_zone else clock.zone(now)
    knows_zone = profile.time_zone or not client.shipments_by_local_time
    slack = timedelta(0) if knows_zone else clock.slack(now)
    since = (cursor.watermark or now) - (WIDE_OVERLAP if is_wide else OVERLAP)
    shipments = read_patiently(lambda: client.shipments_between(since - slack, now + AHEAD + slack, zone=zone))
    missing = _no_longer_listed(warehouse, shipments, since, now) if is_wide else ()
    stored = store_shipments(warehouse=warehouse, profile=profile, shipments=shipments, now=now, heartbeat=heartbeat)
    stamps = [(row.actual_ship_date, row.utc_offset_minutes) for row in shipments if row.actual_ship_date is not None]
    if is_wide and cursor.watermark is not None:
        left_at = [row.actual_ship_date for row in stored.new if row.actual_ship_date is not None]
        clock = clock.check([at for at in left_at if at < cursor.watermark], overlap=OVERLAP, now=now)
    clock = clock.learn(stamps, now)
    with transaction.atomic():
        row = FeedCursor.objects.select_for_update().get(pk=cursor.pk)
        row.watermark = max(row.watermark or now, now)
        row.last_read_at, row.last_count = now, len(shipments)
        row.wide_read_at = now if is_wide else row.wide_read_at
        row.memory |= _kept(clock)
        row.memory["not_before"] = (now + REST).isoformat() if slack and len(shipments) > HEAVY else None
        row.save()
    return ShipmentRead(read=len(shipments), parcels=stored.parcels, unreadable=stored.unreadable), missing


def _no_longer_listed(
    warehouse: Warehouse, shipments: Sequence["WireShipment"], since: datetime, now: datetime
) -> Sequence[str]:
    """Shipments we know that should stand in the window and do not: taken back without a ship date, perhaps."""
    known = Shipment.objects.filter(
        warehouse=warehouse, rolled_back_at=None, shipped_at__gte=since + OVERLAP, shipped_at__lte=now
    ).values_list("number", flat=True)
    listed = {shipment.shipment_number for shipment in shipments}
    return [number for number in known if number not in listed]


def _clock(memory: dict[str, Any]) -> TenantClock:
    return TenantClock(
        offset_minutes=memory.get("offset_minutes"),
        learned_at=_moment_or_none(memory.get("learned_at")),
        doubted_until=_moment_or_none(memory.get("doubted_until")),
    )


def _kept(clock: TenantClock) -> dict[str, Any]:
    return {
        "offset_minutes": clock.offset_minutes,
        "learned_at": clock.learned_at.isoformat() if clock.learned_at else None,
        "doubted_until": clock.doubted_until.isoformat() if clock.doubted_until else None,
    }


def _moment(text: object, default: datetime) -> datetime:
    return _moment_or_none(text) or default


def _moment_or_none(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
