"""Tells which queue hangs while it looks healthy: by what it leaves undone in the database, the only honest witness."""

from django.db import connection

STALE_SECONDS = 60.0
LONG_RUN_SECONDS = 10.0

# The wake-up of a canary goes when the task was done and acknowledged. A job that runs long and keeps its lease is life.
_SILENT = """
SELECT c.queue, EXTRACT(EPOCH FROM app_now() - c.sent_at)::float
FROM core_canarybeat c
WHERE c.sent_at < app_now() - make_interval(secs => %(stale)s)
  AND EXISTS (SELECT 1 FROM django_q_ormq q WHERE q.id = c.wakeup)
  AND NOT EXISTS (SELECT 1 FROM core_periodic p
                  WHERE p.queue = c.queue AND p.lease_until > app_now()
                    AND p.last_started_at < app_now() - make_interval(secs => %(long)s))
"""
_UNTICKED = """
SELECT EXISTS (SELECT 1 FROM core_periodic
               WHERE enabled AND next_due < app_now() - make_interval(secs => %(stale)s)
                 AND (lease_until IS NULL OR lease_until < app_now())
                 AND (ticked_at IS NULL OR ticked_at < app_now() - make_interval(secs => %(stale)s)))
"""


def silent_queues() -> dict[str, float]:
    """Queues whose last canary was not worked on or not acknowledged in a minute: seconds since it was sent."""
    with connection.cursor() as cursor:
        cursor.execute(_SILENT, {"stale": STALE_SECONDS, "long": LONG_RUN_SECONDS})
        return dict(cursor.fetchall())


def ticker_is_silent() -> bool:
    """Whether a beat has been due for a minute without having been called."""
    with connection.cursor() as cursor:
        cursor.execute(_UNTICKED, {"stale": STALE_SECONDS})
        row = cursor.fetchone()
    return bool(row[0])
