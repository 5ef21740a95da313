"""Breakers: one row a connection, open while it is not to be called, half open while one call tries whether it is well."""

from django.db import connection

FAILURES_TO_OPEN = 8
OPEN_SECONDS = 30.0
# How long the one call that tries a half-open connection has, before another may try.
PROBE_SECONDS = 15.0
# A refused key is tried again after a minute, then two, four, eight, at most a quarter of an hour; one call each time.
REFUSED_SECONDS, MAX_REFUSED_SECONDS = 60.0, 900.0

_ALLOWS = """
WITH probe AS (
    UPDATE core_breaker SET opened_until = app_now() + make_interval(secs => %(probe)s)
    WHERE name = %(name)s AND state = 'open' AND opened_until <= app_now() RETURNING 1)
SELECT EXISTS (SELECT 1 FROM probe) OR NOT EXISTS (SELECT 1 FROM core_breaker WHERE name = %(name)s AND state = 'open')
"""
# Many calls that were under way are refused at once: only the first of them, and later each probe, makes the pause longer.
_REFUSED = """
INSERT INTO core_breaker AS b (name, state, opened_until, opened_at, failures, reason)
VALUES (%(name)s, 'open', app_now() + make_interval(secs => %(first)s), app_now(), 1, %(reason)s)
ON CONFLICT (name) DO UPDATE
SET state = 'open', reason = EXCLUDED.reason,
    opened_at = CASE WHEN b.state = 'open' THEN b.opened_at ELSE app_now() END,
    failures = CASE WHEN b.state = 'open' THEN b.failures + 1 ELSE 1 END,
    opened_until = app_now() + make_interval(secs =>
        LEAST(%(most)s, %(first)s * power(2, CASE WHEN b.state = 'open' THEN LEAST(b.failures, 10) ELSE 0 END)))
WHERE b.state <> 'open' OR b.opened_until <= app_now() + make_interval(secs => %(probe)s)
"""


def allows(name: str) -> bool:
    """Whether a call may be made now. Of a breaker whose time is up, one caller is told yes: its call is the test."""
    with connection.cursor() as cursor:
        cursor.execute(_ALLOWS, {"name": name, "probe": PROBE_SECONDS})
        row = cursor.fetchone()
    return bool(row[0])


def open_breaker(name: str, seconds: float, reason: str) -> None:
    """Open it for a time, whatever it was; one that is open for longer stays so."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_breaker (name, state, opened_until, opened_at, failures, reason)
               VALUES (%(name)s, 'open', app_now() + make_interval(secs => %(seconds)s), app_now(), 0, %(reason)s)
               ON CONFLICT (name) DO UPDATE
               SET state = 'open', opened_until = GREATEST(core_breaker.opened_until, EXCLUDED.opened_until),
                   reason = CASE WHEN core_breaker.opened_until > EXCLUDED.opened_until THEN core_breaker.reason
                                 ELSE EXCLUDED.reason END,
                   opened_at = CASE WHEN core_breaker.state = 'open' THEN core_breaker.opened_at ELSE app_now() END""",
            {"name": name, "seconds": seconds, "reason": reason},
        )


def refuse(name: str, reason: str) -> None:
    """Open it since the key or password was refused: one call at growing intervals tries again, all others wait."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REFUSED,
            {
                "name": name,
                "reason": reason,
                "first": REFUSED_SECONDS,
                "most": MAX_REFUSED_SECONDS,
                "probe": PROBE_SECONDS,
            },
        )


def close_breaker(name: str) -> None:
    """Close it and forget the failures."""
    with connection.cursor() as cursor:
        cursor.execute(
            """UPDATE core_breaker SET state = 'closed', opened_until = NULL, opened_at = NULL, failures = 0, reason = ''
               WHERE name = %s AND (state = 'open' OR failures > 0)""",
            [name],
        )


def record_failure(name: str) -> None:
    """Count a failed call; eight in a row open the breaker for half a minute."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_breaker (name, state, failures, reason) VALUES (%s, 'closed', 1, '')
               ON CONFLICT (name) DO UPDATE SET failures = core_breaker.failures + 1 RETURNING failures, state""",
            [name],
        )
        failures, state = cursor.fetchone()
    if failures >= FAILURES_TO_OPEN or state == "open":
        open_breaker(name, OPEN_SECONDS, f"{failures} calls in a row failed")


def record_success(name: str) -> None:
    """A good answer closes the breaker."""
    close_breaker(name)
