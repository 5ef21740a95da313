"""Makes the cases equal to what is held now: opened, grown, shrunk, closed by themselves, come back."""

import json
from typing import Final

from django.db import connection, transaction

from exceptions.domain.catalogue import CATALOGUE

# Two refreshes at once would tell the same story twice.
ONE_AT_A_TIME: Final = 6_815_001

FACTS: Final = """
WITH per_order AS (
    SELECT kind, cause_key, channel_id, connection, order_id, max(summary) AS summary, min(stage) AS stage,
           min(since) AS since, min(deadline_at) AS deadline_at, max(value) AS value, min(currency) AS currency,
           sum(records) AS records, sum(orders) AS orders
    FROM exceptions_held GROUP BY kind, cause_key, channel_id, connection, order_id
), facts AS (
    SELECT kind, cause_key, channel_id, connection, min(summary) AS summary, min(stage) AS stage, min(since) AS since,
           min(deadline_at) AS deadline_at, coalesce(sum(value), 0) AS value, coalesce(min(currency), '') AS currency,
           sum(records)::int AS records, (count(order_id) + coalesce(sum(orders), 0))::int AS orders
    FROM per_order GROUP BY kind, cause_key, channel_id, connection
)"""
SAME: Final = """c.kind = f.kind AND c.cause_key = f.cause_key AND c.connection = f.connection
    AND c.channel_id IS NOT DISTINCT FROM f.channel_id"""

