"""Reads what moved in a warehouse since the last reading, and single items that were asked for; applies what is whole."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import F

from core.clock import db_now
from core.http import HttpError
from integration.deposco.port import WmsPort
from integration.deposco.profile import Profile
from integration.deposco.schemas import StockPage
from integration.gateways import deposco_for, profile_of
from integration.models import FeedCursor, StockReading, Warehouse
from integration.services.guard_connection import connection_allows, is_endpoint_refused
from integration.services.stock.apply_reading import Applied, apply_reading, is_being_applied
from integration.services.stock.begin_reading import TakenOverError, begin_reading, running_reading
from integration.services.stock.judge_feed import judge_feed
from integration.services.stock.read_pages import read_pages
from integration.services.stock.recheck_stock import recheck_stock

EVERY: Final = timedelta(seconds=30)
# Now and then what moved is asked for from further back: a warehouse may write moves down late, or by a clock that its
# answers do not show, and then no short overlap ever lists them.
FAR_EVERY, FAR_OVERLAP = timedelta(minutes=10), timedelta(minutes=20)
# For how long a beat reads what moved; a longer list goes on at the next. While everything is read too, the lane has one
# worker left, and what is to be worked out and told waits for this one.
SECONDS_A_BEAT: Final = 10.0
CLOCK: Final = "stock clock"
CLOCK_STEP: Final = timedelta(seconds=3)
TAKEN_OVER: Final = "another run goes on with it"
FEED_KINDS: Final = (StockReading.Kind.FULL, StockReading.Kind.DELTA)


@dataclass(frozen=True)
class StockRead:
    """What one beat brought: rows told, numbers that changed, rows of items that were asked for by number."""

    read: int = 0
    changed: int = 0
    rechecked: int = 0
    skipped: str = ""


def read_stock(*, warehouse: Warehouse, heartbeat: Callable[[], None] = lambda: None) -> StockRead:
    """Ask for the items that wait for it, then for what moved when a minute has passed; say what is stale.

    What moved is read from before the beginning of the last reading that was applied, with the profile's overlap. Raises
    the errors of core.http, when the findings are written.
    """
    profile, now = profile_of(warehouse), db_now()
    if profile.speaks("stock") is None:
        judge_feed(warehouse=warehouse, profile=profile, now=now)
        return StockRead(skipped="this tenant tells no stock: V2 alone has no call for it")
    try:
        return _read(warehouse, profile, now, heartbeat)
    finally:
        judge_feed(warehouse=warehouse, profile=profile, now=db_now())


def _read(warehouse: Warehouse, profile: Profile, now: datetime, heartbeat: Callable[[], None]) -> StockRead:
    if is_being_applied(warehouse_id=warehouse.pk):
        return StockRead(skipped="another reading is being applied")
    if not connection_allows(warehouse.connection):
        return StockRead(skipped="the connection is paused")
    client, recorder = deposco_for(warehouse)
    refused: HttpError | None = None
    rechecked = Applied()
    try:
        try:
            rechecked = recheck_stock(warehouse=warehouse, client=client, profile=profile, now=now, heartbeat=heartbeat)
        except HttpError as error:
            # One endpoint may be refused while the other answers.
            if not is_endpoint_refused(error):
                raise
            refused = error
        moved = _read_moves(warehouse, client, profile, now, heartbeat)
    except TakenOverError:
        return StockRead(skipped=TAKEN_OVER)
    finally:
        recorder.flush()
    if refused is not None:
        raise refused
    return StockRead(
        read=moved.rows + rechecked.rows, changed=moved.changed + rechecked.changed, rechecked=rechecked.rows
    )


def _read_moves(
    warehouse: Warehouse, client: WmsPort, profile: Profile, now: datetime, heartbeat: Callable[[], None]
) -> Applied:
    reading = _delta(warehouse, profile, now)
    if reading is None:
        return Applied()
    since = reading.since or reading.began_at

    def ask(page: int) -> StockPage:
        told = client.stock_moved(since=since, page=page)
        if told is not None:
            _remember_clock(warehouse, told.behind)
        return told if told is not None else StockPage(rows=(), items=(), is_last=True)

    is_whole = read_pages(warehouse=warehouse, reading=reading, ask=ask, seconds=SECONDS_A_BEAT, heartbeat=heartbeat)
    return apply_reading(reading=reading, profile=profile) if is_whole else Applied()


def _delta(warehouse: Warehouse, profile: Profile, now: datetime) -> StockReading | None:
    """The reading of moves to go on with, or a new one when it is time; None before anything is known to begin from."""
    if profile.inventory.delta == "none":
        return None
    running = running_reading(warehouse=warehouse, kind=StockReading.Kind.DELTA, now=now)
    if running is not None:
        return running
    of_it = StockReading.objects.filter(warehouse=warehouse)
    last = of_it.filter(kind=StockReading.Kind.DELTA).order_by("-began_at").first()
    if last is not None and now - last.began_at < EVERY:
        return None
    # Before the first reading of everything has ended, what moved since it began is told already.
    known = of_it.filter(kind__in=FEED_KINDS, state=StockReading.State.APPLIED).order_by("-began_at").first()
    base = known or of_it.filter(kind=StockReading.Kind.FULL, state=StockReading.State.RUNNING).first()
    if base is None:
        return None
    overlap = timedelta(seconds=profile.inventory.overlap_seconds)
    looked_far = of_it.filter(
        kind=StockReading.Kind.DELTA, began_at__gt=now - FAR_EVERY, since__lte=F("began_at") - FAR_OVERLAP
    ).exclude(state=StockReading.State.FAILED)
    if not looked_far.exists():
        overlap = max(overlap, FAR_OVERLAP)
    since = base.began_at - overlap - _behind(warehouse)
    return begin_reading(warehouse=warehouse, kind=StockReading.Kind.DELTA, now=now, since=since)


def _behind(warehouse: Warehouse) -> timedelta:
    """By how much the warehouse's clock was behind ours when it answered last: it writes down what moved by that clock."""
    cursor = FeedCursor.objects.filter(connection=warehouse.connection, feed=CLOCK).first()
    return timedelta(seconds=cursor.memory.get("behind_seconds", 0)) if cursor is not None else timedelta(0)


def _remember_clock(warehouse: Warehouse, behind: timedelta) -> None:
    if abs(_behind(warehouse) - behind) > CLOCK_STEP:
        FeedCursor.objects.update_or_create(
            connection=warehouse.connection, feed=CLOCK, defaults={"memory": {"behind_seconds": behind.total_seconds()}}
        )
