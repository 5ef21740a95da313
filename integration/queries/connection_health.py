"""How each connection does, from its calls of the last hour, its breaker and its buckets; constant in statements."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database

from core.clock import db_now
from core.models import Breaker, Bucket

_CALLS: Final = """
SELECT c.name, good.at, hour.calls, hour.errors, hour.throttled, hour.median_ms
FROM unnest(%(names)s::text[]) AS c(name)
LEFT JOIN LATERAL (
    SELECT started_at AS at FROM core_calllog l
    WHERE l.connection = c.name AND l.error = '' ORDER BY l.started_at DESC LIMIT 1) good ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS calls,
           count(*) FILTER (WHERE l.error <> '' AND l.status IS DISTINCT FROM 429) AS errors,
           count(*) FILTER (WHERE l.status = 429) AS throttled,
           percentile_cont(0.5) WITHIN GROUP (ORDER BY l.elapsed_ms) AS median_ms
    FROM core_calllog l
    WHERE l.connection = c.name AND l.started_at > app_now() - interval '1 hour') hour ON true
"""
# What a bucket of a connection is for, by the end of its name.
USES: Final = {"orders": "Reading orders (OR11)", "calls": "All calls", "writes": "Writing"}


@dataclass(frozen=True)
class Use:
    """One published frequency and how much of it is taken now."""

    label: str
    capacity: float
    free: float
    rate: float
    blocked_until: datetime | None

    @property
    def taken(self) -> float:
        """Tokens that are not free."""
        return max(0.0, self.capacity - self.free)

    @property
    def limit_words(self) -> str:
        """The limit as its publisher writes it."""
        if self.rate <= 0:
            return "no limit known"
        if self.rate < 1:
            return f"one call in {1 / self.rate:,.0f} s"
        return f"{self.rate:g} calls a second"


@dataclass(frozen=True)
class Health:
    """One connection. Shares are of the calls of the last hour; None where there was no call."""

    last_good_at: datetime | None = None
    calls: int = 0
    errors: int = 0
    throttled: int = 0
    median_ms: int | None = None
    stopped_since: datetime | None = None
    stopped_reason: str = ""
    tries_again_at: datetime | None = None
    uses: list[Use] = field(default_factory=list)

    @property
    def is_failing(self) -> bool:
        """Whether more calls failed than now and then one does: one in twenty."""
        return self.errors * 20 >= self.calls > 0

    @property
    def error_words(self) -> str:
        """Errors with their share."""
        return _share(self.errors, self.calls)

    @property
    def throttled_words(self) -> str:
        """Calls refused as too many, with their share."""
        return _share(self.throttled, self.calls)


def connection_health(names: Collection[str]) -> dict[str, Health]:
    """The health of every connection named, in four statements whatever their number."""
    with database.cursor() as cursor:
        cursor.execute(_CALLS, {"names": list(names)})
        calls = {name: figures for name, *figures in cursor.fetchall()}
    breakers = Breaker.objects.filter(name__in=[f"conn:{name}" for name in names], state="open").in_bulk()
    uses = _uses(names)
    return {name: _health(calls[name], breakers.get(f"conn:{name}"), uses.get(name, [])) for name in names}


def _uses(names: Collection[str]) -> dict[str, list[Use]]:
    now = db_now()
    uses: dict[str, list[Use]] = {}
    wanted = [f"{name}:{end}" for name in names for end in USES]
    for bucket in Bucket.objects.filter(name__in=wanted).order_by("name"):
        name, _, end = bucket.name.rpartition(":")
        elapsed = max(timedelta(0), now - bucket.updated_at).total_seconds()
        blocked = bucket.blocked_until if bucket.blocked_until and bucket.blocked_until > now else None
        free = min(bucket.capacity, bucket.tokens + bucket.rate * elapsed)
        uses.setdefault(name, []).append(Use(USES[end], bucket.capacity, free, bucket.rate, blocked))
    return uses


def _health(figures: Sequence[object], breaker: Breaker | None, uses: list[Use]) -> Health:
    last_good, calls, errors, throttled, median = figures
    assert last_good is None or isinstance(last_good, datetime)
    assert isinstance(calls, int)
    assert isinstance(errors, int)
    assert isinstance(throttled, int)
    return Health(
        last_good_at=last_good,
        calls=calls,
        errors=errors,
        throttled=throttled,
        median_ms=round(median) if isinstance(median, float) else None,
        stopped_since=breaker.opened_at if breaker else None,
        stopped_reason=(breaker.reason or "it failed several times in a row") if breaker else "",
        tries_again_at=breaker.opened_until if breaker else None,
        uses=uses,
    )


def _share(part: int, whole: int) -> str:
    if not part or not whole:
        return "none"
    percent = part * 100 / whole
    return f"{part:,} ({'under 1' if percent < 1 else f'{percent:.0f}'} %)"
