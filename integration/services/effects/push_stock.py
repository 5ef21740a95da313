"""STO01: tell a shop the numbers of its offers, as one file whose lines were frozen when it was planned."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from core.audit import record_audit
from core.classify import NO_TOKEN, THROTTLED
from core.clock import db_now
from core.effects import Claimed, ReadBack
from core.http import AuthError
from core.limits import block, take
from core.outcomes import Outcome, OutcomeClass
from integration.gateways import mirakl_for
from integration.models import Channel, ChannelStock, StockPush
from integration.services.effects.connections import channels_of, sendable
from integration.services.effects.fan_out import fan_out
from integration.services.guard_connection import is_not_granted
from integration.services.stock.finish_push import NOTHING, UNKNOWN, close_push
from integration.services.stock.plan_push import withdraw_push
from integration.services.stock.push_file import digest, push_file
from integration.services.stock.push_pace import KIND, apart, push_bucket

PERMANENT = OutcomeClass.PERMANENT
# The first time, and twice more where nobody knows whether it arrived.
MOST_SENDS = 3
# Numbers older than this are not repeated: newer ones take their place.
REPEATED_WITHIN = timedelta(minutes=10)
TOO_LARGE = "http.413"


class PushStock:
    """One file a shop at a time. Repeating it is safe: quantities are absolute, and Mirakl knows a file it still works on.

    There is nothing to look up: no list of imports. A file whose fate is unknown goes again, the same bytes, after the
    settle; after the last time, or when it is old, it is given up, and a newer file takes its place.
    """

    kind = KIND
    batch_size = 4
    settle_seconds = 60.0
    lease_seconds = 60

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """None here: a look asks nobody, so it must not spend the minute's token. See `send`."""
        return ()

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """Send each file that is still wanted and has its shop's token of the minute."""
        channels = channels_of(batch)
        ready, outcomes = sendable(batch, channels, lane="stock")
        files: dict[int, bytes] = {}
        for effect in ready:
            made = _made_ready(effect, channels[effect.connection])
            if isinstance(made, Outcome):
                outcomes[effect.id] = made
            else:
                files[effect.id] = made

        def one(effect: Claimed) -> Outcome:
            client, _ = mirakl_for(channels[effect.connection])
            try:
                return Outcome(OutcomeClass.OK, result={"import_id": client.import_stock(files[effect.id])})
            except AuthError as error:
                # The key is good for other calls, which must not stop; a key that is good for nothing shows there.
                if is_not_granted(error):
                    return Outcome(PERMANENT, f"http.{error.status}", str(error)[:500])
                raise

        leaving = [effect for effect in ready if effect.id in files]
        sent = fan_out(one, leaving, recorders=[mirakl_for(channel)[1] for channel in channels.values()])
        for effect in leaving:
            _after(effect, channels[effect.connection], sent[effect.id])
        # What is refused for good is no person's matter: newer numbers go in the next file, and a finding says it.
        return {**outcomes, **{pk: replace(row, needs_person=row.cls is not PERMANENT) for pk, row in sent.items()}}

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """Whether it goes again, is given up, or waits for the settle; nobody is asked."""
        push = StockPush.objects.filter(pk=effect.subject).first()
        if push is None or push.state != StockPush.State.PLANNED:
            return _given_up("This push is over")
        if push.sends == 0:
            return _given_up("It never left")
        quiet = db_now() - (effect.last_sent_at or push.created_at)
        if quiet < timedelta(seconds=self.settle_seconds):
            wait = self.settle_seconds - quiet.total_seconds()
            return Outcome(OutcomeClass.NOT_SENT, NO_TOKEN, "Waits for a late import", retry_after=wait)
        channel = channels_of([effect]).get(effect.connection)
        if push.sends >= MOST_SENDS:
            return _given_up(f"Sent {push.sends} times, and never answered")
        if channel is None or not channel.has_lane("stock") or quiet > REPEATED_WITHIN:
            return _given_up("Sent without an answer, and not again: its numbers are old")
        return ReadBack(found=False, is_heard=False)

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """Mirakl has the file: from here it is followed by its import.

        Unless that is the import of another push: then it was taken for that one's file, whose end says nothing of it.
        """
        import_id = str(result["import_id"])
        push = StockPush.objects.filter(pk=effect.subject, state=StockPush.State.PLANNED).first()
        if push is None:
            return
        # One that Mirakl did not know when it was asked last is no import that it could answer.
        others = StockPush.objects.filter(channel=push.channel_id, import_id=import_id, misses=0).exclude(pk=push.pk)
        if (other := others.order_by("-id").first()) is not None:
            words = f"Mirakl took it for the file of push {other.pk} and answered that one's import {import_id}"
            close_push(push=push, state=StockPush.State.GIVEN_UP, words=words, outcome=UNKNOWN)
            return
        StockPush.objects.filter(pk=push.pk, state=StockPush.State.PLANNED).update(
            state=StockPush.State.PROCESSING, import_id=import_id
        )

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Refused, given up, or a worker fell over it: its numbers wait for the next file."""
        push = StockPush.objects.select_for_update().filter(pk=effect.subject).first()
        if push is None or push.state != StockPush.State.PLANNED:
            return
        words = f"{outcome.code}: {outcome.message}" if outcome.code.startswith("http.") else outcome.message
        if push.sends == 0 and outcome.code == "differs":
            withdraw_push(push)
        elif outcome.code.startswith("http.") or push.sends == 0:
            close_push(push=push, state=StockPush.State.FAILED, words=words, outcome=NOTHING)
            if outcome.code == TOO_LARGE:
                _halve(push)
        else:
            close_push(push=push, state=StockPush.State.GIVEN_UP, words=words, outcome=UNKNOWN)


def _made_ready(effect: Claimed, channel: Channel) -> bytes | Outcome:
    """The file, with its token taken and its leaving written down; or why it does not leave."""
    push = StockPush.objects.filter(pk=effect.subject, state=StockPush.State.PLANNED).first()
    if push is None:
        return Outcome(PERMANENT, "over", "This push is over", needs_person=False)
    content = push_file(push, delimiter=str(effect.payload["delimiter"]), act=str(effect.payload.get("act", "")))
    sha256 = digest(content)
    if push.sha256 and push.sha256 != sha256:
        return Outcome(PERMANENT, "changed", "The file would not be the same again", needs_person=False)
    wait = take(push_bucket(channel))
    if wait > 0:
        return Outcome(OutcomeClass.NOT_SENT, NO_TOKEN, "Waits for the minute", retry_after=wait)
    leaves = StockPush.objects.filter(pk=push.pk, state=StockPush.State.PLANNED)
    if not leaves.update(sends=F("sends") + 1, sent_at=db_now(), sha256=sha256):
        return Outcome(PERMANENT, "over", "This push is over", needs_person=False)
    return content


def _after(effect: Claimed, channel: Channel, outcome: Outcome) -> None:
    """The next file stays a minute away from where this call ended; one that surely did not arrive did not leave."""
    stock = ChannelStock.objects.filter(channel=channel).first()
    block(push_bucket(channel), apart(stock.push_seconds if stock else 60))
    is_plain_throttle = outcome.cls is OutcomeClass.THROTTLED and outcome.code == THROTTLED
    if outcome.cls in (OutcomeClass.NOT_SENT, OutcomeClass.AUTH) or is_plain_throttle:
        StockPush.objects.filter(pk=effect.subject, sends__gt=0).update(
            sends=F("sends") - 1, sent_at=effect.last_sent_at
        )


def _given_up(words: str) -> ReadBack:
    return ReadBack(found=True, same=False, detail=words, needs_person=False, is_heard=False)


def _halve(push: StockPush) -> None:
    """The shop takes no file of this size: from now on they are half as long."""
    stock = ChannelStock.objects.filter(channel_id=push.channel_id).first()
    if stock is None or push.lines < 2:  # noqa: PLR2004 -- one line cannot be halved
        return
    before = stock.file_lines
    stock.file_lines = max(1, min(before, push.lines) // 2)
    with transaction.atomic():
        stock.save(update_fields=["file_lines", "updated_at"])
        record_audit(
            by=None,
            action="stock.files_made_shorter",
            subject=push.channel,
            before={"file_lines": before},
            after={"file_lines": stock.file_lines, "why": "Mirakl refused a file as too large"},
        )
