"""The loop every outward write goes through: claim, read back if it was ever sent, intent, send, result."""

import time
from collections.abc import Callable, Sequence
from datetime import timedelta

from core.backoff import backoff_seconds
from core.classify import MAYBE_THROTTLED, NO_TIME, NO_TOKEN
from core.clock import db_now
from core.effects.claim import Claimed, Group, claim
from core.effects.counts import RunCounts
from core.effects.crashpoints import crashpoint
from core.effects.handler import EffectHandler, ReadBack
from core.effects.record import Next, bugs_in_a_row, mark_intent, record
from core.effects.sending import Sending, bug, silenced
from core.limits import block, record_failure, record_success, refuse
from core.outcomes import Outcome, OutcomeClass
from core.wire import call_until

MAX_CRASHES = 3
MAX_BUGS = 5
VERIFY_AFTER_SECONDS = 1.0
TIME_BUDGET_SECONDS = 20.0
REFUSED = "The key or password was refused"


def run_effects(
    handler: EffectHandler,
    *,
    owner: str,
    connection: str | None = None,
    limit: int = 200,
    heartbeat: Callable[[], None] = lambda: None,
    budget_seconds: float = TIME_BUDGET_SECONDS,
) -> RunCounts:
    """Work on due effects of the handler's kind until none is due, `limit` is reached or the time is up.

    Sound effects go in batches. Those that were in hand when a worker died follow in small groups, and those that fell
    twice or hit a bug alone, so that a poisonous one takes few or none along.
    """
    counts = RunCounts()
    began, taken = time.monotonic(), 0
    while taken < limit and time.monotonic() - began < budget_seconds:
        found = 0
        for group in Group:
            claimed_at = time.monotonic()
            batch = claim(
                kind=handler.kind,
                connection=connection,
                limit=min(handler.batch_size, limit - taken),
                lease_seconds=handler.lease_seconds,
                owner=owner,
                group=group,
            )
            if not batch:
                continue
            crashpoint("after_claim", handler.kind)
            found += len(batch)
            _Run(handler, counts, until=claimed_at + handler.lease_seconds / 2).work(batch)
            heartbeat()
            if taken + found >= limit:
                break
        taken += found
        if not found:
            break
    return counts


