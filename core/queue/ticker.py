"""The clock: calls every beat that is due, to the second, on the database's time. Any number of tickers may run."""

import time
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db import connection as database
from django_q.models import Schedule
from django_q.tasks import async_task

from core.clock import SKEW_WARNING, clock_skew_seconds
from core.jobs import registry, sync_periodics
from core.models import CanaryBeat

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.25
SYNC_SECONDS = 5.0
CANARY_SECONDS = 15.0
# Longer than the launcher waits before it kills a queue whose canary does not come back.
GIVEN_UP_SECONDS = 90.0
SKEW_SECONDS = 30.0

# One wake-up per beat is outstanding at a time; one that got lost is called again after half a minute. Slots that were
# missed are not made up for: the next one is the next multiple of the period after now.
_DUE = """
UPDATE core_periodic SET epoch = epoch + 1, ticked_at = app_now(),
       next_due = next_due + make_interval(secs => every_seconds
           * (1 + floor(GREATEST(0, EXTRACT(EPOCH FROM app_now() - next_due)) / every_seconds)))
WHERE name IN (
    SELECT name FROM core_periodic
    WHERE enabled AND next_due <= app_now() AND (lease_until IS NULL OR lease_until < app_now())
      AND (epoch <= done_epoch OR ticked_at IS NULL OR ticked_at < app_now() - interval '30 seconds')
    FOR UPDATE SKIP LOCKED)
RETURNING name, queue, epoch
"""


def tick() -> int:
    """Call what is due: advance the beats and enqueue their wake-ups in one transaction. Returns how many."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_DUE)
        due = cursor.fetchall()
        for name, queue, epoch in due:
            async_task("core.queue.tasks.run_periodic", name, epoch, cluster=queue, task_name=name[:100])
    return len(due)


def send_canaries() -> None:
    """Send one canary through each queue, unless the last is still on its way; after a while that one is given up."""
    for queue in queues():
        with transaction.atomic(), database.cursor() as cursor:
            CanaryBeat.objects.get_or_create(queue=queue)
            cursor.execute(
                """UPDATE core_canarybeat SET sent_at = app_now()
                   WHERE queue = %s
                     AND (sent_at IS NULL OR sent_at < app_now() - make_interval(secs => %s)
                          OR (beat_at >= sent_at AND NOT EXISTS (SELECT 1 FROM django_q_ormq WHERE id = wakeup)))
                   RETURNING queue""",
                [queue, GIVEN_UP_SECONDS],
            )
            if cursor.fetchone():
                async_task("core.queue.tasks.canary", queue, cluster=queue, task_name=f"canary {queue}")
                # Ids only grow, so this is the canary, or a wake-up after it; either has to be acknowledged.
                cursor.execute(
                    """UPDATE core_canarybeat SET wakeup = (SELECT max(id) FROM django_q_ormq WHERE key = %s)
                       WHERE queue = %s""",
                    [queue, queue],
                )


def queues() -> list[str]:
    """The queues that jobs use."""
    return sorted({job.queue for job in registry().values()})


def ensure_guard() -> None:
    """Keep the one-minute schedule that ticks when no ticker does."""
    Schedule.objects.update_or_create(
        name="ticker guard",
        defaults={
            "func": "core.queue.tasks.guard_tick",
            "schedule_type": Schedule.MINUTES,
            "minutes": 1,
            "repeats": -1,
            "cluster": "watch",
        },
    )


def run_ticker(stop: Callable[[], bool]) -> None:
    """Tick until told to stop. A database that is away is waited for, a beat late."""
    chores = [
        _Chore(float("inf"), ensure_guard),
        _Chore(SYNC_SECONDS, sync_periodics),
        _Chore(CANARY_SECONDS, send_canaries),
        _Chore(SKEW_SECONDS, warn_of_skew),
        _Chore(0.0, tick),
    ]
    while not stop():
        try:
            for chore in chores:
                chore.run_if_due()
        except (OperationalError, InterfaceError) as error:
            log.warning("ticker.database_away", error=str(error))
            close_old_connections()
            time.sleep(1.0)
        time.sleep(TICK_SECONDS)


class _Chore:
    """Something the ticker does now and then; done means it came to its end."""

    def __init__(self, every: float, work: Callable[[], object]) -> None:
        self.every, self.work, self.done_at = every, work, float("-inf")

    def run_if_due(self) -> None:
        if time.monotonic() - self.done_at >= self.every:
            self.work()
            self.done_at = time.monotonic()


def warn_of_skew() -> None:
    """Say when this machine's clock and the database's differ: what goes by the first of them is then wrong."""
    skew = clock_skew_seconds()
    if abs(skew) > SKEW_WARNING:
        log.warning("clock.skew", seconds=round(skew, 1), advice="Let both machines take the time from one source.")