OPEN: Final = (
    FACTS  # noqa: S608 -- put together from constants of this module
    + """, known AS (
    SELECT * FROM jsonb_to_recordset(%(kinds)s::jsonb) AS k(kind text, team text, severity int)
), opened AS (
    INSERT INTO exceptions_case (kind, cause_key, channel_id, connection, state, summary, team, severity, opened_at,
        touched_at, resolved_how, regressions, record_count, order_count, value, currency, stage, deadline_at)
    SELECT f.kind, f.cause_key, f.channel_id, f.connection, 'open', f.summary, coalesce(k.team, 'operations'),
        coalesce(k.severity, 2), f.since, app_now(), '', 0, f.records, f.orders, f.value, f.currency, f.stage, f.deadline_at
    FROM facts f LEFT JOIN known k ON k.kind = f.kind
    ON CONFLICT (kind, cause_key, channel_id, connection) DO NOTHING
    RETURNING id, summary
), told AS (
    INSERT INTO exceptions_caseevent (case_id, at, kind, summary) SELECT id, app_now(), 'opened', summary FROM opened
)
SELECT count(*) FROM opened"""
)
COME_BACK: Final = (
    FACTS  # noqa: S608 -- put together from constants of this module
    + f""", back AS (
    UPDATE exceptions_case c SET state = 'open', regressions = c.regressions + 1, reopened_at = app_now(),
        resolved_at = NULL, resolved_by_id = NULL, resolved_how = '', touched_at = app_now()
    FROM facts f WHERE c.state = 'resolved' AND {SAME} RETURNING c.id
), told AS (
    INSERT INTO exceptions_caseevent (case_id, at, kind, summary)
    SELECT id, app_now(), 'regressed', 'The cause came back after it was resolved' FROM back
)
SELECT count(*) FROM back"""  # noqa: S608 -- as above
)
FIGURES: Final = (
    FACTS  # noqa: S608 -- put together from constants of this module
    + f""", moved AS (
    UPDATE exceptions_case c SET summary = f.summary, stage = f.stage, deadline_at = f.deadline_at, value = f.value,
        currency = f.currency, record_count = f.records, order_count = f.orders, touched_at = app_now()
    FROM facts f
    WHERE {SAME} AND (c.record_count, c.order_count, c.value, c.deadline_at, c.stage, c.summary)
        IS DISTINCT FROM (f.records, f.orders, f.value, f.deadline_at, f.stage, f.summary)
    RETURNING c.id
)
SELECT count(*) FROM moved"""  # noqa: S608 -- as above
)
ATTACH: Final = """
WITH attached AS (
    INSERT INTO exceptions_caserecord
        (case_id, record_type, record_id, order_id, stage, value, deadline_at, attached_at)
    SELECT c.id, h.record_type, h.record_id, h.order_id, h.stage, h.value, h.deadline_at, app_now()
    FROM exceptions_held h JOIN exceptions_case c ON c.kind = h.kind AND c.cause_key = h.cause_key
        AND c.connection = h.connection AND c.channel_id IS NOT DISTINCT FROM h.channel_id
    WHERE NOT EXISTS (SELECT 1 FROM exceptions_caserecord r WHERE r.case_id = c.id
        AND r.record_type = h.record_type AND r.record_id = h.record_id AND r.freed_at IS NULL)
    RETURNING 1
)
SELECT count(*) FROM attached"""
FREE: Final = """
WITH freed AS (
    UPDATE exceptions_caserecord r SET freed_at = app_now()
    FROM exceptions_case c
    WHERE r.case_id = c.id AND r.freed_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM exceptions_held h WHERE h.kind = c.kind AND h.record_type = r.record_type
            AND h.record_id = r.record_id)
    RETURNING 1
)
SELECT count(*) FROM freed"""
CLOSE: Final = """
WITH closed AS (
    UPDATE exceptions_case c SET state = 'resolved', resolved_at = app_now(), touched_at = app_now(),
        snoozed_until = NULL, record_count = 0, order_count = 0, deadline_at = NULL,
        resolved_by_id = coalesce(fix.released_by_id, word.cleared_by_id),
        resolved_how = CASE WHEN coalesce(fix.released_by_id, word.cleared_by_id) IS NULL THEN 'by itself' ELSE 'by us' END
    FROM exceptions_case me LEFT JOIN LATERAL (
        SELECT h.released_by_id FROM exceptions_caserecord r JOIN integration_hold h ON h.id = r.record_id
        WHERE r.case_id = me.id AND r.record_type = 'hold' AND h.released_by_id IS NOT NULL
        ORDER BY h.released_at DESC LIMIT 1) fix ON true
    LEFT JOIN LATERAL (
        SELECT f.cleared_by_id FROM exceptions_caserecord r JOIN integration_stockfinding f ON f.id = r.record_id
        WHERE r.case_id = me.id AND r.record_type = 'finding' AND f.cleared_at IS NOT NULL
        ORDER BY f.cleared_at DESC LIMIT 1) word ON true
    WHERE me.id = c.id AND c.state <> 'resolved' AND NOT EXISTS (
        SELECT 1 FROM exceptions_held h WHERE h.kind = c.kind AND h.cause_key = c.cause_key
            AND h.connection = c.connection AND h.channel_id IS NOT DISTINCT FROM c.channel_id)
    RETURNING c.id, c.resolved_by_id
), told AS (
    INSERT INTO exceptions_caseevent (case_id, at, kind, summary, by_id)
    SELECT id, app_now(), 'resolved', 'Nothing waits for this any more; the case closed itself', resolved_by_id FROM closed
)
SELECT count(*) FROM closed"""
WAKE: Final = """
WITH woken AS (
    UPDATE exceptions_case SET state = 'open', snoozed_until = NULL, touched_at = app_now()
    WHERE state = 'snoozed' AND snoozed_until <= app_now() RETURNING id
), told AS (
    INSERT INTO exceptions_caseevent (case_id, at, kind, summary)
    SELECT id, app_now(), 'woken', 'The snooze ended' FROM woken
)
SELECT count(*) FROM woken"""

STEPS: Final = (
    ("opened", OPEN),
    ("regressed", COME_BACK),
    ("moved", FIGURES),
    ("attached", ATTACH),
    ("freed", FREE),
    ("closed", CLOSE),
    ("woken", WAKE),
)


def refresh_cases() -> dict[str, int]:
    """Run a fixed number of set-based statements, whatever is held. Returns how many cases or records each touched.

    Returns nothing when another refresh is under way. Repeating it changes nothing.
    """
    kinds = json.dumps([{"kind": k.kind, "team": k.team, "severity": k.severity} for k in CATALOGUE])
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        if not cursor.fetchone()[0]:
            return {}
        counts = {}
        for name, statement in STEPS:
            cursor.execute(statement, {"kinds": kinds})
            counts[name] = cursor.fetchone()[0]
    return {name: count for name, count in counts.items() if count}
