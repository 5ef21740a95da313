"""The loop every outward write goes through: claim, read back if it was ever sent, intent, send, result."""

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from core.backoff import backoff_seconds
from core.classify import classify
from core.clock import db_now
from core.effects.claim import Claimed, claim
from core.effects.crashpoints import crashpoint
from core.effects.handler import EffectHandler, ReadBack
from core.effects.record import Next, mark_intent, record
from core.limits import block, open_breaker, record_failure, record_success, take
from core.outcomes import Outcome, OutcomeClass

MAX_CRASHES = 3
MAX_BUGS = 5
AUTH_PAUSE_SECONDS = 3600.0
VERIFY_AFTER_SECONDS = 1.0
TIME_BUDGET_SECONDS = 20.0
TOP_PRIORITY, PRIORITY = 0, 100


@dataclass
class RunCounts:
    """What a run did with the effects it claimed."""

    by_state: dict[str, int] = field(default_factory=dict)

    def add(self, state: str) -> None:
        """Count one effect that went to `state`."""
        self.by_state[state] = self.by_state.get(state, 0) + 1

    def as_dict(self) -> dict[str, int]:
        """The counts by state."""
        return dict(self.by_state)


def run_effects(
    handler: EffectHandler,
    *,
    owner: str,
    connection: str | None = None,
    limit: int = 200,
    heartbeat: Callable[[], None] = lambda: None,
    budget_seconds: float = TIME_BUDGET_SECONDS,
) -> RunCounts:
    """Work on due effects of the handler's kind until none is due, `limit` is reached or the time is up."""
    counts = RunCounts()
    began, taken = time.monotonic(), 0
    while taken < limit and time.monotonic() - began < budget_seconds:
        batch = claim(
            kind=handler.kind,
            connection=connection,
            limit=min(handler.batch_size, limit - taken),
            lease_seconds=handler.lease_seconds,
            owner=owner,
        )
        if not batch:
            break
        crashpoint("after_claim", handler.kind)
        taken += len(batch)
        _Run(handler, counts).work(batch)
        heartbeat()
    return counts


