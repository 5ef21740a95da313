"""What is wrong with telling a shop its stock: files that come to nothing or to no end, and lines that are refused."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database

from core.clock import db_now
from integration.models import Channel, StockPush
from integration.models.stock_push import OPEN_PUSH
from integration.services.stock.record_findings import Finding, record_findings

FAILED, REJECTED = "stock.push_failed", "stock.line_rejected"
SLOW_AFTER: Final = timedelta(minutes=30)
EXAMPLES: Final = 5
MOST_REASONS: Final = 50
# Reasons are one when they differ in the offer or in a number alone.
_REASONS: Final = """
SELECT reason, count(*), (array_agg(offer_sku ORDER BY id))[1:%(examples)s], max(refused_words), min(refused_at)
FROM (
    SELECT o.id, o.offer_sku, o.refused_words, o.refused_at,
           left(regexp_replace(lower(replace(o.refused_words, o.offer_sku, '...')), '[0-9]+', '#', 'g'), 200) AS reason
    FROM integration_offerstock o WHERE o.channel_id = %(channel)s AND o.refused_at IS NOT NULL
) r
GROUP BY reason ORDER BY 2 DESC, 1 LIMIT %(most)s
"""
_WORDS: Final = {
    StockPush.State.FAILED: "was not taken",
    StockPush.State.GIVEN_UP: "was sent, and nobody knows what became of it",
}


def find_push_problems(*, channel: Channel) -> int:
    """Make the channel's findings of both kinds equal to what is wrong now. How many are open."""
    now = db_now()
    found = [*_files(channel, now), *_lines(channel)]
    return record_findings(
        kinds=(FAILED, REJECTED), channel=channel, connection=channel.connection, found=found, now=now
    )


def _files(channel: Channel, now: datetime) -> list[Finding]:
    """The file under way that does not end, and the latest that ended, if it came to nothing: a good one clears it."""
    found: list[Finding] = []
    slow = StockPush.objects.filter(channel=channel, state__in=OPEN_PUSH, sent_at__lt=now - SLOW_AFTER).first()
    if slow is not None:
        words = f"The import {slow.import_id} of {slow.lines} numbers for {channel.name} has no end yet"
        said = slow.mirakl_status or "nothing"
        found.append(Finding(FAILED, "slow", f"{words}: Mirakl says {said}", slow.lines, _detail(slow)))
    ended = StockPush.objects.filter(channel=channel).exclude(state__in=OPEN_PUSH).order_by("-created_at", "-id")
    latest = ended.first()
    if latest is not None and latest.state in _WORDS:
        words = f"A file of {latest.lines} numbers for {channel.name} {_WORDS[StockPush.State(latest.state)]}"
        summary = f"{words}: {latest.problem}" if latest.problem else words
        found.append(Finding(FAILED, latest.state, summary, latest.lines, _detail(latest)))
    return found


def _lines(channel: Channel) -> list[Finding]:
    with database.cursor() as cursor:
        cursor.execute(_REASONS, {"channel": channel.pk, "examples": EXAMPLES, "most": MOST_REASONS})
        rows = cursor.fetchall()
    return [
        Finding(
            REJECTED,
            reason or "no reason",
            f"{channel.name} refuses {count} numbers: {words or 'no reason was given'}",
            count,
            {"examples": examples, "words": words, "since": since.isoformat()},
        )
        for reason, count, examples, words, since in rows
    ]


def _detail(push: StockPush) -> dict[str, object]:
    return {
        "push": push.pk,
        "import_id": push.import_id,
        "lines": push.lines,
        "sends": push.sends,
        "sent_at": push.sent_at.isoformat() if push.sent_at else None,
        "problem": push.problem,
        "mirakl_status": push.mirakl_status,
    }
