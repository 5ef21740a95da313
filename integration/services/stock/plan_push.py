"""Plans the next file of a shop: freezes the numbers that wait, the urgent first, when the file could be sent at once.

A plan that could not be sent is taken back, so that what is sent later has the numbers of then.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database
from django.db import transaction

from core.clock import db_now
from core.effects import NewEffect, cancel_effect, ensure_effects
from core.models import Effect
from integration.mirakl.stock_file import ACTS
from integration.models import Channel, ChannelStock, StockPush, StockPushLine
from integration.models.stock_push import OPEN_PUSH
from integration.services.stock.finish_push import UNKNOWN, close_push
from integration.services.stock.lock_numbers import try_to_lock_numbers
from integration.services.stock.push_pace import KIND, keep_pace, may_push

# Behind whatever else waits for the shop.
PRIORITY: Final = 200
# A plan that was not sent by then is made anew; the job that sends looks every second.
FRESH_FOR: Final = timedelta(seconds=30)
# How long the next plan waits after one, two, and three or more files in a row came to nothing.
WAITS: Final = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
# An offer that was refused for not being there goes sooner when it is listed again, but not for ever.
SOONER_TIMES: Final = 3
ENDED: Final = ("done", "parked", "cancelled")

# Refused numbers whose time has come wait again, under a new number of the sequence: it only grows.
_RETRY: Final = """
WITH due AS MATERIALIZED (
    SELECT o.id FROM integration_offerstock o
    WHERE o.channel_id = %(channel)s AND o.refused_at IS NOT NULL AND o.wanted IS NOT NULL
      AND o.wanted_seq <= o.pushed_seq AND o.retry_at IS NOT NULL
      AND (o.retry_at <= app_now()
           OR (o.refusals <= %(sooner)s AND o.refused_words ~* '(not exist|not found|no such|unknown offer|unknown sku)'
               AND EXISTS (SELECT 1 FROM integration_listedoffer l
                           WHERE l.channel_id = o.channel_id AND l.offer_sku = o.offer_sku
                             AND l.gone_at IS NULL AND l.read_at > o.refused_at)))
), seq AS MATERIALIZED (
    SELECT nextval('integration_stock_seq') AS seq WHERE EXISTS (SELECT 1 FROM due)
)
UPDATE integration_offerstock o SET wanted_seq = seq.seq, retry_at = NULL FROM due, seq WHERE o.id = due.id
"""
# What goes into the file: drops by how much of the told number they take away, then the rest as it comes. The rest is not
# sorted, so that a first telling of a million numbers costs what its file costs. An offer has a line per warehouse code.
_FREEZE: Final = """
WITH waiting AS (
    (SELECT o.id, o.urgency, (o.pushed - o.wanted)::float8 / NULLIF(o.pushed, 0) AS drop
     FROM integration_offerstock o
     WHERE o.channel_id = %(channel)s AND o.wanted_seq > o.pushed_seq AND o.wanted IS NOT NULL AND o.urgency <= 1
     ORDER BY 2, 3 DESC NULLS LAST, 1 LIMIT %(most)s)
    UNION ALL
    (SELECT o.id, o.urgency, NULL FROM integration_offerstock o
     WHERE o.channel_id = %(channel)s AND o.wanted_seq > o.pushed_seq AND o.wanted IS NOT NULL AND o.urgency > 1
     ORDER BY o.urgency, o.id LIMIT %(most)s)
), first AS (
    SELECT * FROM waiting ORDER BY urgency, drop DESC NULLS LAST, id LIMIT %(most)s
), counted AS (
    SELECT o.*, row_number() OVER line AS place,
           sum(CASE WHEN o.places IS NULL OR o.places = '{}' THEN 1
                    ELSE (SELECT count(*) FROM jsonb_object_keys(o.places)) END) OVER line AS file_lines
    FROM first f JOIN integration_offerstock o ON o.id = f.id
    WINDOW line AS (ORDER BY f.urgency, f.drop DESC NULLS LAST, f.id)
), lines AS (
    INSERT INTO integration_stockpushline (day, push_id, channel_id, offer_sku, quantity, places, seq, before, total,
        eligible, after_kept, free, after_buffer, after_share, after_cap, after_pack, atp_read_at, outcome, words)
    SELECT %(day)s, %(push)s, channel_id, offer_sku, wanted, places, wanted_seq, pushed, total,
           eligible, after_kept, free, after_buffer, after_share, after_cap, after_pack, atp_read_at, '', ''
    FROM counted WHERE place = 1 OR file_lines <= %(most)s ORDER BY place
    RETURNING seq, quantity, before
)
SELECT count(*), COALESCE(max(seq), 0), count(*) FILTER (WHERE quantity < before) FROM lines
"""
_WAITING: Final = """
SELECT EXISTS (SELECT 1 FROM integration_offerstock o
               WHERE o.channel_id = %s AND o.wanted_seq > o.pushed_seq AND o.wanted IS NOT NULL)
