"""Forgets what is only of use for a while: old calls, runs and queue results, a bounded piece at a time."""

from datetime import timedelta

from django.db import connection as database
from django_q.models import Task

from core.clock import db_now
from core.jobs import Counts, Job, JobContext

CALLS_KEPT = timedelta(days=30)
RUNS_KEPT = timedelta(days=30)
RESULTS_KEPT = timedelta(days=7)
PIECE = 5_000
MOST_PIECES = 20

# Ids grow with time, so the oldest rows are found by them without reading the table.
_FORGET = {
    "calls": """DELETE FROM core_calllog WHERE id IN (
        SELECT id FROM (SELECT id, started_at FROM core_calllog ORDER BY id LIMIT %s) oldest WHERE started_at < %s)""",
    "runs": """DELETE FROM core_jobrun WHERE id IN (
        SELECT id FROM (SELECT id, started_at FROM core_jobrun ORDER BY id LIMIT %s) oldest WHERE started_at < %s)""",
}


def run(context: JobContext) -> Counts:
    """Delete what is older than it is kept. What is left over waits for the next run."""
    now = db_now()
    counts = {"calls": 0, "runs": 0, "results": 0}
    for name, kept in (("calls", CALLS_KEPT), ("runs", RUNS_KEPT)):
        for _ in range(MOST_PIECES):
            with database.cursor() as cursor:
                cursor.execute(_FORGET[name], [PIECE, now - kept])
                deleted = cursor.rowcount
            counts[name] += deleted
            context.heartbeat()
            if deleted < PIECE:
                break
    # Successes are not saved at all; failures are kept by django-q2 for ever.
    counts["results"], _ = Task.objects.filter(stopped__lt=now - RESULTS_KEPT).delete()
    return counts


JOB = Job(name="core.upkeep", every_seconds=3600, run=run, queue="watch")
