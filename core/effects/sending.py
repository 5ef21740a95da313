"""Sends a batch: tokens per connection, and a batch that is refused as a whole is halved until the bad row is alone."""

import time
import traceback
from collections.abc import Mapping, Sequence

from core.classify import NO_TOKEN, classify
from core.effects.claim import Claimed
from core.effects.crashpoints import crashpoint
from core.effects.handler import EffectHandler
from core.limits import take
from core.outcomes import Outcome, OutcomeClass

TOP_PRIORITY, PRIORITY = 0, 100
TOP_KIND = "mirakl.accept"
# How often and how long a token is waited for on the spot. Others may take the one that was waited for.
PATIENCE, LONGEST_WAIT_SECONDS, HAIR = 3, 2.0, 0.01


class Sending:
    """How one handler's batches are sent."""

    def __init__(self, handler: EffectHandler) -> None:
        self.handler = handler
        self.priority = TOP_PRIORITY if handler.kind == TOP_KIND else PRIORITY

    def by_connection(self, batch: Sequence[Claimed]) -> list[list[Claimed]]:
        """The batch in parts, one a connection, in the order in which they come."""
        parts: dict[str, list[Claimed]] = {}
        for effect in batch:
            parts.setdefault(effect.connection, []).append(effect)
        return list(parts.values())

    def wait_for_tokens(self, batch: Sequence[Claimed]) -> float:
        """Take a token of every limit of a call for these; seconds to wait when one of them has none."""
        return max((take(name, priority=self.priority) for name in self.handler.limits(batch)), default=0.0)

    def wait_patiently(self, batch: Sequence[Claimed]) -> float:
        """As wait_for_tokens, but tokens that come back in a moment are waited for here."""
        wait = self.wait_for_tokens(batch)
        for _ in range(PATIENCE):
            if not 0 < wait <= LONGEST_WAIT_SECONDS:
                break
            time.sleep(wait + HAIR)
            wait = self.wait_for_tokens(batch)
        return wait

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """Send what has its tokens. Every effect of the batch gets an outcome."""
        crashpoint("before_send", self.handler.kind)
        try:
            outcomes = dict(self.handler.send(batch))
        except Exception as error:  # noqa: BLE001 -- a bug in one handler must not take the lane down
            outcomes = dict.fromkeys([effect.id for effect in batch], bug(error))
        for effect in batch:
            outcomes.setdefault(effect.id, Outcome(OutcomeClass.UNKNOWN, "no_outcome", "The handler named no outcome"))
        for part in self.by_connection(batch):
            if len(part) > 1 and _is_refused_as_a_whole([outcomes[effect.id] for effect in part]):
                outcomes |= self._halved(part)
        return outcomes

    def _halved(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        middle = len(batch) // 2
        outcomes: dict[int, Outcome] = {}
        for half in (batch[:middle], batch[middle:]):
            wait = self.wait_for_tokens(half)
            if wait > 0:
                later = Outcome(OutcomeClass.NOT_SENT, NO_TOKEN, "Waits for a free call", retry_after=wait)
                outcomes |= dict.fromkeys([effect.id for effect in half], later)
            else:
                outcomes |= self.send(half)
        return outcomes


def _is_refused_as_a_whole(outcomes: Sequence[Outcome]) -> bool:
    """One and the same permanent outcome for all of them: the request was refused, not each row."""
    return len({id(outcome) for outcome in outcomes}) == 1 and outcomes[0].cls is OutcomeClass.PERMANENT


def bug(error: BaseException) -> Outcome:
    """The outcome of something a handler let out; with the traceback when it is an error of our own code."""
    outcome = classify(error)
    if outcome.cls is not OutcomeClass.BUG:
        return outcome
    return Outcome(OutcomeClass.BUG, outcome.code, "".join(traceback.format_exception(error))[-4000:])


def silenced(handler: EffectHandler) -> EffectHandler:
    """The handler without its consequences: used to record that writing them failed."""
    return _Silent(handler)


class _Silent:
    def __init__(self, handler: EffectHandler) -> None:
        self.kind, self.batch_size = handler.kind, handler.batch_size
        self.settle_seconds, self.lease_seconds = handler.settle_seconds, handler.lease_seconds
        self.limits, self.send, self.read_back = handler.limits, handler.send, handler.read_back

    def done(self, effect: Claimed, result: Mapping[str, object]) -> None:
        """Nothing follows."""

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Nothing follows."""