class _Run:
    """One claimed batch on its way through the loop."""

    def __init__(self, handler: EffectHandler, counts: RunCounts) -> None:
        self.handler, self.counts = handler, counts

    def work(self, batch: Sequence[Claimed]) -> None:
        """Poison is parked, what was ever sent is looked up first, the rest is sent."""
        fresh: list[Claimed] = []
        for effect in batch:
            if effect.crash_attempts > MAX_CRASHES:
                words = f"The process died {MAX_CRASHES} times while working on this"
                self._park(effect, Outcome(OutcomeClass.PERMANENT, "crashed", words), phase="send")
            elif effect.first_sent_at is None or self._is_absent(effect):
                fresh.append(effect)
        if fresh:
            self._send(fresh)

    def _is_absent(self, effect: Claimed) -> bool:
        """Read back; True only when it is surely not there, so that it may be sent again."""
        if not self._has_tokens([effect]):
            return False
        began = time.monotonic()
        try:
            seen = self.handler.read_back(effect)
        except Exception as error:  # noqa: BLE001 -- a bug in one handler must not take the lane down
            seen = _bug(error)
        return self._judge(effect, seen, elapsed_ms=_since(began), refusal=None)

    def _judge(self, effect: Claimed, seen: ReadBack | Outcome, *, elapsed_ms: int, refusal: Outcome | None) -> bool:
        """What a look at the far side means. `refusal` is what the far side had said when the look followed a send."""
        if isinstance(seen, Outcome):
            self._after_failed_look(effect, seen, elapsed_ms)
            return False
        self._heard_from(effect)
        if seen.found and seen.same:
            outcome = Outcome(OutcomeClass.OK, "read_back", seen.detail, result=seen.result)
            self._record(effect, outcome, Next("done"), phase="read_back", elapsed_ms=elapsed_ms)
        elif seen.found:
            outcome = Outcome(OutcomeClass.PERMANENT, "differs", seen.detail, result=seen.result)
            self._park(effect, outcome, phase="read_back", elapsed_ms=elapsed_ms)
        elif seen.found is None:
            outcome = Outcome(OutcomeClass.UNKNOWN, "cannot_tell", seen.detail)
            wait = backoff_seconds(effect.failures + 1)
            step = Next("unknown", wait, counts_as_failure=True)
            self._record(effect, outcome, step, phase="read_back", elapsed_ms=elapsed_ms)
        else:
            return self._absent(effect, refusal, elapsed_ms)
        return False

    def _absent(self, effect: Claimed, refusal: Outcome | None, elapsed_ms: int) -> bool:
        """Not there: wait out a late commit; then a refusal is final, and anything else may be sent again."""
        settles_in = self._settles_in(effect, refusal)
        if refusal is not None and settles_in <= 0:
            self._park(effect, refusal, phase="read_back", elapsed_ms=elapsed_ms)
            return False
        if settles_in > 0:
            cls = OutcomeClass.ALREADY if refusal is not None else OutcomeClass(effect.last_class or "unknown")
            message = refusal.message if refusal is not None else "Not found yet; waiting for a late commit"
            outcome = Outcome(cls, refusal.code if refusal else "settling", message)
            step = Next("unknown", settles_in)
            self._record(effect, outcome, step, phase="read_back", elapsed_ms=elapsed_ms)
            return False
        if effect.last_class == OutcomeClass.ALREADY:
            outcome = Outcome(OutcomeClass.PERMANENT, "refused", "Refused, and not there after the settle time")
            self._park(effect, outcome, phase="read_back", elapsed_ms=elapsed_ms)
            return False
        return True

    def _settles_in(self, effect: Claimed, refusal: Outcome | None) -> float:
        """Seconds until a write that was lost on the way must have shown itself; a first, plain refusal needs no wait."""
        if effect.last_sent_at is None or (refusal is not None and effect.first_sent_at is None):
            return 0.0
        settled_at = effect.last_sent_at + timedelta(seconds=self.handler.settle_seconds)
        return (settled_at - db_now()).total_seconds()

    def _send(self, batch: Sequence[Claimed]) -> None:
        if not self._has_tokens(batch):
            return
        crashpoint("before_intent", self.handler.kind)
        ours = mark_intent(batch)
        mine = [effect for effect in batch if effect.id in ours]
        if not mine:
            return
        crashpoint("after_intent", self.handler.kind)
        began = time.monotonic()
        outcomes = self._bisected(mine)
        crashpoint("after_send", self.handler.kind)
        elapsed_ms = _since(began)
        for effect in mine:
            outcome = outcomes.get(effect.id) or Outcome(
                OutcomeClass.UNKNOWN, "no_outcome", "The handler named no outcome"
            )
            self._settle(effect, outcome, elapsed_ms)

    def _bisected(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """Send; a batch that is refused as a whole is halved until the row that spoils it is alone."""
        crashpoint("before_send", self.handler.kind)
        try:
            outcomes = self.handler.send(batch)
        except Exception as error:  # noqa: BLE001 -- a bug in one handler must not take the lane down
            outcomes = dict.fromkeys([effect.id for effect in batch], _bug(error))
        as_a_whole = len({id(outcome) for outcome in outcomes.values()}) == 1
        refused = all(outcome.cls is OutcomeClass.PERMANENT for outcome in outcomes.values())
        if len(batch) == 1 or not (as_a_whole and refused):
            return outcomes
        middle = len(batch) // 2
        halves: dict[int, Outcome] = {}
        for half in (batch[:middle], batch[middle:]):
            wait = max((take(name) for name in self.handler.limits(half)), default=0.0)
            if wait > 0:
                later = Outcome(OutcomeClass.NOT_SENT, "no_token", "Waits for a free call", retry_after=wait)
                halves |= dict.fromkeys([effect.id for effect in half], later)
            else:
                halves |= self._bisected(half)
        return halves

    def _settle(self, effect: Claimed, outcome: Outcome, elapsed_ms: int) -> None:
        """What comes next, by the class of the outcome alone."""
        match outcome.cls:
            case OutcomeClass.OK:
                self._heard_from(effect)
                self._record(effect, outcome, Next("done"), phase="send", elapsed_ms=elapsed_ms)
            case OutcomeClass.ALREADY:
                began = time.monotonic()
                try:
                    seen = self.handler.read_back(effect)
                except Exception as error:  # noqa: BLE001 -- a bug in one handler must not take the lane down
                    seen = _bug(error)
                self._judge(effect, seen, elapsed_ms=elapsed_ms + _since(began), refusal=outcome)
            case OutcomeClass.PERMANENT:
                self._heard_from(effect)
                self._park(effect, outcome, phase="send", elapsed_ms=elapsed_ms)
            case OutcomeClass.BUG if effect.failures + 1 >= MAX_BUGS:
                self._park(effect, outcome, phase="send", elapsed_ms=elapsed_ms)
            case _:
                self._record(effect, outcome, self._retry(effect, outcome), phase="send", elapsed_ms=elapsed_ms)

    def _retry(self, effect: Claimed, outcome: Outcome) -> Next:
        wait = outcome.retry_after if outcome.retry_after is not None else backoff_seconds(effect.failures + 1)
        unsent = "ready" if effect.first_sent_at is None else "unknown"
        match outcome.cls:
            case OutcomeClass.THROTTLED:
                for name in self.handler.limits([effect]):
                    block(name, wait)
                return Next(unsent, max(1.0, min(wait, 900.0)), was_sent=False, counts_as_attempt=False)
            case OutcomeClass.AUTH:
                open_breaker(f"conn:{effect.connection}", AUTH_PAUSE_SECONDS, "The key or password was refused")
                return Next(unsent, 1.0, was_sent=False, counts_as_attempt=False)
            case OutcomeClass.NOT_SENT:
                if outcome.code != "no_token":
                    record_failure(f"conn:{effect.connection}")
                return Next(unsent, wait, was_sent=False, counts_as_failure=True)
            case OutcomeClass.BUG:
                return Next("unknown", wait, counts_as_failure=True)
            case _ if outcome.answered:
                self._heard_from(effect)
                return Next("unknown", min(wait, VERIFY_AFTER_SECONDS))
            case _:
                record_failure(f"conn:{effect.connection}")
                return Next("unknown", min(wait, VERIFY_AFTER_SECONDS), counts_as_failure=True)

    def _after_failed_look(self, effect: Claimed, outcome: Outcome, elapsed_ms: int) -> None:
        """The look failed: the effect stays unknown, keeps its sent times, and is looked up again later."""
        if outcome.cls is OutcomeClass.BUG and effect.failures + 1 >= MAX_BUGS:
            self._park(effect, outcome, phase="read_back", elapsed_ms=elapsed_ms)
            return
        if outcome.cls is OutcomeClass.AUTH:
            open_breaker(f"conn:{effect.connection}", AUTH_PAUSE_SECONDS, "The key or password was refused")
        elif outcome.cls is OutcomeClass.THROTTLED:
            for name in self.handler.limits([effect]):
                block(name, outcome.retry_after or 1.0)
        else:
            record_failure(f"conn:{effect.connection}")
        wait = outcome.retry_after if outcome.retry_after is not None else backoff_seconds(effect.failures + 1)
        step = Next("unknown", max(1.0, wait), counts_as_failure=True)
        kept = Outcome(OutcomeClass(effect.last_class or "unknown"), outcome.code, outcome.message)
        self._record(effect, kept, step, phase="read_back", elapsed_ms=elapsed_ms)

    def _has_tokens(self, batch: Sequence[Claimed]) -> bool:
        """Take a token of every limit; without one the batch goes back, and the attempt does not count."""
        priority = TOP_PRIORITY if self.handler.kind == "mirakl.accept" else PRIORITY
        wait = max((take(name, priority=priority) for name in self.handler.limits(batch)), default=0.0)
        if wait <= 0:
            return True
        for effect in batch:
            state = "ready" if effect.first_sent_at is None else "unknown"
            # The class of the last real outcome stays: it decides what a later look may conclude.
            cls = OutcomeClass(effect.last_class) if effect.last_class else OutcomeClass.NOT_SENT
            step = Next(state, wait, was_sent=False, counts_as_attempt=False)
            self._record(effect, Outcome(cls, "no_token", "Waits for a free call"), step, phase="send", elapsed_ms=0)
        return False

    def _park(self, effect: Claimed, outcome: Outcome, *, phase: str, elapsed_ms: int = 0) -> None:
        step = Next("parked", parked_code=outcome.code or outcome.cls)
        self._record(effect, outcome, step, phase=phase, elapsed_ms=elapsed_ms)

    def _record(self, effect: Claimed, outcome: Outcome, step: Next, *, phase: str, elapsed_ms: int) -> None:
        try:
            ours = record(self.handler, effect, outcome, step, phase=phase, elapsed_ms=elapsed_ms)
        except Exception as error:  # noqa: BLE001 -- what follows could not be written: kept as a bug, read back later
            ours = self._record_bug(effect, error)
        self.counts.add(step.state if ours else "lost_lease")

    def _record_bug(self, effect: Claimed, error: Exception) -> bool:
        outcome = _bug(error)
        is_last = effect.failures + 1 >= MAX_BUGS
        state = "parked" if is_last else "unknown"
        step = Next(
            state, backoff_seconds(effect.failures + 1), counts_as_failure=True, parked_code="bug" if is_last else ""
        )
        return record(_Silent(self.handler), effect, outcome, step, phase="send", elapsed_ms=0)

    def _heard_from(self, effect: Claimed) -> None:
        record_success(f"conn:{effect.connection}")


class _Silent:
    """A handler whose consequences are left out: used to record that writing them failed."""

    def __init__(self, handler: EffectHandler) -> None:
        self.kind, self.batch_size = handler.kind, handler.batch_size
        self.settle_seconds, self.lease_seconds = handler.settle_seconds, handler.lease_seconds
        self.limits, self.send, self.read_back = handler.limits, handler.send, handler.read_back

    def done(self, effect: Claimed, result: Mapping[str, object]) -> None:
        """Nothing follows."""

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Nothing follows."""


def _bug(error: BaseException) -> Outcome:
    outcome = classify(error)
    if outcome.cls is not OutcomeClass.BUG:
        return outcome
    return Outcome(OutcomeClass.BUG, outcome.code, "".join(traceback.format_exception(error))[-4000:])


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