"""


@dataclass(frozen=True)
class Planned:
    """What was done: a file of so many offers, or why there is none; and whether an unsent one was taken back."""

    lines: int = 0
    withdrawn: bool = False
    skipped: str = ""


def plan_push(*, channel: Channel) -> Planned:
    """Plan the channel's next file, if none is under way, numbers wait, and it could be sent now.

    With the lane off or the channel paused nothing is planned, and what was not sent yet is taken back. The plan, its
    lines and its effect are one transaction, under the lock of the channel's numbers.
    """
    stock, _ = ChannelStock.objects.get_or_create(channel=channel)
    is_on = channel.has_lane("stock")
    withdrawn = _settle_open(channel, is_on=is_on)
    if StockPush.objects.filter(channel=channel, state__in=OPEN_PUSH).exists():
        return Planned(withdrawn=withdrawn, skipped="the last file is under way")
    if not is_on:
        return Planned(withdrawn=withdrawn, skipped="the lane is off")
    keep_pace(channel, stock)
    if not may_push(channel):
        return Planned(withdrawn=withdrawn, skipped="no call is free yet")
    if _rests(channel, db_now()):
        return Planned(withdrawn=withdrawn, skipped="the last file failed")
    with transaction.atomic():
        if not try_to_lock_numbers(channel):
            return Planned(withdrawn=withdrawn, skipped="the numbers are being worked out")
        return Planned(lines=_freeze(channel, stock), withdrawn=withdrawn)


def _freeze(channel: Channel, stock: ChannelStock) -> int:
    with database.cursor() as cursor:
        cursor.execute(_RETRY, {"channel": channel.pk, "sooner": SOONER_TIMES})
        cursor.execute(_WAITING, [channel.pk])
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute("SELECT nextval(pg_get_serial_sequence('integration_stockpush', 'id')), app_now()")
        push_id, now = cursor.fetchone()
        values = {"channel": channel.pk, "push": push_id, "day": now.date(), "most": stock.file_lines}
        cursor.execute(_FREEZE, values)
        lines, seq_high, drops = cursor.fetchone()
    StockPush.objects.create(
        id=push_id, channel=channel, created_at=now, day=now.date(), lines=lines, seq_high=seq_high, drops=drops
    )
    payload = {"push": push_id, "delimiter": stock.delimiter, "act": _act(channel)}
    effect = NewEffect(KIND, channel.connection, str(push_id), payload, subject_id=push_id, priority=PRIORITY)
    ensure_effects([effect])
    return int(lines)


def _act(channel: Channel) -> str:
    """What sets this file apart from one that was given up: the same bytes would be taken for the import there was.

    The word stays until another file is given up, so that a number that comes and goes is not mistaken each time.
    """
    last = StockPush.objects.filter(channel=channel).exclude(state__in=OPEN_PUSH).order_by("-created_at", "-id").first()
    if last is None:
        return ""
    effect = Effect.objects.filter(kind=KIND, connection=channel.connection, business_key=str(last.pk)).first()
    told = str(effect.payload.get("act", "")) if effect is not None else ""
    if last.state != StockPush.State.GIVEN_UP:
        return told
    return ACTS[(ACTS.index(told) + 1) % len(ACTS)] if told in ACTS else ""


def _settle_open(channel: Channel, *, is_on: bool) -> bool:
    """Take back a plan that was not sent in time or must not be sent; end one whose effect ended without it."""
    push = StockPush.objects.filter(channel=channel, state=StockPush.State.PLANNED).first()
    if push is None:
        return False
    effect = Effect.objects.filter(kind=KIND, connection=channel.connection, business_key=str(push.pk)).first()
    if effect is None or effect.state in ENDED:
        words = effect.last_error[-400:] if effect is not None else "its effect is gone"
        return close_push(push=push, state=StockPush.State.GIVEN_UP, words=f"Ended: {words}", outcome=UNKNOWN)
    if is_on and db_now() - push.created_at < FRESH_FOR:
        return False
    with transaction.atomic():
        note = "numbers of then go instead" if is_on else "the lane is off"
        return cancel_effect(effect_id=effect.pk, note=note) and withdraw_push(push)


def withdraw_push(push: StockPush) -> bool:
    """Remove a plan that never left, as if it had not been made. Caller owns the transaction and has ended its effect."""
    if not StockPush.objects.filter(pk=push.pk, state=StockPush.State.PLANNED, sends=0).delete()[0]:
        return False
    StockPushLine.objects.filter(day=push.day, push_id=push.pk).delete()
    return True


def _rests(channel: Channel, now: datetime) -> bool:
    """Whether the last files came to nothing, and it is not yet time for the next, nor did a person ask for it."""
    latest = StockPush.objects.filter(channel=channel).exclude(state__in=OPEN_PUSH).order_by("-created_at", "-id")
    failed: list[StockPush] = []
    for push in latest[: len(WAITS)]:
        if push.state != StockPush.State.FAILED:
            break
        failed.append(push)
    if not failed or any(push.again_at is not None for push in failed):
        return False
    return now < (failed[0].finished_at or failed[0].created_at) + WAITS[len(failed) - 1]
