"""Makes the open findings of some kinds equal to what was found: opened, updated, cleared. The desk follows them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from integration.models import Channel

# Two lookers at one shop or warehouse would clear what the other has just found.
ONE_AT_A_TIME: Final = 6_815_013
LONGEST_SUMMARY: Final = 500
LOCK: Final = "SELECT pg_advisory_xact_lock(%s, hashtext(%s))"
# Sorted, so that rows are always locked in one order. What a person said is meant stays closed while the `gap` told then
# is the gap found now; a finding without a gap is never settled by a word.
RECORD: Final = """
WITH found AS (
    SELECT * FROM jsonb_to_recordset(%(found)s::jsonb)
        AS f(kind text, cause_key text, summary text, count int, detail jsonb)
), known AS (
    SELECT id, kind, cause_key FROM integration_stockfinding
    WHERE cleared_at IS NULL AND kind = ANY(%(kinds)s) AND connection = %(connection)s
      AND channel_id IS NOT DISTINCT FROM %(channel)s::bigint
), written AS (
    INSERT INTO integration_stockfinding (kind, cause_key, channel_id, connection, summary, count, detail, since, seen_at)
    SELECT f.kind, f.cause_key, %(channel)s::bigint, %(connection)s, f.summary, f.count, f.detail, %(now)s, %(now)s
    FROM found f
    WHERE EXISTS (SELECT 1 FROM known k WHERE k.kind = f.kind AND k.cause_key = f.cause_key)
       OR f.detail -> 'gap' IS NULL
       OR f.detail -> 'gap' IS DISTINCT FROM (
            SELECT w.detail -> 'gap' FROM integration_stockfinding w
            WHERE w.kind = f.kind AND w.cause_key = f.cause_key AND w.connection = %(connection)s
              AND w.channel_id IS NOT DISTINCT FROM %(channel)s::bigint AND w.cleared_by_id IS NOT NULL
            ORDER BY w.cleared_at DESC LIMIT 1)
    ORDER BY f.kind, f.cause_key
    ON CONFLICT (kind, cause_key, channel_id, connection) WHERE cleared_at IS NULL DO UPDATE
    SET summary = excluded.summary, count = excluded.count, detail = excluded.detail, seen_at = excluded.seen_at
    RETURNING 1
), cleared AS (
    UPDATE integration_stockfinding f SET cleared_at = %(now)s
    FROM known k
    WHERE f.id = k.id AND NOT EXISTS (SELECT 1 FROM found n WHERE n.kind = k.kind AND n.cause_key = k.cause_key)
)
SELECT count(*) FROM written"""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. `count`: how many rows it is about. `detail`: its numbers, and a few of the rows.

    `detail["gap"]` says what a person's word covers: after "this is meant" it stays closed until the gap is another.
    """

    kind: str
    cause_key: str
    summary: str
    count: int = 1
    detail: Mapping[str, Any] = field(default_factory=dict)


def record_findings(
    *, kinds: Sequence[str], channel: Channel | None, connection: str, found: Sequence[Finding], now: datetime
) -> int:
    """Make the open findings of `kinds`, for this channel and connection, equal to `found`. Returns how many are open.

    Repeating it changes nothing, and callers at the same time wait for each other. Raises ValueError for a finding
    whose kind was not looked for, or that stands twice.
    """
    keys = [(row.kind, row.cause_key) for row in found]
    if len(set(keys)) < len(keys) or not {kind for kind, _ in keys} <= set(kinds):
        message = f"Findings must be of {kinds} and stand once: {keys}"
        raise ValueError(message)
    rows = [
        {
            "kind": row.kind,
            "cause_key": row.cause_key,
            "summary": row.summary[:LONGEST_SUMMARY],
            "count": row.count,
            "detail": dict(row.detail),
        }
        for row in found
    ]
    channel_id = channel.pk if channel else None
    values = {
        "found": json.dumps(rows, default=str),
        "kinds": list(kinds),
        "channel": channel_id,
        "connection": connection,
        "now": now,
    }
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(LOCK, [ONE_AT_A_TIME, f"{channel_id}:{connection}"])
        cursor.execute(RECORD, values)
        opened: int = cursor.fetchone()[0]
    return opened
