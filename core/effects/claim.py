"""Claims due effects: committed before any work, so that an attempt that dies still counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection as database
from django.db import transaction

from core.models import Effect

# Earliest deadline first, in turn between connections, so that one shop's backlog never starves another.
_CLAIM = """
WITH due AS (
    SELECT id, row_number() OVER (PARTITION BY connection ORDER BY priority, deadline_at NULLS LAST, next_attempt_at, id) AS turn,
           priority, deadline_at, next_attempt_at
    FROM core_effect e
    WHERE kind = %(kind)s AND state IN ('ready', 'unknown', 'in_flight') AND next_attempt_at <= app_now()
      AND (state <> 'in_flight' OR lease_until < app_now())
      AND (%(connection)s::text IS NULL OR connection = %(connection)s)
      AND NOT EXISTS (SELECT 1 FROM core_breaker b
                      WHERE b.name = 'conn:' || e.connection AND b.state = 'open' AND b.opened_until > app_now())
    ORDER BY turn, priority, deadline_at NULLS LAST, next_attempt_at, id
    LIMIT %(limit)s
), locked AS (
    SELECT e.id FROM core_effect e JOIN due USING (id)
    WHERE e.state IN ('ready', 'unknown', 'in_flight') AND e.next_attempt_at <= app_now()
      AND (e.state <> 'in_flight' OR e.lease_until < app_now())
    ORDER BY due.turn FOR UPDATE OF e SKIP LOCKED
)
UPDATE core_effect e
SET state = 'in_flight', attempts = attempts + 1, crash_attempts = crash_attempts + 1, fence = fence + 1,
    lease_until = app_now() + make_interval(secs => %(lease)s), lease_owner = %(owner)s
FROM locked WHERE e.id = locked.id
RETURNING e.id
"""


@dataclass(frozen=True)
class Claimed:
    """An effect that is ours until its lease ends, with its state as it was before this attempt."""

    id: int
    kind: str
    connection: str
    business_key: str
    subject_id: int | None
    payload: Mapping[str, Any]
    fence: int
    attempts: int
    crash_attempts: int
    failures: int
    first_sent_at: datetime | None
    last_sent_at: datetime | None
    last_class: str
    deadline_at: datetime | None

    @property
    def subject(self) -> int:
        """The id of the row this effect is about. Raises LookupError for an effect that is about none."""
        if self.subject_id is None:
            message = f"{self.kind} {self.business_key} has no subject"
            raise LookupError(message)
        return self.subject_id


def claim(*, kind: str, connection: str | None, limit: int, lease_seconds: float, owner: str) -> list[Claimed]:
    """Claim up to `limit` due effects of the kind, and those whose claimer died (lease over)."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {"kind": kind, "connection": connection, "limit": limit, "lease": lease_seconds, "owner": owner[:80]},
        )
        ids = [row[0] for row in cursor.fetchall()]
    rows = Effect.objects.filter(id__in=ids, lease_owner=owner[:80]).order_by("priority", "deadline_at", "id")
    return [
        Claimed(
            id=row.id,
            kind=row.kind,
            connection=row.connection,
            business_key=row.business_key,
            subject_id=row.subject_id,
            payload=row.payload,
            fence=row.fence,
            attempts=row.attempts,
            crash_attempts=row.crash_attempts,
            failures=row.failures,
            first_sent_at=row.first_sent_at,
            last_sent_at=row.last_sent_at,
            last_class=row.last_class,
            deadline_at=row.deadline_at,
        )
        for row in rows
    ]
