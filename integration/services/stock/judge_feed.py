"""Says which numbers of a warehouse are not to be relied on: a feed that is overdue, measures that were not told."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from django.db.models import Count, Min

from integration.deposco.profile import Profile
from integration.models import ChannelStock, Facility, StockLevel, StockReading, Warehouse
from integration.services.stock.record_findings import Finding, record_findings

KIND: Final = "stock.stale"
DEFAULT_MINUTES: Final = 30
SHOWN: Final = 10
FEED_KINDS: Final = (StockReading.Kind.FULL, StockReading.Kind.DELTA)


def judge_feed(*, warehouse: Warehouse, profile: Profile, now: datetime) -> int:
    """Make the findings of this warehouse's stock equal to what is stale now. Returns how many there are."""
    found = [*_overdue(warehouse, profile, now), *_absent(warehouse)]
    return record_findings(kinds=[KIND], channel=None, connection=warehouse.connection, found=found, now=now)


def clear_feed(*, warehouse: Warehouse, now: datetime) -> None:
    """Nobody sells this warehouse's stock any more: that it is not read is no finding."""
    record_findings(kinds=[KIND], channel=None, connection=warehouse.connection, found=[], now=now)


def _overdue(warehouse: Warehouse, profile: Profile, now: datetime) -> Sequence[Finding]:
    """The feed as one finding: no reading was applied for longer than the strictest channel of the warehouse allows."""
    key = f"{warehouse.code}:feed"
    if profile.speaks("stock") is None:
        words = (
            f"The stock of {warehouse.name} cannot be read: V2 tells none. "
            "Choose mixed where V1 is granted too, or switch the stock lane off."
        )
        return [Finding(KIND, key, words)]
    readings = StockReading.objects.filter(warehouse=warehouse, kind__in=FEED_KINDS)
    applied = readings.filter(state=StockReading.State.APPLIED).order_by("-began_at").first()
    limit = timedelta(minutes=_minutes(warehouse))
    since = applied.began_at if applied else _watched_since(warehouse, readings.order_by("began_at").first())
    if now - since <= limit:
        return []
    last = readings.exclude(problem="").order_by("-began_at").first()
    problem = last.problem if last is not None and last.began_at > since else ""
    words = (
        f"The stock of {warehouse.name} was last read at {_moment(since)}: its numbers are as of then."
        if applied
        else f"The stock of {warehouse.name} was never read to its end, since {_moment(since)}."
    )
    detail = {"since": since, "minutes": int((now - since) / timedelta(minutes=1)), "problem": problem}
    return [Finding(KIND, key, f"{words} {problem}".strip(), detail=detail)]


def _absent(warehouse: Warehouse) -> Sequence[Finding]:
    """For each facility the items that were listed without a measure, or not at all: their last numbers stand."""
    unknown = StockLevel.objects.filter(facility__warehouse=warehouse, unknown_since__isnull=False)
    counted = unknown.values("facility").annotate(items=Count("id"), since=Min("unknown_since"))
    rows = {row["facility"]: row for row in counted}
    found = []
    for facility in Facility.objects.filter(id__in=rows).order_by("number"):
        items, since = rows[facility.pk]["items"], rows[facility.pk]["since"]
        some = unknown.filter(facility=facility).order_by("item_number").values_list("item_number", flat=True)
        words = (
            f"{warehouse.name} tells no stock of {items} {'item' if items == 1 else 'items'} at {facility.number}, "
            f"since {_moment(since)}: the numbers before it stand."
        )
        detail = {"facility": facility.number, "since": since, "items": list(some[:SHOWN])}
        found.append(Finding(KIND, f"{warehouse.code}:{facility.number}", words, items, detail))
    return found


def _minutes(warehouse: Warehouse) -> int:
    strictest = ChannelStock.objects.filter(
        channel__warehouse=warehouse, channel__is_active=True, channel__lanes__contains=["stock"]
    ).aggregate(least=Min("stale_minutes"))
    return strictest["least"] or DEFAULT_MINUTES


def _watched_since(warehouse: Warehouse, first: StockReading | None) -> datetime:
    return first.began_at if first is not None else warehouse.created_at


def _moment(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
