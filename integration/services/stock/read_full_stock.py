"""Reads all of a warehouse's stock once a day and at first, over many beats, and applies it when it is whole."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database

from core.clock import db_now
from integration.deposco.profile import Profile
from integration.gateways import deposco_for, profile_of
from integration.models import StockLevel, StockReading, Warehouse
from integration.services.guard_connection import connection_allows
from integration.services.stock.apply_reading import apply_reading, is_being_applied
from integration.services.stock.begin_reading import TakenOverError, begin_reading, break_off, running_reading
from integration.services.stock.read_pages import is_needed_elsewhere, read_pages
from integration.services.stock.read_stock import TAKEN_OVER, StockRead

DAILY: Final = timedelta(hours=24)
# Where the warehouse does not tell what moved, everything is all there is to be read.
WITHOUT_MOVES: Final = timedelta(minutes=10)
REST_AFTER_FAILURE: Final = timedelta(minutes=10)
SECONDS_A_BEAT: Final = 40.0
# A call that is not free within this time is somebody else's.
LONGEST_WAIT: Final = 0.5
# One long reading at a time holds one worker of the lane, not all of them.
ONE_READER: Final = 6_815_005


def read_full_stock(*, warehouse: Warehouse, heartbeat: Callable[[], None] = lambda: None) -> StockRead:
    """Go on with the reading of everything, or begin one when it is due. Numbers change when its last page was read.

    Gives way to whatever waits to be written to this warehouse: then it reads one page a beat. Raises the errors of
    core.http.
    """
    profile = profile_of(warehouse)
    if profile.speaks("stock") is None:
        return StockRead(skipped="this tenant tells no stock: V2 alone has no call for it")
    with _only_reader() as is_free:
        if not is_free:
            return StockRead(skipped="another warehouse is being read")
        if is_being_applied(warehouse_id=warehouse.pk):
            return StockRead(skipped="another reading is being applied")
        reading = _full(warehouse, profile, db_now())
        if reading is None:
            return StockRead()
        if not connection_allows(warehouse.connection):
            return StockRead(skipped="the connection is paused")
        return _go_on(warehouse, profile, reading, heartbeat)


def _go_on(warehouse: Warehouse, profile: Profile, reading: StockReading, heartbeat: Callable[[], None]) -> StockRead:
    client, recorder = deposco_for(warehouse)
    before = reading.rows
    try:
        is_whole = read_pages(
            warehouse=warehouse,
            reading=reading,
            ask=lambda page: client.stock_page(page=page),
            seconds=SECONDS_A_BEAT,
            heartbeat=heartbeat,
            gives_way=lambda: is_needed_elsewhere(warehouse),
            longest_wait=LONGEST_WAIT,
        )
    except TakenOverError:
        return StockRead(skipped=TAKEN_OVER)
    finally:
        recorder.flush()
    changed = 0
    if is_whole:
        if not reading.rows and StockLevel.objects.filter(warehouse=warehouse).exists():
            break_off(reading=reading, problem="The warehouse listed nothing at all, though it had stock before.")
        else:
            changed = apply_reading(reading=reading, profile=profile).changed
    return StockRead(read=reading.rows - before, changed=changed)


def _full(warehouse: Warehouse, profile: Profile, now: datetime) -> StockReading | None:
    kind = StockReading.Kind.FULL
    running = running_reading(warehouse=warehouse, kind=kind, now=now)
    if running is not None:
        return running
    every = WITHOUT_MOVES if profile.inventory.delta == "none" else DAILY
    of_kind = StockReading.objects.filter(warehouse=warehouse, kind=kind)
    if of_kind.filter(state=StockReading.State.APPLIED, began_at__gt=now - every).exists():
        return None
    newest = of_kind.order_by("-began_at").first()
    if newest is not None and newest.state == StockReading.State.FAILED and not _may_begin_anew(newest, now):
        return None
    return begin_reading(warehouse=warehouse, kind=kind, now=now)


def _may_begin_anew(failed: StockReading, now: datetime) -> bool:
    return now - (failed.finished_at or failed.began_at) >= REST_AFTER_FAILURE


@contextmanager
def _only_reader() -> Iterator[bool]:
    """Hold the place of the one long reader, whose end or death gives it back; False when it is taken."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ONE_READER])
        is_free: bool = cursor.fetchone()[0]
    try:
        yield is_free
    finally:
        if is_free:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_READER])
