"""The database's clock: the only one that leases, due times and buckets go by."""

from datetime import UTC, datetime

from django.db import connection

# Seconds by which this machine's clock and the database's may differ before somebody is told, and before bulk work stops.
SKEW_WARNING, SKEW_REFUSAL = 2.0, 10.0


def db_now() -> datetime:
    """The moment it is now in the database, aware, moving on within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_now()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment


def clock_skew_seconds() -> float:
    """How far this machine's clock is ahead of the database's (negative: behind)."""
    return (datetime.now(UTC) - db_now()).total_seconds()
