"""The offset of a tenant's clock from UTC, learned from the times it sends, and doubted when readings miss something.

A search by ship date takes times without a zone, and no call tells which zone the tenant means.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone, tzinfo

# The furthest that a clock can be from UTC.
WIDEST = timedelta(hours=14)
DOUBT_FOR = timedelta(hours=24)


@dataclass(frozen=True)
class TenantClock:
    """What is known: the offset in minutes, since when, and until when it is not relied upon."""

    offset_minutes: int | None = None
    learned_at: datetime | None = None
    doubted_until: datetime | None = None

    def is_sure(self, now: datetime) -> bool:
        """Whether a window on the tenant's own clock may be as narrow as it should be."""
        return self.offset_minutes is not None and (self.doubted_until is None or now >= self.doubted_until)

    def zone(self, now: datetime) -> tzinfo:
        """The zone that a window is written in."""
        if self.offset_minutes is None or not self.is_sure(now):
            return UTC
        return timezone(timedelta(minutes=self.offset_minutes))

    def slack(self, now: datetime) -> timedelta:
        """By how much a window must be widened on both sides."""
        return timedelta(0) if self.is_sure(now) else WIDEST

    def learn(self, stamps: Iterable[tuple[datetime, int | None]], now: datetime) -> "TenantClock":
        """Take the offset that the newest stamp is written with; stamps are (moment, offset in minutes)."""
        told = [(moment, offset) for moment, offset in stamps if offset is not None]
        if not told:
            return self
        offset = max(told)[1]
        if offset == self.offset_minutes:
            return self
        return replace(self, offset_minutes=offset, learned_at=now)

    def check(self, missed: Iterable[datetime], *, overlap: timedelta, now: datetime) -> "TenantClock":
        """Doubt the offset when shipments left since it was learned which narrow windows should have shown by now."""
        if self.learned_at is None or not self.is_sure(now):
            return self
        since = self.learned_at + overlap
        if any(since < moment < now - overlap for moment in missed):
            return replace(self, doubted_until=now + DOUBT_FOR)
        return self