class _Run:
    """One claimed batch on its way through the loop. No call goes on after half the lease: see `call_until`."""

    def __init__(self, handler: EffectHandler, counts: RunCounts, *, until: float) -> None:
        self.handler, self.counts, self.until = handler, counts, until
        self.sending = Sending(handler)
        self.failed_calls: set[tuple[str, int]] = set()

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
        if time.monotonic() >= self.until:
            self._give_back(effect, NO_TIME, 0.0, phase="read_back")
            return False
        if not self._with_tokens([effect]):
            return False
        crashpoint("before_read_back", self.handler.kind)
        began = time.monotonic()
        seen = self._look(effect)
        crashpoint("after_read_back", self.handler.kind)
        return self._judge(effect, seen, elapsed_ms=_since(began), refusal=None)

    def _look(self, effect: Claimed) -> ReadBack | Outcome:
        try:
            with call_until(self.until):
                return self.handler.read_back(effect)
        except Exception as error:  # noqa: BLE001 -- a bug in one handler must not take the lane down
            return bug(error)

    def _judge(self, effect: Claimed, seen: ReadBack | Outcome, *, elapsed_ms: int, refusal: Outcome | None) -> bool:
        """What a look at the far side means. `refusal`: what the far side had said when the look followed a send."""
        if isinstance(seen, Outcome):
            self._after_failed_look(effect, seen, elapsed_ms)
            return False
        if seen.is_heard:
            self._heard_from(effect)
        if seen.found and seen.same:
            outcome = Outcome(OutcomeClass.OK, "read_back", seen.detail, result=seen.result)
            self._record(effect, outcome, Next("done"), phase="read_back", elapsed_ms=elapsed_ms)
        elif seen.found:
            outcome = Outcome(
                OutcomeClass.PERMANENT, "differs", seen.detail, result=seen.result, needs_person=seen.needs_person
            )
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
        """Not there: wait out a late commit, looking again meanwhile; then a refusal is final, else it may be sent."""
        settles_in = self._settles_in(effect, refusal)
        if refusal is not None and settles_in <= 0:
            self._park(effect, refusal, phase="read_back", elapsed_ms=elapsed_ms)
            return False
        if settles_in > 0:
            cls = OutcomeClass.ALREADY if refusal is not None else OutcomeClass(effect.last_class or "unknown")
            message = refusal.message if refusal is not None else "Not found yet; waiting for a late commit"
            outcome = Outcome(cls, refusal.code if refusal else "settling", message)
            passed = self.handler.settle_seconds - settles_in
            step = Next("unknown", min(settles_in, max(VERIFY_AFTER_SECONDS, passed)))
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
        batch = self._with_tokens(batch, is_send=True)
        crashpoint("before_intent", self.handler.kind)
        ours = mark_intent(batch)
        mine = [effect for effect in batch if effect.id in ours]
        if not mine:
            return
        crashpoint("after_intent", self.handler.kind)
        began = time.monotonic()
        with call_until(self.until):
            outcomes = self.sending.send(mine)
        crashpoint("after_send", self.handler.kind)
        elapsed_ms = _since(began)
        for effect in mine:
            self._settle(effect, outcomes[effect.id], elapsed_ms)

    def _settle(self, effect: Claimed, outcome: Outcome, elapsed_ms: int) -> None:
        """What comes next, by the class of the outcome alone."""
        match outcome.cls:
            case OutcomeClass.OK:
                self._heard_from(effect)
                self._record(effect, outcome, Next("done"), phase="send", elapsed_ms=elapsed_ms)
            case OutcomeClass.ALREADY:
                began = time.monotonic()
                self._judge(effect, self._look(effect), elapsed_ms=elapsed_ms + _since(began), refusal=outcome)
            case OutcomeClass.PERMANENT:
                self._heard_from(effect)
                self._park(effect, outcome, phase="send", elapsed_ms=elapsed_ms)
            case OutcomeClass.BUG if bugs_in_a_row(effect.id) + 1 >= MAX_BUGS:
                self._park(effect, outcome, phase="send", elapsed_ms=elapsed_ms)
            case OutcomeClass.NOT_SENT if outcome.code in (NO_TOKEN, NO_TIME):
                self._give_back(effect, outcome.code, outcome.retry_after or 0.0, phase="send")
            case _:
                self._record(effect, outcome, self._retry(effect, outcome), phase="send", elapsed_ms=elapsed_ms)

    def _retry(self, effect: Claimed, outcome: Outcome) -> Next:
        wait = outcome.retry_after if outcome.retry_after is not None else backoff_seconds(effect.failures + 1)
        unsent = "ready" if effect.first_sent_at is None else "unknown"
        match outcome.cls:
            case OutcomeClass.THROTTLED:
                wait = self._throttled(effect, wait)
                was_sent = outcome.code == MAYBE_THROTTLED
                state = "unknown" if was_sent else unsent
                return Next(state, wait, was_sent=was_sent, counts_as_attempt=False, counts_as_failure=True)
            case OutcomeClass.AUTH:
                refuse(f"conn:{effect.connection}", REFUSED)
                return Next(unsent, 1.0, was_sent=False, counts_as_attempt=False)
            case OutcomeClass.NOT_SENT:
                self._count_failure(effect, outcome)
                return Next(unsent, wait, was_sent=False, counts_as_failure=True)
            case OutcomeClass.BUG:
                return Next("unknown", wait, counts_as_failure=True)
            case _ if outcome.answered:
                self._heard_from(effect)
                return Next("unknown", min(wait, VERIFY_AFTER_SECONDS))
            case _:
                self._count_failure(effect, outcome)
                return Next("unknown", min(wait, VERIFY_AFTER_SECONDS), counts_as_failure=True)

    def _throttled(self, effect: Claimed, wait: float) -> float:
        """Keep every process from this kind of call for as long as the far side said; it answered, so it is well."""
        self._heard_from(effect)
        bounded = max(1.0, min(wait, 900.0))
        for name in self.handler.limits([effect]) or (f"{effect.connection}:{effect.kind}",):
            block(name, bounded)
        return bounded

    def _after_failed_look(self, effect: Claimed, outcome: Outcome, elapsed_ms: int) -> None:
        """The look failed: the effect stays unknown, keeps its sent times, and is looked up again later."""
        if outcome.code in (NO_TOKEN, NO_TIME):
            self._give_back(effect, outcome.code, outcome.retry_after or 0.0, phase="read_back", was_sent=True)
            return
        if outcome.cls is OutcomeClass.BUG and bugs_in_a_row(effect.id) + 1 >= MAX_BUGS:
            self._park(effect, outcome, phase="read_back", elapsed_ms=elapsed_ms)
            return
        wait = outcome.retry_after if outcome.retry_after is not None else backoff_seconds(effect.failures + 1)
        if outcome.cls is OutcomeClass.AUTH:
            refuse(f"conn:{effect.connection}", REFUSED)
        elif outcome.cls is OutcomeClass.THROTTLED:
            wait = self._throttled(effect, wait)
        elif outcome.cls is not OutcomeClass.BUG:
            record_failure(f"conn:{effect.connection}")
        keeps_class = outcome.cls is not OutcomeClass.BUG
        step = Next("unknown", max(1.0, wait), counts_as_failure=True, keeps_class=keeps_class)
        self._record(effect, outcome, step, phase="read_back", elapsed_ms=elapsed_ms)

    def _with_tokens(self, batch: Sequence[Claimed], *, is_send: bool = False) -> list[Claimed]:
        """Take a token of every limit; effects of a connection without one go back, and the attempt does not count."""
        ready: list[Claimed] = []
        for part in self.sending.by_connection(batch):
            # What was looked up first is not given back for want of a token: the next look would take that one as well.
            has_been_sought = is_send and any(effect.first_sent_at is not None for effect in part)
            wait = self.sending.wait_patiently(part) if has_been_sought else self.sending.wait_for_tokens(part)
            if wait <= 0:
                ready.extend(part)
                continue
            for effect in part:
                self._give_back(effect, NO_TOKEN, wait, phase="send")
        return ready

    def _give_back(self, effect: Claimed, code: str, wait: float, *, phase: str, was_sent: bool = False) -> None:
        state = "unknown" if was_sent or effect.first_sent_at is not None else "ready"
        words = "Waits for a free call" if code == NO_TOKEN else "There was no time left in this run"
        step = Next(state, wait, was_sent=was_sent, counts_as_attempt=False, keeps_class=True)
        self._record(effect, Outcome(OutcomeClass.NOT_SENT, code, words), step, phase=phase, elapsed_ms=0)

    def _park(self, effect: Claimed, outcome: Outcome, *, phase: str, elapsed_ms: int = 0) -> None:
        step = Next("parked", parked_code=outcome.code or outcome.cls) if outcome.needs_person else Next("cancelled")
        self._record(effect, outcome, step, phase=phase, elapsed_ms=elapsed_ms)

    def _record(self, effect: Claimed, outcome: Outcome, step: Next, *, phase: str, elapsed_ms: int) -> None:
        try:
            ours = record(self.handler, effect, outcome, step, phase=phase, elapsed_ms=elapsed_ms)
        except Exception as error:  # noqa: BLE001 -- what follows could not be written: kept as a bug, read back later
            ours = self._record_bug(effect, error)
        self.counts.add(step.state if ours else "lost_lease")

    def _record_bug(self, effect: Claimed, error: Exception) -> bool:
        is_last = bugs_in_a_row(effect.id) + 1 >= MAX_BUGS
        step = Next(
            "parked" if is_last else "unknown",
            backoff_seconds(effect.failures + 1),
            counts_as_failure=True,
            parked_code="bug" if is_last else "",
        )
        return record(silenced(self.handler), effect, bug(error), step, phase="send", elapsed_ms=0)

    def _count_failure(self, effect: Claimed, outcome: Outcome) -> None:
        """One failed call is one failure, however many effects it carried: they share its outcome."""
        call = (effect.connection, id(outcome))
        if call not in self.failed_calls:
            self.failed_calls.add(call)
            record_failure(f"conn:{effect.connection}")

    def _heard_from(self, effect: Claimed) -> None:
        record_success(f"conn:{effect.connection}")


def _since(began: float) -> int:
    return int((time.monotonic() - began) * 1000)
