"""Reads what changed at one shop since the last reading, page by page to the end, and stores each page."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.db import transaction

from core.clock import db_now
from core.http import HttpError, ThrottledError
from core.limits import block, take
from integration.gateways import mirakl_for
from integration.mirakl.client import MiraklClient
from integration.models import Channel, FeedCursor
from integration.services.guard_connection import connection_allows, note_failure, note_success
from integration.services.keep_unreadable import keep_unreadable
from integration.services.store_orders import store_orders

if TYPE_CHECKING:
    from integration.mirakl.schemas import OrdersPage

FEED = "orders"
PAGE = 100
# Every order that still needs something from us: what a first reading must bring, however old it is.
OPEN_STATES = ("WAITING_ACCEPTANCE", "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING")
WIDE_EVERY = timedelta(hours=1)
WIDE_OVERLAP = timedelta(hours=24)
# Mirakl's own default page walk for a day of a large shop; beyond it the next run goes on from the same cursor.
MAX_PAGES = 2000


@dataclass(frozen=True)
class PollResult:
    """What one reading brought. `read` counts rows on the wire, repeats included."""

    read: int = 0
    new: int = 0
    changed: int = 0
    unreadable: int = 0
    skipped: str = ""


def poll_orders(
    *, channel: Channel, heartbeat: Callable[[], None] = lambda: None, now: datetime | None = None
) -> PollResult:
    """Read the shop's orders once, at most once per the channel's period (the token is taken before the call).

    The cursor is Mirakl's own time (its Date header), and moves only after the last page was stored. No end date is
    sent: rows can then only be added to the window while it is read, so a page never jumps over an order.
    Raises the errors of core.http when a page cannot be read; what was stored before stays stored.
    """
    if not connection_allows(channel.connection):
        return PollResult(skipped="the connection is paused")
    if take(f"{channel.connection}:orders", priority=0) > 0:
        return PollResult(skipped="read less than one period ago")
    now = now or db_now()
    cursor, _ = FeedCursor.objects.get_or_create(connection=channel.connection, feed=FEED)
    is_wide = cursor.wide_read_at is None or now - cursor.wide_read_at >= WIDE_EVERY
    client, recorder = mirakl_for(channel)
    try:
        result, seen_until = _read_all(channel, client, cursor, is_wide=is_wide, heartbeat=heartbeat)
    except HttpError as error:
        if isinstance(error, ThrottledError):
            block(f"{channel.connection}:orders", error.retry_after or float(channel.poll_seconds))
        note_failure(channel.connection, error)
        raise
    finally:
        recorder.flush()
    note_success(channel.connection)
    _move_cursor(cursor.pk, seen_until, now=now, is_wide=is_wide, count=result.read)
    return result


def _read_all(
    channel: Channel, client: MiraklClient, cursor: FeedCursor, *, is_wide: bool, heartbeat: Callable[[], None]
) -> tuple[PollResult, datetime | None]:
    since, states = _window(channel, cursor, is_wide=is_wide)
    read = new = changed = unreadable = offset = 0
    seen_until: datetime | None = None
    seen: set[str] = set()
    for number in range(MAX_PAGES):
        page: OrdersPage = client.orders(
            start_update_date=since, order_state_codes=states, max=PAGE, offset=offset, order="asc", sort="dateCreated"
        )
        if number == 0:
            seen_until = page.server_time
        stored = store_orders(channel=channel, orders=page.orders)
        keep_unreadable(connection=channel.connection, feed=FEED, records=page.unreadable)
        new, changed, unreadable = new + stored.new, changed + stored.changed, unreadable + len(page.unreadable)
        ids = {order.order_id for order in page.orders}
        read += len(page.orders) + len(page.unreadable)
        offset += len(page.orders) + len(page.unreadable)
        heartbeat()
        if not page.orders and not page.unreadable:
            break
        if offset >= page.total_count:
            break
        if ids and ids <= seen:
            # The server gave a page again: what follows cannot be trusted, so the cursor stays for the next reading.
            return PollResult(read=read, new=new, changed=changed, unreadable=unreadable), None
        seen |= ids
    else:
        seen_until = None
    return PollResult(read=read, new=new, changed=changed, unreadable=unreadable), seen_until


def _window(channel: Channel, cursor: FeedCursor, *, is_wide: bool) -> tuple[datetime | None, tuple[str, ...]]:
    if cursor.watermark is None:
        return None, OPEN_STATES
    overlap = WIDE_OVERLAP if is_wide else timedelta(seconds=channel.overlap_seconds)
    return cursor.watermark - overlap, ()


def _move_cursor(cursor_id: int, seen_until: datetime | None, *, now: datetime, is_wide: bool, count: int) -> None:
    with transaction.atomic():
        cursor = FeedCursor.objects.select_for_update().get(pk=cursor_id)
        cursor.last_read_at, cursor.last_count = now, count
        if seen_until is not None and (cursor.watermark is None or seen_until > cursor.watermark):
            cursor.watermark = seen_until
        if is_wide and seen_until is not None:
            cursor.wide_read_at = now
        cursor.save()
