"""Finds what is wrong with a channel's offers: numbers that differ, offers without an item, offers that do not sell."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from django.db import connection as database

from integration.domain.inactivity import NEEDS_QUANTITY, reason_words
from integration.models import Channel, StockFinding
from integration.services.stock.constant_gaps import constant_gap_of
from integration.services.stock.record_findings import Finding

EXAMPLES: Final = 10
# Offers whose number was told, had its minute, and was seen since; nothing newer waits.
GAPS: Final = """
SELECT o.pushed - o.seen, count(*) FROM integration_offerstock o
WHERE o.channel_id = %(channel)s AND o.pushed > 0 AND o.seen > 0 AND o.seen_at > o.pushed_at
  AND o.wanted_seq <= o.pushed_seq
GROUP BY 1"""
# A difference that a second reading confirmed, until a reading shows it gone. Left out: what one gap explains, which is a
# case of its own, and what a person said is meant, until the offer was right once and differs anew.
DIFFERENCES: Final = """
WITH differing AS (
    SELECT o.offer_sku, o.pushed, o.seen, o.seen - o.pushed AS by, o.differs_since
    FROM integration_offerstock o
    WHERE o.channel_id = %(channel)s AND o.differs_since IS NOT NULL AND o.seen_at > o.differs_since
      AND (%(gap)s::int IS NULL OR o.seen = 0 OR o.pushed - o.seen <> %(gap)s)
      AND (%(explained)s::timestamptz IS NULL OR o.differs_since > %(explained)s)
      AND EXISTS (SELECT 1 FROM integration_listedoffer l
          WHERE l.channel_id = o.channel_id AND l.offer_sku = o.offer_sku AND l.gone_at IS NULL)
), worst AS (
    SELECT * FROM differing ORDER BY abs(by) DESC, offer_sku LIMIT %(examples)s
)
SELECT count(*), coalesce(max(abs(by)), 0), count(*) FILTER (WHERE by > 0), min(differs_since),
    (SELECT json_agg(json_build_object('offer', offer_sku, 'told', pushed, 'shown', seen, 'difference', by)
                     ORDER BY abs(by) DESC, offer_sku) FROM worst)
FROM differing"""
UNMAPPED: Final = """
WITH alone AS (
    SELECT l.offer_sku, l.title, l.quantity, l.is_active FROM integration_listedoffer l
    WHERE l.channel_id = %(channel)s AND l.gone_at IS NULL AND NOT l.is_mapped
), first AS (
    SELECT * FROM alone ORDER BY is_active DESC, quantity DESC, offer_sku LIMIT %(examples)s
)
SELECT count(*), count(*) FILTER (WHERE is_active),
    (SELECT json_agg(json_build_object('offer', offer_sku, 'title', left(title, 80), 'shown', quantity,
        'on sale', CASE WHEN is_active THEN 'yes' ELSE 'no' END)
        ORDER BY is_active DESC, quantity DESC, offer_sku) FROM first)
FROM alone"""
# Offers that should sell and do not. That a quantity is too low counts once our number was seen there.
INACTIVE: Final = """
WITH still AS (
    SELECT l.offer_sku, o.wanted, coalesce(reason, '') AS reason
    FROM integration_listedoffer l
    JOIN integration_offerstock o ON o.channel_id = l.channel_id AND o.offer_sku = l.offer_sku
    LEFT JOIN LATERAL unnest(l.inactivity_reasons) AS reason ON true
    WHERE l.channel_id = %(channel)s AND NOT l.is_active AND l.gone_at IS NULL AND o.wanted > 0
      AND (reason IS NULL OR reason <> ALL(%(needs_quantity)s)
           OR (o.pushed > 0 AND o.seen = o.pushed AND o.wanted_seq <= o.pushed_seq AND o.seen_at > o.pushed_at))
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY reason ORDER BY wanted DESC, offer_sku) AS place FROM still
)
SELECT reason, count(*), sum(wanted),
    json_agg(json_build_object('offer', offer_sku, 'should show', wanted) ORDER BY place)
        FILTER (WHERE place <= %(examples)s)
FROM placed GROUP BY reason ORDER BY reason"""


def seen_gap(*, channel: Channel) -> int | None:
    """By how much the shop shows less than it was told, if that is one number for most of its offers."""
    gap = constant_gap_of(_rows(GAPS, channel=channel.pk))
    return None if gap is None else int(gap)


def discrepancies(*, channel: Channel, gap: int | None, now: datetime) -> Sequence[Finding]:
    """One finding for the channel: how many offers differ, by how much, and the worst of them."""
    words = StockFinding.objects.filter(kind="stock.discrepancy", channel=channel, cleared_by__isnull=False)
    explained = words.order_by("-cleared_at").values_list("cleared_at", flat=True).first()
    [(count, largest, more, since, examples)] = _rows(DIFFERENCES, channel=channel.pk, gap=gap, explained=explained)
    if not count:
        return []
    verb = "shows" if count == 1 else "show"
    summary = f"{_offers(count)} of {channel.name} {verb} another number than told, by up to {largest}"
    detail = {
        "offers": count,
        "largest_difference": largest,
        "show_more_than_told": more,
        "show_less_than_told": count - more,
        "oldest_minutes": int((now - since).total_seconds() // 60),
        "examples": _listed(examples),
    }
    return [Finding("stock.discrepancy", channel.code, summary, count, detail)]


def unmapped_offers(*, channel: Channel) -> Sequence[Finding]:
    """One finding for the channel: how many offers no item stands behind, and how many of them are on sale."""
    [(count, active, examples)] = _rows(UNMAPPED, channel=channel.pk)
    if not count:
        return []
    verb = "has" if count == 1 else "have"
    summary = f"{_offers(count)} of {channel.name} {verb} no warehouse item, {active} on sale"
    detail = {"gap": count, "offers": count, "on_sale": active, "examples": _listed(examples)}
    return [Finding("stock.offer_unmapped", channel.code, summary, count, detail)]


def inactive_offers(*, channel: Channel) -> Sequence[Finding]:
    """One finding for each reason for which offers that have stock do not sell."""
    found = []
    for reason, count, units, examples in _rows(INACTIVE, channel=channel.pk, needs_quantity=list(NEEDS_QUANTITY)):
        words = reason_words(reason)
        verb = "does" if count == 1 else "do"
        summary = f"{_offers(count)} of {channel.name} {verb} not sell: {words}"
        detail = {
            "gap": count,
            "offers": count,
            "units_not_sold": units,
            "reason": words,
            "marketplace_code": reason or "none told",
            "examples": _listed(examples),
        }
        found.append(Finding("stock.offer_inactive", reason or "unknown", summary, count, detail))
    return found


def _offers(count: int) -> str:
    return "1 offer" if count == 1 else f"{count:,} offers"


def _listed(examples: Any) -> list[dict[str, Any]]:
    rows = json.loads(examples) if isinstance(examples, str) else examples
    return list(rows or [])


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, {"examples": EXAMPLES, **values})
        return list(cursor.fetchall())
