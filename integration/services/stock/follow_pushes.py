"""Follows a file at the marketplace to its end: how far it is (STO02), and which of its lines were refused (STO03)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from core.clock import db_now
from core.effects.crashpoints import crashpoint
from core.http import HttpError, StatusError, ThrottledError
from core.limits import block, take
from core.redaction import storable
from integration.gateways import mirakl_for
from integration.mirakl.offers import StockImport
from integration.mirakl.stock_file import RefusedLine
from integration.models import Channel, StockPush
from integration.services.guard_connection import connection_allows, note_stock_failure, note_success
from integration.services.stock.finish_push import NOTHING, UNKNOWN, Told, close_push, finish_push
from integration.services.stock.push_again import push_again
from integration.services.stock.push_pace import (
    KIND,
    REPORT_SECONDS,
    STATUS_SECONDS,
    calls_bucket,
    report_bucket,
    status_bucket,
)

NOT_FOUND: Final = 404
# An import that is not over by then is given up, and newer numbers take its place.
NO_END_AFTER: Final = timedelta(hours=2)
# Not known to the marketplace so often and for so long: it is not there.
MOST_MISSES: Final = 3
MISSED_FOR: Final = timedelta(minutes=2)
# How long a report of refused lines may be missing before every line of the file is told again. It is asked for once a
# minute; the import is over, so no newer number must wait for it for long.
REPORT_WITHIN: Final = timedelta(minutes=5)
# An import that was given up without an end may land yet, over newer numbers: now and then it is asked for, for a day.
STRAGGLER_EVERY: Final = timedelta(minutes=10)
STRAGGLES_FOR: Final = timedelta(days=1)
# Files of years need not be looked through: one is under way for hours at most, unless every worker stood still.
STRAGGLERS_SINCE: Final = STRAGGLES_FOR + timedelta(days=1)
OVER: Final = ("COMPLETE", "FAILED")


@dataclass(frozen=True)
class Followed:
    """What a look came to: the push's state after it, or why nobody was asked."""

    state: str = ""
    skipped: str = ""


def follow_push(*, channel: Channel) -> Followed:
    """Ask once for the channel's file that is under way, and end it when it is over.

    The lane may be off: what was sent is followed all the same; only a paused connection is not called. COMPLETE is not
    success: with lines in error their report is read first, and without it nothing counts as landed.
    Raises the errors of core.http, but for an import that is not found.
    """
    now = db_now()
    if (straggler := _straggler(channel, now)) is not None:
        return _ask_straggler(channel, straggler, now)
    push = StockPush.objects.filter(channel=channel, state=StockPush.State.PROCESSING).first()
    if push is None:
        return Followed(skipped="no file is under way")
    if push.complete_at is None and now - (push.sent_at or push.created_at) > NO_END_AFTER:
        words = f"Mirakl had not ended the import {push.import_id} after {_hours(NO_END_AFTER)}"
        return _closed(push, StockPush.State.GIVEN_UP, f"{words}: {push.mirakl_status or 'no answer'}", UNKNOWN)
    if push.complete_at is not None and now - push.complete_at > REPORT_WITHIN:
        count = f"{push.told_refused} lines" if push.told_refused else "lines"
        words = f"Mirakl refused {count} and does not give their report: every line of the file is told again"
        return _closed(push, StockPush.State.GIVEN_UP, words, UNKNOWN)
    if not channel.is_active:
        return Followed(skipped="the connection is paused")
    if push.complete_at is None:
        followed = _ask_status(channel, push, now)
        push = StockPush.objects.get(pk=push.pk)
        if push.complete_at is None or push.state != StockPush.State.PROCESSING:
            return followed
    return _ask_report(channel, push)


def _straggler(channel: Channel, now: datetime) -> StockPush | None:
    """A push that was given up while its import had no end, and that was not asked for lately."""
    if not channel.is_active:
        return None
    lately_made = StockPush.objects.filter(channel=channel, created_at__gt=now - STRAGGLERS_SINCE)
    given_up = lately_made.filter(state=StockPush.State.GIVEN_UP, complete_at=None)
    recent = given_up.exclude(import_id="").exclude(mirakl_status__in=OVER).filter(finished_at__gt=now - STRAGGLES_FOR)
    lately = Q(polled_at__gte=now - STRAGGLER_EVERY)
    return recent.exclude(lately & Q(polled_at__isnull=False)).order_by("polled_at", "id").first()


