"""Asks for the stock of single items by their numbers: those of orders that reached the warehouse, or no longer listed."""

import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.db.models import QuerySet

from core.clock import db_now
from core.http import HttpError
from integration.deposco.port import WmsPort
from integration.deposco.profile import Profile
from integration.deposco.schemas import StockPage
from integration.models import StockReading, StockRecheck, Warehouse
from integration.services.guard_connection import is_endpoint_refused, note_stock_failure, note_success
from integration.services.stock.apply_reading import Applied, apply_reading
from integration.services.stock.begin_reading import begin_reading, break_off, keep_page, running_reading
from integration.services.stock.read_pages import USUAL, ask_patiently
from integration.services.take_soon import take_soon

ITEMS_A_CALL: Final = 50
MOST_A_BEAT: Final = 400
SECONDS_A_BEAT: Final = 5.0
# Written by a reading of everything; may be many, and what an order waits for goes before them.
NOT_LISTED: Final = "not listed"
# An item that the warehouse will not be asked for, and all of them where it will not be asked at all.
LATER, ALL_LATER = timedelta(hours=1), timedelta(minutes=10)
# After so many single items were refused, and none was answered, it is not about the items.
REFUSED_ALONE: Final = 2


def recheck_stock(
    *, warehouse: Warehouse, client: WmsPort, profile: Profile, now: datetime, heartbeat: Callable[[], None]
) -> Applied:
    """Ask for items whose time has come, many in a call, each once; apply what was answered.

    What is not answered waits for the next beat. A number that spoils its call is found by halves and put off. Where the
    profile has no such call, nothing is asked: a reading of what moved answers instead. Raises the errors of core.http.
    """
    if profile.inventory.recheck == "none":
        return Applied()
    running_reading(warehouse=warehouse, kind=StockReading.Kind.RECHECK, now=now)
    numbers = _due(warehouse, now)
    bucket = f"{warehouse.connection}:calls"
    if not numbers or not take_soon(bucket, priority=USUAL):
        return Applied()
    reading = begin_reading(warehouse=warehouse, kind=StockReading.Kind.RECHECK, now=now)
    asked: dict[str, datetime] = {}
    problem = "No item was answered"
    try:
        _ask_all(warehouse, client, reading, numbers, asked, heartbeat)
    except HttpError as error:
        problem = str(error)
        raise
    finally:
        # Each item's answer is whole by itself, whatever became of the others.
        if asked:
            done = apply_reading(reading=reading, profile=profile, asked=asked)
        else:
            done = Applied()
            break_off(reading=reading, problem=problem)
    return done


def _ask_all(
    warehouse: Warehouse,
    client: WmsPort,
    reading: StockReading,
    numbers: Sequence[str],
    asked: dict[str, datetime],
    heartbeat: Callable[[], None],
) -> None:
    """Fill `asked` with what was answered. The first call's token was taken."""
    until, refused = time.monotonic() + SECONDS_A_BEAT, 0
    starts = range(0, len(numbers), ITEMS_A_CALL)
    waiting = [list(numbers[start : start + ITEMS_A_CALL]) for start in starts][::-1]
    has_token = True
    while waiting and (has_token or take_soon(f"{warehouse.connection}:calls", priority=USUAL)):
        part, has_token = waiting.pop(), False
        try:
            page, read_at = ask_patiently(partial(_told, client, part), heartbeat)
        except HttpError as error:
            if not is_endpoint_refused(error):
                note_stock_failure(connection=warehouse.connection, error=error)
                raise
            if len(part) > 1:
                middle = len(part) // 2
                waiting += [part[middle:], part[:middle]]
                continue
            refused += 1
            _put_off(warehouse, part, LATER)
            if refused >= REFUSED_ALONE and not asked:
                _put_off(warehouse, None, ALL_LATER)
                raise
            continue
        note_success(warehouse.connection)
        keep_page(reading=reading, page=page, read_at=read_at)
        asked.update(dict.fromkeys(part, read_at))
        if time.monotonic() > until:
            return


def _told(client: WmsPort, numbers: Sequence[str]) -> StockPage:
    told = client.stock_of(numbers)
    return told if told is not None else StockPage(rows=(), items=(), is_last=True)


def _due(warehouse: Warehouse, now: datetime) -> list[str]:
    """Numbers to ask for now, each once: those of orders first, then the longest waiting."""
    due = StockRecheck.objects.filter(warehouse=warehouse, not_before__lte=now)
    first = _distinct(due.exclude(reason=NOT_LISTED))
    return first if len(first) >= MOST_A_BEAT else _merged(first, _distinct(due.filter(reason=NOT_LISTED)))


def _distinct(rows: QuerySet[StockRecheck]) -> list[str]:
    numbers = rows.order_by("not_before", "id").values_list("item_number", flat=True)[: MOST_A_BEAT * 4]
    return _merged(numbers)


def _merged(*parts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(number for part in parts for number in part))[:MOST_A_BEAT]


def _put_off(warehouse: Warehouse, numbers: Sequence[str] | None, by: timedelta) -> None:
    now = db_now()
    rows = StockRecheck.objects.filter(warehouse=warehouse, not_before__lte=now)
    rows = rows if numbers is None else rows.filter(item_number__in=numbers)
    rows.update(not_before=now + by)
