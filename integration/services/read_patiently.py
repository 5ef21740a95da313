"""Repeats a read a few times within seconds, as the far side asks; longer waits belong to rows, not to a worker."""

import time
from collections.abc import Callable
from typing import TypeVar

from core.http import HttpError, NoTimeError, NotSentError, StatusError, ThrottledError, UnknownOutcomeError

Answer = TypeVar("Answer")
WAITS = (0.3, 1.0)
LONGEST_WAIT = 2.0
SERVER_ERROR = 500


def read_patiently(read: Callable[[], Answer], *, may_repeat: bool = True) -> Answer:
    """Call `read`; a lost or broken answer is asked for again up to twice, throttling waits what was asked up to 2 s.

    With `may_repeat` False only what never reached the far side, or what it said to repeat at once, is repeated.
    Only for calls that change nothing. Raises the last error.
    """
    for wait in WAITS:
        try:
            return read()
        except HttpError as error:
            pause = _pause(error, wait, may_repeat=may_repeat)
            if pause is None:
                raise
            time.sleep(pause)
    return read()


def _pause(error: HttpError, wait: float, *, may_repeat: bool) -> float | None:
    if isinstance(error, ThrottledError):
        asked = error.retry_after
        return asked if asked is not None and asked <= LONGEST_WAIT else None
    if isinstance(error, NoTimeError):
        return None
    if isinstance(error, NotSentError):
        return wait
    is_lost = isinstance(error, UnknownOutcomeError) or (
        isinstance(error, StatusError) and error.status >= SERVER_ERROR
    )
    return wait if may_repeat and is_lost else None
