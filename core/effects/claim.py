"""Claims due effects: committed before any work, so that an attempt that dies still counts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, LiteralString

from django.db import connection as database
from django.db import transaction

from core.limits.breakers import PROBE_SECONDS
from core.models import Effect


class Group(StrEnum):
    """Which effects are claimed together: those that fell with a worker or a bug must not take sound ones along."""

    SOUND = "sound"
    FELL_ONCE = "fell_once"
    SUSPECT = "suspect"


_GROUPS: dict[Group, LiteralString] = {
    Group.SOUND: "e.crash_attempts = 0 AND e.last_class <> 'bug'",
    Group.FELL_ONCE: "e.crash_attempts = 1 AND e.last_class <> 'bug'",
    Group.SUSPECT: "(e.crash_attempts > 1 OR e.last_class = 'bug')",
}
MOST: dict[Group, int] = {Group.FELL_ONCE: 8, Group.SUSPECT: 1}

_DUE: LiteralString = """e.kind = %(kind)s AND e.state IN ('ready', 'unknown', 'in_flight') AND e.next_attempt_at <= app_now()
      AND (e.state <> 'in_flight' OR e.lease_until < app_now())"""

# Connections whose breaker has been open long enough: the claim that wins one takes a single effect, as its test.
_PROBE: LiteralString = f"""
UPDATE core_breaker b SET opened_until = app_now() + make_interval(secs => %(probe)s)
WHERE b.state = 'open' AND b.opened_until <= app_now()
  AND EXISTS (SELECT 1 FROM core_effect e WHERE 'conn:' || e.connection = b.name AND {_DUE} AND {{group}}
              AND (%(connection)s::text IS NULL OR e.connection = %(connection)s))
RETURNING substr(b.name, 6)
"""  # noqa: S608 -- made of constants of this module

# Earliest deadline first, in turn between connections, so that one shop's backlog never starves another. Nothing of a
# connection that is paused, whether by its breaker or by an answer that said to wait.
_CLAIM: LiteralString = f"""
WITH due AS (
    SELECT id, turn, priority, deadline_at, next_attempt_at FROM (
        SELECT e.id, e.connection, e.priority, e.deadline_at, e.next_attempt_at,
               row_number() OVER (PARTITION BY e.connection
                                  ORDER BY e.priority, e.deadline_at NULLS LAST, e.next_attempt_at, e.id) AS turn
        FROM core_effect e
        WHERE {_DUE} AND {{group}}
          AND (%(connection)s::text IS NULL OR e.connection = %(connection)s)
          AND NOT EXISTS (SELECT 1 FROM core_bucket k WHERE k.blocked_until > app_now()
                          AND k.name IN (e.connection || ':calls', e.connection || ':' || e.kind))) e
    WHERE (NOT EXISTS (SELECT 1 FROM core_breaker b WHERE b.name = 'conn:' || e.connection AND b.state = 'open')
           OR (turn = 1 AND e.connection = ANY(%(probes)s)))
    ORDER BY turn, priority, deadline_at NULLS LAST, next_attempt_at, id
    LIMIT %(limit)s
), locked AS (
    SELECT e.id FROM core_effect e JOIN due USING (id) WHERE {_DUE} ORDER BY due.turn FOR UPDATE OF e SKIP LOCKED
)
UPDATE core_effect e
SET state = 'in_flight', attempts = attempts + 1, crash_attempts = crash_attempts + 1, fence = fence + 1,
    lease_until = app_now() + make_interval(secs => %(lease)s), lease_owner = %(owner)s
FROM locked WHERE e.id = locked.id
RETURNING e.id, e.fence
"""  # noqa: S608 -- made of constants of this module


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


def claim(
    *,
    kind: str,
    connection: str | None,
    limit: int,
    lease_seconds: float,
    owner: str,
    group: Group = Group.SOUND,
) -> list[Claimed]:
    """Claim up to `limit` due effects of the kind and group, and those whose claimer died (lease over)."""
    values = {
        "kind": kind,
        "connection": connection,
        "limit": min(limit, MOST.get(group, limit)),
        "lease": lease_seconds,
        "owner": owner[:80],
        "probe": PROBE_SECONDS,
    }
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(_PROBE.format(group=_GROUPS[group]), values)
        probes = [row[0] for row in cursor.fetchall()]
        cursor.execute(_CLAIM.format(group=_GROUPS[group]), {**values, "probes": probes})
        fences: dict[int, int] = dict(cursor.fetchall())
    rows = Effect.objects.filter(id__in=fences).order_by("priority", "deadline_at", "id")
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
        if row.fence == fences[row.id]
    ]