def _ask_straggler(channel: Channel, push: StockPush, now: datetime) -> Followed:
    """Once it has an end after all, its offers are told their present numbers again: its own may stand over them now."""
    if (skipped := _no_call(channel, status_bucket(channel))) is not None:
        return skipped
    StockPush.objects.filter(pk=push.pk).update(polled_at=now)
    client, recorder = mirakl_for(channel)
    try:
        told = client.stock_import_status(push.import_id)
    except HttpError as error:
        _note(channel, status_bucket(channel), STATUS_SECONDS, error)
        return Followed(skipped="the import that was given up could not be asked for")
    finally:
        recorder.flush()
    note_success(channel.connection)
    if told.is_over:
        with transaction.atomic():
            StockPush.objects.filter(pk=push.pk).update(mirakl_status=storable(told.status.upper())[:40])
            push_again(channel=channel, push=push, by=None)
    return Followed(state=push.state)


def _ask_status(channel: Channel, push: StockPush, now: datetime) -> Followed:
    if (skipped := _no_call(channel, status_bucket(channel))) is not None:
        return skipped
    client, recorder = mirakl_for(channel)
    try:
        told = client.stock_import_status(push.import_id)
    except HttpError as error:
        _note(channel, status_bucket(channel), STATUS_SECONDS, error)
        if isinstance(error, StatusError) and error.status == NOT_FOUND:
            return _missed(push, now)
        raise
    finally:
        recorder.flush()
    crashpoint("after_status", KIND)
    note_success(channel.connection)
    _open(push).update(
        polled_at=now,
        mirakl_status=storable(told.status)[:40],
        has_report=told.tells_errors,
        misses=0,
        missed_since=None,
    )
    if told.is_failed:
        return _closed(push, StockPush.State.FAILED, f"Mirakl could not take the file: {told.status}", NOTHING)
    if told.is_complete:
        return _complete(push, told, now)
    return Followed(state=push.state)


def _complete(push: StockPush, told: StockImport, now: datetime) -> Followed:
    if not (told.tells_errors or told.lines_in_error):
        finish_push(push=push, refused=(), told=Told(told.lines_in_success, told.lines_in_error))
        return Followed(state=StockPush.State.DONE)
    _open(push).update(
        complete_at=Coalesce(F("complete_at"), now),
        told_landed=told.lines_in_success,
        told_refused=told.lines_in_error,
    )
    return Followed(state=push.state)


def _ask_report(channel: Channel, push: StockPush) -> Followed:
    if (skipped := _no_call(channel, report_bucket(channel))) is not None:
        return skipped
    refused = _report(channel, push)
    finish_push(push=push, refused=refused, told=Told(push.told_landed, push.told_refused))
    return Followed(state=StockPush.State.DONE)


def _report(channel: Channel, push: StockPush) -> list[RefusedLine]:
    client, recorder = mirakl_for(channel)
    try:
        refused = client.stock_import_errors(push.import_id)
    except HttpError as error:
        _note(channel, report_bucket(channel), REPORT_SECONDS, error)
        raise
    finally:
        recorder.flush()
    crashpoint("after_report", KIND)
    note_success(channel.connection)
    return refused


def _missed(push: StockPush, now: datetime) -> Followed:
    """The marketplace does not know the import: perhaps not yet. Several times over minutes, it is not there."""
    _open(push).update(polled_at=now, misses=F("misses") + 1, missed_since=Coalesce(F("missed_since"), now))
    push.refresh_from_db()
    since = push.missed_since or now
    if push.misses >= MOST_MISSES and now - since >= MISSED_FOR:
        words = f"Mirakl does not know the import {push.import_id} that it had named: asked {push.misses} times"
        return _closed(push, StockPush.State.GIVEN_UP, words, UNKNOWN)
    return Followed(state=push.state)


def _no_call(channel: Channel, bucket: str) -> Followed | None:
    """Why no call may be made now; None when one may, and then its token is taken. Whatever else waits goes first."""
    if take(calls_bucket(channel)) > 0 or take(bucket) > 0:
        return Followed(skipped="no call is free yet")
    if not connection_allows(channel.connection):
        return Followed(skipped="the connection rests")
    return None


def _note(channel: Channel, bucket: str, seconds: float, error: HttpError) -> None:
    """What the failure means for the connection. Asked to wait, only this kind of call waits: acceptance goes on."""
    if isinstance(error, ThrottledError):
        block(bucket, error.retry_after if error.retry_after is not None else seconds)
    else:
        note_stock_failure(connection=channel.connection, error=error)


def _closed(push: StockPush, state: str, words: str, outcome: str) -> Followed:
    close_push(push=push, state=state, words=words, outcome=outcome)
    return Followed(state=state)


def _open(push: StockPush) -> QuerySet[StockPush]:
    return StockPush.objects.filter(pk=push.pk, state=StockPush.State.PROCESSING)


def _hours(span: timedelta) -> str:
    return f"{span.total_seconds() / 3600:.0f} hours"
