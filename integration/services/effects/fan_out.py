"""Makes several outward calls at once, each with an outcome of its own. Threads never touch the database."""

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

from core.classify import classify
from core.effects import Claimed
from core.outcomes import Outcome, OutcomeClass
from integration.gateways import CallRecorder, serving

AT_ONCE = 16


def fan_out(
    call: Callable[[Claimed], Outcome], batch: Sequence[Claimed], *, recorders: Iterable[CallRecorder]
) -> Mapping[int, Outcome]:
    """Run `call` for every effect; what it raises becomes that effect's outcome. Records the calls afterwards.

    After a refused key the rest is not called: the answer would be the same, and far sides lock keys that insist.
    """
    refused: dict[str, Outcome] = {}

    def guarded(effect: Claimed) -> Outcome:
        if effect.connection in refused:
            return refused[effect.connection]
        outcome = attempted(effect)
        if outcome.cls is OutcomeClass.AUTH:
            refused[effect.connection] = outcome
        return outcome

    def attempted(effect: Claimed) -> Outcome:
        try:
            with serving(effect.id):
                return call(effect)
        except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
            return outcome_of(error)

    if not batch:
        return {}
    if len(batch) == 1:
        outcomes = [guarded(batch[0])]
    else:
        with ThreadPoolExecutor(max_workers=min(AT_ONCE, len(batch))) as pool:
            # Each thread goes by the deadline of this one.
            contexts = [copy_context() for _ in batch]
            outcomes = list(pool.map(lambda context, effect: context.run(guarded, effect), contexts, batch))
    for recorder in recorders:
        recorder.flush()
    return {effect.id: outcome for effect, outcome in zip(batch, outcomes, strict=True)}


def outcome_of(error: BaseException) -> Outcome:
    """The outcome of something raised, with the traceback when it is our own bug."""
    outcome = classify(error)
    if outcome.cls is OutcomeClass.BUG:
        return Outcome(outcome.cls, outcome.code, "".join(traceback.format_exception(error))[-4000:])
    return outcome
