"""The database's clock: the only one that leases, due times and buckets go by."""

from datetime import datetime

from django.db import connection


def db_now() -> datetime:
    """The moment it is now in the database, aware, moving on within a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT app_now()")
        row = cursor.fetchone()
    moment: datetime = row[0]
    return moment
