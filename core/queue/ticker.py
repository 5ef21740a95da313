"""The clock: calls every beat that is due, to the second, on the database's time. Any number of tickers may run."""

import time
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db import connection as database
from django_q.models import Schedule
from django_q.tasks import async_task

from core.jobs import registry, sync_periodics
from core.models import CanaryBeat

log = structlog.get_logger(__name__)

TICK_SECONDS = 0.25
SYNC_SECONDS = 5.0
CANARY_SECONDS = 15.0

# One wake-up per beat is outstanding at a time; one that got lost is called again after half a minute.
_DUE = """
UPDATE core_periodic SET epoch = epoch + 1, ticked_at = app_now(),
       next_due = GREATEST(next_due + make_interval(secs => every_seconds), app_now())
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
    """Send one canary through each queue, unless the last is still on its way."""
    for queue in queues():
        with transaction.atomic(), database.cursor() as cursor:
            CanaryBeat.objects.get_or_create(queue=queue)
            cursor.execute(
                """UPDATE core_canarybeat SET sent_at = app_now()
                   WHERE queue = %s AND (sent_at IS NULL OR beat_at >= sent_at OR sent_at < app_now() - interval '60 seconds')
                   RETURNING queue""",
                [queue],
            )
            if cursor.fetchone():
                async_task("core.queue.tasks.canary", queue, cluster=queue, task_name=f"canary {queue}")


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
    synced = canaried = float("-inf")
    guarded = False
    while not stop():
        try:
            if time.monotonic() - synced >= SYNC_SECONDS:
                sync_periodics()
                synced = time.monotonic()
            if not guarded:
                ensure_guard()
                guarded = True
            if time.monotonic() - canaried >= CANARY_SECONDS:
                send_canaries()
                canaried = time.monotonic()
            tick()
        except (OperationalError, InterfaceError) as error:
            log.warning("ticker.database_away", error=str(error))
            close_old_connections()
            time.sleep(1.0)
        time.sleep(TICK_SECONDS)
