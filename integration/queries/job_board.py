"""The clock as people read it: each beat with its last run, and each queue with the age of its canary."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.clock import db_now
from core.models import CanaryBeat, Periodic

# A beat is late after three of its periods, but never before a minute: a restart takes some seconds.
LATE_PERIODS: Final = 3
LEAST_LATE: Final = timedelta(seconds=60)
STALE_CANARY: Final = timedelta(seconds=90)


@dataclass(frozen=True)
class Beat:
    """One job on its beat."""

    row: Periodic
    is_running: bool
    is_overdue: bool
    failed: bool
    due_in: timedelta

    @property
    def every(self) -> timedelta:
        """The period."""
        return timedelta(seconds=self.row.every_seconds)

    @property
    def last_words(self) -> str:
        """The last line of the last error, which is the one that says what went wrong."""
        lines = self.row.last_error.strip().splitlines()
        return lines[-1][:160] if lines else ""


@dataclass(frozen=True)
class Queue:
    """One queue, and when a canary last came through it."""

    name: str
    beat_at: datetime | None
    is_stale: bool


@dataclass(frozen=True)
class JobBoard:
    """Everything on the clock."""

    beats: list[Beat]
    queues: list[Queue]

    @property
    def overdue(self) -> int:
        """How many beats were missed."""
        return sum(beat.is_overdue for beat in self.beats)

    @property
    def failing(self) -> int:
        """How many beats' last run failed."""
        return sum(beat.failed for beat in self.beats)

    @property
    def stale(self) -> list[str]:
        """Queues whose worker does not answer."""
        return [queue.name for queue in self.queues if queue.is_stale]


def job_board() -> JobBoard:
    """Read it in three statements; what is late comes first, then by name."""
    now = db_now()
    beats = [_beat(row, now) for row in Periodic.objects.filter(enabled=True).order_by("job", "scope")]
    beats.sort(key=lambda beat: not (beat.is_overdue or beat.failed))
    queues = [
        Queue(row.queue, row.beat_at, row.beat_at is None or now - row.beat_at > STALE_CANARY)
        for row in CanaryBeat.objects.order_by("queue")
    ]
    return JobBoard(beats=beats, queues=queues)


def _beat(row: Periodic, now: datetime) -> Beat:
    patience = max(LEAST_LATE, timedelta(seconds=row.every_seconds * LATE_PERIODS))
    is_running = row.lease_until is not None and row.lease_until > now
    # A beat that never ran well is late from its first due time on; one just asked for is not.
    late_since = row.last_ok_at or row.next_due
    return Beat(
        row=row,
        is_running=is_running,
        is_overdue=now - late_since > patience,
        failed=bool(row.last_error),
        due_in=max(timedelta(0), row.next_due - now),
    )
