"""Reads what changed at one shop since the last reading, page by page to the end, and stores each page."""

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from core.clock import db_now
from core.http import HttpError, ThrottledError
from core.limits import block
from integration.domain.paging import OffsetWalk
from integration.gateways import mirakl_for
from integration.mirakl.client import MiraklClient
from integration.models import Channel, FeedCursor
from integration.services.guard_connection import connection_allows, note_failure, note_success
from integration.services.read_patiently import read_patiently
from integration.services.store_page import FEED, store_page
from integration.services.take_soon import take_soon

PAGE = 100
# Every order that still needs something from us: what a first reading must bring, however old it is.
OPEN_STATES = ("WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING")
WIDE_EVERY = timedelta(hours=1)
WIDE_OVERLAP = timedelta(hours=24)
# Without a clock of the far side ours is taken, earlier by as much as two clocks may differ.
CLOCK_DOUBT = timedelta(minutes=10)
# A walk that broke off is taken up again within this time; later it begins anew.
RESUME_WITHIN = timedelta(minutes=15)
MAX_PAGES = 2000
# A long list is read in pieces, each well inside what a worker is given; the next piece follows at once.
PIECE_SECONDS = 25.0


@dataclass(frozen=True)
class PollResult:
    """What one reading brought. `read` counts rows on the wire, repeats included; `has_more`: the list goes on."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    skipped: str = ""
    has_more: bool = False


@dataclass
class _Reading:
    """One walk over the list, and what is needed to take it up again after it broke off."""

    since: datetime | None
    states: tuple[str, ...]
    is_wide: bool
    began: datetime
    walk: OffsetWalk
    seen_until: datetime | None = None
    result: PollResult = PollResult()

    def add(self, *, read: int, new: int, changed: int, unreadable: int) -> None:
        """Add what a page brought."""
        old = self.result
        self.result = PollResult(
            read=old.read + read,
            new=old.new + new,
            changed=old.changed + changed,
            unreadable=old.unreadable + unreadable,
        )


def poll_orders(
    *, channel: Channel, heartbeat: Callable[[], None] = lambda: None, now: datetime | None = None
) -> PollResult:
    """Read the shop's orders once, at most once per the channel's period (the token is taken before the call).

    The cursor is Mirakl's own time, and moves only after the last page was stored. No end date is sent: rows can then
    only be added to the window while it is read. The newest orders come first, so that a long list delays no acceptance.
    A walk that breaks off goes on at its page the next time. Raises the errors of core.http; what was stored stays.
    """
    if not connection_allows(channel.connection):
        return PollResult(skipped="the connection is paused")
    now = now or db_now()
    cursor, _ = FeedCursor.objects.get_or_create(connection=channel.connection, feed=FEED)
    reading = _resumed(cursor, now)
    if reading is None:
        # The beat and the bucket keep the same period, so a hair's breadth between them is waited for.
        if not take_soon(f"{channel.connection}:orders", priority=0):
            return PollResult(skipped="read less than one period ago")
        reading = _begun(channel, cursor, now)
    elif now < _moment(cursor.memory.get("not_before"), now):
        return PollResult(skipped="the far side asked to wait")
    client, recorder = mirakl_for(channel)
    try:
        is_over = _read_all(channel, client, reading, heartbeat)
    except HttpError as error:
        _break_off(channel, cursor.pk, reading, error, now)
        raise
    finally:
        recorder.flush()
    note_success(channel.connection)
    if not is_over:
        _remember(cursor.pk, reading, now)
        return replace(reading.result, has_more=True)
    _finish(cursor.pk, reading, now)
    return reading.result


def _begun(channel: Channel, cursor: FeedCursor, now: datetime) -> _Reading:
    """A new walk: wide once an hour and after every gap, else the window since the cursor with its overlap."""
    if cursor.watermark is None:
        return _Reading(since=None, states=OPEN_STATES, is_wide=True, began=now, walk=OffsetWalk())
    is_wide = cursor.wide_read_at is None or now - cursor.wide_read_at >= WIDE_EVERY
    overlap = WIDE_OVERLAP if is_wide else timedelta(seconds=channel.overlap_seconds)
    return _Reading(since=cursor.watermark - overlap, states=(), is_wide=is_wide, began=now, walk=OffsetWalk())


def _resumed(cursor: FeedCursor, now: datetime) -> _Reading | None:
    kept = cursor.memory.get("walk")
    if not kept or now - _moment(kept.get("began"), now) > RESUME_WITHIN:
        return None
    return _Reading(
        since=_moment_or_none(kept.get("since")),
        states=tuple(kept.get("states", ())),
        is_wide=bool(kept.get("is_wide")),
        began=_moment(kept.get("began"), now),
        walk=OffsetWalk(
            offset=int(kept.get("offset", 0)), total=kept.get("total"), is_sure=bool(kept.get("is_sure", True))
        ),
        seen_until=_moment_or_none(kept.get("seen_until")),
    )


def _read_all(channel: Channel, client: MiraklClient, reading: _Reading, heartbeat: Callable[[], None]) -> bool:
    """Read to the end of the list; False when the time for one piece was over before."""
    walk, began = reading.walk, time.monotonic()
    for _ in range(MAX_PAGES):
        page = read_patiently(
            lambda: client.orders(
                start_update_date=reading.since,
                order_state_codes=reading.states,
                max=PAGE,
                offset=walk.offset,
                order="desc",
                sort="dateCreated",
            ),
            # The first page is the call that is published at so many a minute: only one that never left is repeated.
            may_repeat=walk.offset > 0,
        )
        if reading.seen_until is None:
            reading.seen_until = min(page.server_time or reading.began - CLOCK_DOUBT, reading.began)
        stored = store_page(channel=channel, page=page)
        reading.add(read=page.rows, new=stored.new, changed=stored.changed, unreadable=stored.unreadable)
        heartbeat()
        ids = [order.order_id for order in page.orders] + [row.order_id or "" for row in page.unreadable]
        if walk.take(ids, rows=page.rows, total=page.total_count, names_next=page.names_next) == "end":
            return True
        if time.monotonic() - began > PIECE_SECONDS:
            return False
    walk.is_sure = False
    return True


def _break_off(channel: Channel, cursor_id: int, reading: _Reading, error: HttpError, now: datetime) -> None:
    """Remember the page that could not be read, so that a list that is throttled half-way ends all the same."""
    note_failure(channel.connection, error)
    wait = 0.0
    if isinstance(error, ThrottledError):
        wait = error.retry_after or float(channel.poll_seconds)
        block(f"{channel.connection}:orders", wait)
    _remember(cursor_id, reading, now + timedelta(seconds=wait))


def _remember(cursor_id: int, reading: _Reading, not_before: datetime) -> None:
    with transaction.atomic():
        cursor = FeedCursor.objects.select_for_update().get(pk=cursor_id)
        cursor.memory = {key: value for key, value in cursor.memory.items() if key not in ("walk", "not_before")}
        if reading.walk.offset > 0:
            cursor.memory |= {"walk": _kept(reading), "not_before": not_before.isoformat()}
        cursor.save(update_fields=["memory"])


def _kept(reading: _Reading) -> dict[str, Any]:
    return {
        "since": reading.since.isoformat() if reading.since else None,
        "states": list(reading.states),
        "is_wide": reading.is_wide,
        "began": reading.began.isoformat(),
        "offset": reading.walk.offset,
        "total": reading.walk.total,
        "is_sure": reading.walk.is_sure,
        "seen_until": reading.seen_until.isoformat() if reading.seen_until else None,
    }


def _finish(cursor_id: int, reading: _Reading, now: datetime) -> None:
    seen_until = reading.seen_until if reading.walk.is_sure else None
    with transaction.atomic():
        cursor = FeedCursor.objects.select_for_update().get(pk=cursor_id)
        cursor.last_read_at, cursor.last_count = now, reading.result.read
        if seen_until is not None and (cursor.watermark is None or seen_until > cursor.watermark):
            cursor.watermark = seen_until
        if reading.is_wide and seen_until is not None:
            cursor.wide_read_at = now
        cursor.memory = {key: value for key, value in cursor.memory.items() if key not in ("walk", "not_before")}
        cursor.save()


def _moment(text: object, default: datetime) -> datetime:
    return _moment_or_none(text) or default


def _moment_or_none(text: object) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else None
