"""Goes on with a reading of stock, page after page, for as long as a worker should; what is read is kept at once."""

import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from core.clock import db_now
from core.http import AuthError, HttpError, NotSentError, ThrottledError
from core.models import Effect
from integration.deposco.schemas import StockPage
from integration.models import StockReading, Warehouse
from integration.services.guard_connection import is_refusal, note_stock_failure, note_success
from integration.services.read_patiently import read_patiently
from integration.services.stock.begin_reading import break_off, keep_page
from integration.services.take_soon import take_soon

USUAL: Final = 100


def read_pages(
    *,
    warehouse: Warehouse,
    reading: StockReading,
    ask: Callable[[int], StockPage],
    seconds: float,
    heartbeat: Callable[[], None],
    gives_way: Callable[[], bool] = lambda: False,
    longest_wait: float = 2.0,
) -> bool:
    """Read from the reading's next page on. True: the last page was seen, and all of it may be applied.

    False: the time is up, no call is free, or `gives_way` says that another has more need of the calls; one page at
    least is read before that is asked. A page that cannot be had raises, after what it means for the reading is written.
    """
    until = time.monotonic() + seconds
    while take_soon(f"{warehouse.connection}:calls", priority=USUAL, longest=longest_wait):
        try:
            page, read_at = ask_patiently(lambda: ask(reading.next_page), heartbeat)
        except HttpError as error:
            failed_to_read(warehouse=warehouse, reading=reading, error=error)
            raise
        note_success(warehouse.connection)
        if page.is_last:
            return True
        if page.fingerprint and page.fingerprint == reading.last_fingerprint:
            words = f"Page {reading.next_page} is the page before it once more: the warehouse does not turn the page."
            break_off(reading=reading, problem=words)
            return False
        keep_page(reading=reading, page=page, read_at=read_at)
        heartbeat()
        if time.monotonic() > until or gives_way():
            return False
    return False


def ask_patiently(ask: Callable[[], StockPage], heartbeat: Callable[[], None]) -> tuple[StockPage, datetime]:
    """A page, and the moment on the database's clock when the call that brought it was about to be made."""
    began: list[datetime] = []

    def read() -> StockPage:
        heartbeat()
        began.append(db_now())
        return ask()

    return read_patiently(read), began[-1]


def failed_to_read(*, warehouse: Warehouse, reading: StockReading, error: HttpError) -> None:
    """Write what a page that could not be had means: for the connection, and for the reading.

    A call that was not made or not let in costs nothing: the reading goes on. An answer that is none breaks the reading
    off; but everything, which takes hours to read, gets a second beat for the same page.
    """
    note_stock_failure(connection=warehouse.connection, error=error)
    if isinstance(error, NotSentError | ThrottledError):
        return
    words = f"Page {reading.next_page}: {error}"
    is_hopeless = is_refusal(error) or isinstance(error, AuthError)
    if reading.kind == StockReading.Kind.FULL and not reading.problem and not is_hopeless:
        StockReading.objects.filter(pk=reading.pk, state=StockReading.State.RUNNING).update(problem=words[:500])
        return
    break_off(reading=reading, problem=words)


def is_needed_elsewhere(warehouse: Warehouse) -> bool:
    """Whether something waits to be written to this account, whose calls all its readings share."""
    waiting = Effect.objects.filter(state__in=("ready", "unknown"), connection=warehouse.connection)
    return waiting.filter(next_attempt_at__lte=db_now()).exists()
