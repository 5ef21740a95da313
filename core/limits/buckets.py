"""Token buckets on the database's clock. A token is taken before the call, so that a crash loop cannot exceed a limit."""

from django.db import connection, transaction

TOP_PRIORITY = 0
MAX_BLOCK_SECONDS = 900.0

_TAKE = """
WITH now AS (SELECT app_now() AS at),
filled AS (
    SELECT b.name,
           LEAST(b.capacity, b.tokens + b.rate * GREATEST(0, EXTRACT(EPOCH FROM now.at - b.updated_at)))::float AS tokens,
           CASE WHEN %(priority)s > 0 THEN b.reserve ELSE 0 END AS reserve,
           GREATEST(0, EXTRACT(EPOCH FROM b.blocked_until - now.at))::float AS blocked,
           b.rate, b.capacity <= 0 AS is_free, now.at
    FROM core_bucket b, now WHERE b.name = %(name)s FOR UPDATE OF b
)
UPDATE core_bucket b
SET tokens = filled.tokens
           - CASE WHEN filled.blocked > 0 OR filled.is_free OR filled.tokens - filled.reserve < 1 THEN 0 ELSE 1 END,
    updated_at = filled.at
FROM filled WHERE b.name = filled.name
RETURNING CASE WHEN filled.blocked > 0 THEN filled.blocked
               WHEN filled.is_free OR filled.tokens - filled.reserve >= 1 THEN 0
               ELSE (1 + filled.reserve - filled.tokens) / NULLIF(filled.rate, 0) END
"""


def ensure_bucket(name: str, *, capacity: float, rate_per_second: float, reserve: float = 0) -> None:
    """Make the bucket, full, or change its figures; what is in it stays."""
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_bucket (name, capacity, rate, tokens, updated_at, reserve)
               VALUES (%s, %s, %s, %s, app_now(), %s)
               ON CONFLICT (name) DO UPDATE SET capacity = EXCLUDED.capacity, rate = EXCLUDED.rate, reserve = EXCLUDED.reserve""",
            [name, capacity, rate_per_second, capacity, reserve],
        )


def take(name: str, *, priority: int = 100) -> float:
    """Take one token: 0.0 when granted, else the seconds to wait. A name without a bucket has no limit.

    Must be called outside a transaction: the token is spent for good before the call is made.
    """
    _refuse_transaction()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"name": name, "priority": priority})
        row = cursor.fetchone()
    return 0.0 if row is None else float(row[0] or 0)


def block(name: str, seconds: float) -> None:
    """Let nobody take a token for a while, as when the far side said Retry-After (1 to 900 seconds).

    A name without a bucket gets one without a limit (capacity 0), so that it can be blocked all the same.
    """
    bounded = min(MAX_BLOCK_SECONDS, max(1.0, seconds))
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO core_bucket (name, capacity, rate, tokens, updated_at, reserve, blocked_until)
               VALUES (%(name)s, 0, 0, 0, app_now(), 0, app_now() + make_interval(secs => %(seconds)s))
               ON CONFLICT (name) DO UPDATE
               SET blocked_until = GREATEST(core_bucket.blocked_until, EXCLUDED.blocked_until)""",
            {"name": name, "seconds": bounded},
        )


def _refuse_transaction() -> None:
    # Tests wrap each test in a transaction of their own, marked by Django itself.
    if connection.in_atomic_block and not all(
        getattr(block, "_from_testcase", False) for block in connection.atomic_blocks
    ):
        message = "a token must be taken outside a transaction"
        raise transaction.TransactionManagementError(message)
