"""The pace of calls that nobody took a token for beforehand: the further pages of a list, the look before a write."""

import threading
import time
from contextvars import ContextVar

from core.http import NoTimeError
from core.limits import take

# Longer than this a call does not wait for its token: the row that wanted it comes back later.
LONGEST_SECONDS = 6.0
HAIR = 0.01
# Set where several threads call at once: they must not touch the database, so they keep their distance by themselves.
away_from_database: ContextVar[bool] = ContextVar("away_from_database", default=False)


class NoCallFreeError(NoTimeError):
    """The account's calls are used up or blocked: this one was not made."""


class Pace:
    """Waits until the account may be called. One for each client; the bucket is the account's."""

    def __init__(self, bucket: str, rate_per_second: float) -> None:
        self._bucket, self._distance = bucket, 1 / rate_per_second
        self._lock, self._next = threading.Lock(), 0.0

    def __call__(self, priority: int) -> None:
        """Wait for a call. Raises NoCallFreeError when there is none for longer than a worker should wait."""
        if away_from_database.get():
            self._keep_distance()
            return
        began = time.monotonic()
        while (wait := take(self._bucket, priority=priority)) > 0:
            if time.monotonic() - began + wait > LONGEST_SECONDS:
                message = f"not sent: no call is free for {wait:.1f} s"
                raise NoCallFreeError(message)
            time.sleep(wait + HAIR)

    def _keep_distance(self) -> None:
        with self._lock:
            now = time.monotonic()
            self._next = max(now, self._next) + self._distance
            pause = self._next - self._distance - now
        time.sleep(max(0.0, pause))
