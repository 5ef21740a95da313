"""Breakers: one row a connection, open while it is not to be called."""

from django.db import connection

FAILURES_TO_OPEN = 8
OPEN_SECONDS = 30.0


def allows(name: str) -> bool:
    """Whether calls may be made: closed, or open long enough for one more try."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM core_breaker WHERE name = %s AND state = 'open' AND opened_until > app_now()", [name]
        )
        return cursor.fetchone() is None


def open_breaker(name: str, seconds: float, reason: str) -> None:
    """Open it for a time, whatever it was."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_breaker (name, state, opened_until, opened_at, failures, reason)
               VALUES (%(name)s, 'open', app_now() + make_interval(secs => %(seconds)s), app_now(), 0, %(reason)s)
               ON CONFLICT (name) DO UPDATE
               SET state = 'open', opened_until = EXCLUDED.opened_until, reason = EXCLUDED.reason,
                   opened_at = CASE WHEN core_breaker.state = 'open' THEN core_breaker.opened_at ELSE app_now() END""",
            {"name": name, "seconds": seconds, "reason": reason},
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
               ON CONFLICT (name) DO UPDATE SET failures = core_breaker.failures + 1 RETURNING failures""",
            [name],
        )
        failures = cursor.fetchone()[0]
    if failures >= FAILURES_TO_OPEN:
        open_breaker(name, OPEN_SECONDS, f"{failures} calls in a row failed")


def record_success(name: str) -> None:
    """A good answer closes the breaker."""
    close_breaker(name)
