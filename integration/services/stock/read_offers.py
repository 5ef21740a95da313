"""Reads a shop's offers back when it is time: few by pages, many by an export that is asked for and fetched later."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from django.db import connection as database

from core.clock import db_now
from core.http import HttpError, ThrottledError
from core.limits import take
from integration.gateways import mirakl_for
from integration.models import Channel, FeedCursor, StockPush
from integration.services.guard_connection import (
    connection_allows,
    is_endpoint_refused,
    note_stock_failure,
    note_success,
)
from integration.services.stock.prove_offers import SETTLE, Proved, prove_offers
from integration.services.stock.read_offer_export import ask_for_export, fetch_export
from integration.services.stock.read_offer_pages import MOST_PAGED, Listing, read_offer_pages
from integration.services.stock.stage_offers import drop_staged
from integration.services.stock.store_offers import OffersStored, store_offers

FEED: Final = "offers"
# Two readings of one shop would undo what the other has set aside.
ONE_AT_A_TIME: Final = 6_815_014
PAGES_EVERY: Final = timedelta(minutes=10)
CHANGES_EVERY: Final = timedelta(minutes=15)
FULL_EVERY: Final = timedelta(hours=24)
SHORTEST: Final = timedelta(seconds=60)
# A difference counts when a second reading shows it as well: a sale may show at the shop before its order is read.
CONFIRM_AFTER: Final = timedelta(minutes=2)
EVER, NEVER = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
# An export whose files cannot be fetched so often is given up.
MOST_FAILURES: Final = 8
# Asked to wait, it looks again after so many seconds at the latest, as with every other call.
LONGEST_WAIT: Final = 900.0
Way = Literal["pages", "full", "changes"]


@dataclass(frozen=True)
class OffersRead:
    """What one call did. `skipped` says why nothing was read; `is_open`: an export is on its way or being fetched."""

    read: int = 0
    changed: int = 0
    gone: int = 0
    different: int = 0
    unreadable: int = 0
    skipped: str = ""
    is_open: bool = False


def read_offers(*, channel: Channel, heartbeat: Callable[[], None] = lambda: None) -> OffersRead:
    """Do what is due for this shop: begin a reading, go on with one, apply and prove it. Called every few seconds.

    Nothing counts before a listing was set aside as a whole, and what it is compared with is the moment it began. What
    broke off is gone on with from what was kept in the cursor. Raises the errors of core.http.
    """
    with _alone(channel) as is_alone:
        if not is_alone:
            return OffersRead(skipped="another process reads this shop")
        cursor, _ = FeedCursor.objects.get_or_create(connection=channel.connection, feed=FEED)
        now = db_now()
        way = None if "export" in cursor.memory else _due(channel, cursor, now)
        if way is None and "export" not in cursor.memory:
            return OffersRead(skipped="not due")
        if not connection_allows(channel.connection) or _moment(cursor.memory, "not_before", now) > now:
            return OffersRead(skipped="the connection is paused")
        if take(f"{channel.connection}:calls") > 0:
            return OffersRead(skipped="the far side asked to wait")
        try:
            result = _go_on(channel, cursor, way, heartbeat)
        except HttpError as error:
            _break_off(channel, cursor, error)
            raise
        note_success(channel.connection)
        return result


def _due(channel: Channel, cursor: FeedCursor, now: datetime) -> Way | None:
    """Which reading is due: soon after numbers landed, soon after a difference was seen, and every so often."""
    began = cursor.watermark
    is_many = cursor.memory.get("listed", 0) > MOST_PAGED and "no_export" not in cursor.memory
    if is_many and now - _moment(cursor.memory, "full_asked", EVER) >= FULL_EVERY:
        return "full"
    way: Way = "changes" if is_many else "pages"
    if is_many and began is None:
        return None  # the whole list was asked for and did not come: it may be asked for once a day
    if began is None or now - began >= (CHANGES_EVERY if is_many else PAGES_EVERY):
        return way
    if now - began < SHORTEST:
        return None
    # A shop has one file at a time, so that the one made last of those that ended is the one that ended last.
    files = StockPush.objects.filter(channel=channel, finished_at__isnull=False).order_by("-created_at", "-id")
    ended = files.values_list("finished_at", flat=True).first()
    has_landed = ended is not None and began < ended + SETTLE <= now
    return way if has_landed or _moment(cursor.memory, "confirm_at", NEVER) <= now else None


def _go_on(channel: Channel, cursor: FeedCursor, way: Way | None, heartbeat: Callable[[], None]) -> OffersRead:
    client, recorder = mirakl_for(channel)
    try:
        if "export" in cursor.memory:
            listing = fetch_export(channel=channel, client=client, cursor=cursor, heartbeat=heartbeat)
            if listing is None:
                return OffersRead(is_open="export" in cursor.memory)
            return _apply(channel, cursor, listing, heartbeat)
        if way == "pages":
            listing = read_offer_pages(channel=channel, client=client, cursor=cursor, heartbeat=heartbeat)
            if listing is not None:
                return _apply(channel, cursor, listing, heartbeat)
            way = "full"
        try:
            is_asked = ask_for_export(channel=channel, client=client, cursor=cursor, is_full=way == "full")
            if is_asked and way == "full":
                _remember(cursor, full_asked=db_now().isoformat())
        except HttpError as error:
            if not is_endpoint_refused(error):
                raise
            # An operator without exports: however many offers there are, they are read by pages from now on.
            _remember(cursor, no_export=True)
            return OffersRead(skipped="the operator offers no export")
        return OffersRead(is_open=is_asked, skipped="" if is_asked else "an export was asked for not long ago")
    finally:
        recorder.flush()


def _apply(channel: Channel, cursor: FeedCursor, listing: Listing, heartbeat: Callable[[], None]) -> OffersRead:
    now = db_now()
    stored: OffersStored = store_offers(
        channel=channel, began=listing.began, now=now, is_whole=listing.is_whole, heartbeat=heartbeat
    )
    kept: dict[str, object] = {}
    if listing.names_all:
        kept = {"listed": listing.rows, "doubt": None if listing.is_whole else True}
    # What a list of changes does not name is as it was, if it was surely known.
    proved: Proved = prove_offers(
        channel=channel,
        began=listing.began,
        now=now,
        is_full=listing.is_whole,
        unnamed_too=not listing.names_all and not listing.unreadable and "doubt" not in cursor.memory,
        heartbeat=heartbeat,
    )
    drop_staged(channel=channel)
    confirm = (now + CONFIRM_AFTER).isoformat() if proved.newly else None
    _remember(cursor, watermark=listing.began, count=listing.rows, confirm_at=confirm, export=None, **kept)
    return OffersRead(
        read=listing.rows,
        changed=stored.changed,
        gone=stored.gone,
        different=proved.different,
        unreadable=listing.unreadable,
    )


def _break_off(channel: Channel, cursor: FeedCursor, error: HttpError) -> None:
    wait = SHORTEST.total_seconds()
    if isinstance(error, ThrottledError):
        # Only this kind of call waits: acceptance goes on.
        wait = min(LONGEST_WAIT, error.retry_after if error.retry_after is not None else wait)
    else:
        note_stock_failure(connection=channel.connection, error=error)
    export = cursor.memory.get("export")
    if export:
        failures = export.get("failures", 0) + 1
        export = {**export, "failures": failures} if failures < MOST_FAILURES else None
    _remember(cursor, export=export, not_before=(db_now() + timedelta(seconds=wait)).isoformat())


def _remember(
    cursor: FeedCursor, *, watermark: datetime | None = None, count: int | None = None, **memory: object
) -> None:
    """Keep words in the cursor's memory; None forgets one. Nobody else writes it while this shop is read."""
    cursor.memory = {key: value for key, value in {**cursor.memory, **memory}.items() if value is not None}
    if watermark is not None:
        cursor.watermark, cursor.last_read_at, cursor.last_count = watermark, db_now(), count or 0
        cursor.memory.pop("not_before", None)
    cursor.save(update_fields=["memory", "watermark", "last_read_at", "last_count"])


def _moment(memory: dict[str, Any], name: str, default: datetime) -> datetime:
    told = memory.get(name)
    return datetime.fromisoformat(told) if told else default


@contextmanager
def _alone(channel: Channel) -> Iterator[bool]:
    """A lock of the session, not of a transaction: calls are made while it is held."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s::int)", [ONE_AT_A_TIME, channel.pk])
        is_alone = bool(cursor.fetchone()[0])
    try:
        yield is_alone
    finally:
        if is_alone:
            with database.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s::int)", [ONE_AT_A_TIME, channel.pk])
