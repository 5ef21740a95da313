"""Ends a push: what landed, what was refused, what is told again. One transaction, fenced on the push's state."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from core.clock import db_now
from core.effects.crashpoints import crashpoint
from core.redaction import storable
from integration.mirakl.stock_file import RefusedLine
from integration.models import Channel, StockPush
from integration.models.stock_push import OPEN_PUSH
from integration.services.stock.lock_numbers import lock_numbers
from integration.services.stock.push_pace import KIND

# What the lines of a file say at its end: there, surely not there, or nobody knows. Refused ones say so by themselves.
LANDED, NOTHING, UNKNOWN = "landed", "failed", "unknown"
LONGEST_WORDS: Final = 500

# The first reason given for an offer stands for all its lines: an offer of several warehouse codes is refused as one.
_MARK_REFUSED: Final = """
WITH refused AS (
    SELECT DISTINCT ON (sku) sku, words FROM unnest(%(skus)s::text[], %(words)s::text[]) WITH ORDINALITY AS r(sku, words, place)
    ORDER BY sku, place
)
UPDATE integration_stockpushline l SET outcome = 'refused', words = r.words
FROM refused r WHERE l.day = %(day)s AND l.push_id = %(push)s AND l.offer_sku = r.sku
"""
# Only ever upwards: a late answer of an older file leaves alone what a newer one told.
_LAND: Final = """
UPDATE integration_offerstock o
SET pushed = l.quantity, pushed_seq = l.seq, pushed_at = %(now)s, push_id = l.push_id,
    refused_at = NULL, refused_words = '', refusals = 0, retry_at = NULL
FROM integration_stockpushline l
WHERE l.day = %(day)s AND l.push_id = %(push)s AND l.outcome = 'landed'
  AND o.channel_id = %(channel)s AND o.offer_sku = l.offer_sku AND l.seq > o.pushed_seq
"""
# A refused number does not wait in the way of others: it is told again after ten minutes, an hour, six, then daily.
_REFUSE: Final = """
UPDATE integration_offerstock o
SET pushed_seq = l.seq, refused_at = %(now)s, refused_words = l.words, refusals = LEAST(o.refusals, 1000) + 1,
    retry_at = %(now)s + CASE o.refusals WHEN 0 THEN interval '10 minutes' WHEN 1 THEN interval '1 hour'
                                         WHEN 2 THEN interval '6 hours' ELSE interval '1 day' END
FROM integration_stockpushline l
WHERE l.day = %(day)s AND l.push_id = %(push)s AND l.outcome = 'refused'
  AND o.channel_id = %(channel)s AND o.offer_sku = l.offer_sku AND l.seq > o.pushed_seq
"""
_HOURS: Final = """
INSERT INTO integration_offerstockhour AS h (channel_id, offer_sku, hour, lowest, highest, last, pushes)
SELECT channel_id, offer_sku, date_trunc('hour', %(now)s::timestamptz), quantity, quantity, quantity, 1
FROM integration_stockpushline WHERE day = %(day)s AND push_id = %(push)s AND outcome = 'landed'
ORDER BY offer_sku
ON CONFLICT (channel_id, offer_sku, hour) DO UPDATE
SET lowest = LEAST(h.lowest, EXCLUDED.lowest), highest = GREATEST(h.highest, EXCLUDED.highest),
    last = EXCLUDED.last, pushes = h.pushes + 1
"""
_COUNT: Final = """
SELECT count(*) FILTER (WHERE outcome = 'landed'), count(*) FILTER (WHERE outcome = 'refused'),
       sum(CASE WHEN places IS NULL OR places = '{}' THEN 1 ELSE (SELECT count(*) FROM jsonb_object_keys(places)) END)
FROM integration_stockpushline WHERE day = %(day)s AND push_id = %(push)s
"""
_MARK_REST: Final = """
UPDATE integration_stockpushline SET outcome = %(outcome)s WHERE day = %(day)s AND push_id = %(push)s AND outcome = ''
"""


@dataclass(frozen=True)
class Told:
    """How many lines the marketplace says it took and refused; None where it did not say."""

    landed: int | None = None
    refused: int | None = None


def finish_push(*, push: StockPush, refused: Sequence[RefusedLine], told: Told) -> bool:
    """The file was worked through: all lines landed but the `refused` ones. False when the push was over already.

    What was told meanwhile by a newer file stays. Counts that do not add up are kept, and said in the push's words.
    """
    now = db_now()
    values: dict[str, Any] = {"day": push.day, "push": push.pk, "channel": push.channel_id, "now": now}
    with transaction.atomic():
        lock_numbers(Channel(pk=push.channel_id))
        if not _is_processing(push):
            return False
        with database.cursor() as cursor:
            rows = [(line.offer_sku, storable(line.reason)[:LONGEST_WORDS]) for line in refused]
            skus, words = [sku for sku, _ in rows], [words for _, words in rows]
            if refused:
                cursor.execute(_MARK_REFUSED, {**values, "skus": skus, "words": words})
            cursor.execute(_MARK_REST, {**values, "outcome": LANDED})
            for statement in (_LAND, _REFUSE, _HOURS):
                cursor.execute(statement, values)
            cursor.execute(_COUNT, values)
            landed, not_taken, file_lines = cursor.fetchone()
        StockPush.objects.filter(pk=push.pk).update(
            state=StockPush.State.DONE,
            finished_at=now,
            landed=landed,
            refused=not_taken,
            told_landed=told.landed,
            told_refused=told.refused,
            has_report=bool(refused),
            problem=_odd_counts(told, file_lines=int(file_lines or 0), refused=refused, matched=not_taken),
        )
        crashpoint("in_finish", KIND)
    return True


def close_push(*, push: StockPush, state: str, words: str, outcome: str) -> bool:
    """The file came to nothing, or nobody knows: nothing counts as landed, and its numbers still wait to be told.

    False when the push was over already.
    """
    with transaction.atomic():
        rows = StockPush.objects.filter(pk=push.pk, state__in=OPEN_PUSH)
        if not rows.update(state=state, finished_at=db_now(), problem=storable(words)[:LONGEST_WORDS]):
            return False
        with database.cursor() as cursor:
            cursor.execute(_MARK_REST, {"outcome": outcome, "day": push.day, "push": push.pk})
    return True


def _is_processing(push: StockPush) -> bool:
    rows = StockPush.objects.select_for_update().filter(pk=push.pk, state=StockPush.State.PROCESSING)
    return rows.first() is not None


def _odd_counts(told: Told, *, file_lines: int, refused: Sequence[RefusedLine], matched: int) -> str:
    """What does not add up between the file, Mirakl's counts and its report; empty when all does."""
    odd: list[str] = []
    if told.landed is not None and told.landed + (told.refused or 0) != file_lines:
        odd.append(f"the file had {file_lines} lines, and Mirakl tells of {told.landed + (told.refused or 0)}")
    offers = len({line.offer_sku for line in refused})
    # The report lists every line of an offer that has one in error, so it may well be longer than what is in error.
    if told.refused is not None and not offers <= told.refused <= len(refused):
        odd.append(f"Mirakl says that it refused {told.refused} lines, and its report lists {len(refused)}")
    if offers != matched:
        odd.append(f"{offers - matched} refused offers are not in the file")
    return "Counts do not add up: " + "; ".join(odd) if odd else ""
