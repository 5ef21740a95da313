"""What a wake-up calls: run one beat, answer a canary, or tick. Arguments are names and numbers only."""

from django.db import connection as database

from core.jobs import UnknownJobError, run_job
from core.models import Periodic
from core.queue.ticker import tick


def run_periodic(name: str, epoch: int) -> None:
    """Run the beat's job for this slot, if nobody has."""
    row = Periodic.objects.filter(name=name, enabled=True).first()
    if row is None:
        return
    try:
        run_job(row.job, scope=row.scope or None, epoch=epoch)
    except UnknownJobError:
        # A beat of an older release: the next synchronisation switches it off.
        Periodic.objects.filter(name=name).update(enabled=False)


def canary(queue: str) -> None:
    """Say that tick, queue and worker of this queue are alive."""
    with database.cursor() as cursor:
        cursor.execute("UPDATE core_canarybeat SET beat_at = app_now() WHERE queue = %s", [queue])


def guard_tick() -> int:
    """The ticker's work, called by django-q2's own schedule, so that work goes on when every ticker is dead."""
    return tick()
