"""A broker for django-q2 on the same table: first in first out, SKIP LOCKED, the database's clock, fenced acknowledgement."""

from time import sleep

import structlog
from django.db import InterfaceError, OperationalError, close_old_connections, connections
from django_q.brokers.orm import ORM
from django_q.conf import Conf

log = structlog.get_logger(__name__)
AWAY_SECONDS = 1.0

_DEQUEUE = """
UPDATE django_q_ormq SET lock = app_now() + make_interval(secs => %s)
WHERE id IN (SELECT id FROM django_q_ormq WHERE key = %s AND lock <= app_now() ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED)
RETURNING id, payload, EXTRACT(EPOCH FROM lock)::text
"""


class PgBroker(ORM):  # type: ignore[misc]  # django-q2 ships no types
    """Differs from the stock broker where it doubled work: clock skew, claim races, late acknowledgements."""

    def enqueue(self, task: str) -> int:
        """Add a wake-up, in the caller's transaction where there is one."""
        self.get_connection()
        with connections[Conf.ORM].cursor() as cursor:
            cursor.execute(
                "INSERT INTO django_q_ormq (key, payload, lock) VALUES (%s, %s, app_now()) RETURNING id",
                [self.list_key or Conf.CLUSTER_NAME, task],
            )
            row = cursor.fetchone()
        return int(row[0])

    def dequeue(self) -> list[tuple[str, str]] | None:
        """Take the oldest wake-ups; each is ours for the retry time. A database that is away is waited for, not died of."""
        try:
            self.get_connection()
            with connections[Conf.ORM].cursor() as cursor:
                cursor.execute(_DEQUEUE, [Conf.RETRY, self.list_key, Conf.BULK])
                rows = cursor.fetchall()
        except (OperationalError, InterfaceError) as error:
            log.warning("broker.database_away", error=str(error))
            close_old_connections()
            sleep(AWAY_SECONDS)
            return None
        if rows:
            return [(f"{pk}:{fence}", payload) for pk, payload, fence in sorted(rows)]
        sleep(Conf.POLL)
        return None

    def delete(self, task_id: str | int) -> None:
        """Remove a wake-up if it is still the one we took: one that was taken again stays.

        While the database is away it stays too, and comes again after the retry time, to find its slot done.
        """
        pk, _, fence = str(task_id).partition(":")
        try:
            self.get_connection()
            with connections[Conf.ORM].cursor() as cursor:
                cursor.execute(
                    "DELETE FROM django_q_ormq WHERE id = %s AND (%s = '' OR EXTRACT(EPOCH FROM lock)::text = %s)",
                    [int(pk), fence, fence],
                )
        except (OperationalError, InterfaceError) as error:
            log.warning("broker.not_acknowledged", error=str(error))
            close_old_connections()

    def info(self) -> str:
        """What the log calls this broker."""
        return f"PostgreSQL {Conf.ORM}"
