"""Records intent and result, each fenced: an attempt whose lease passed to another changes nothing any more."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import F

from core.clock import db_now
from core.effects.claim import Claimed
from core.effects.crashpoints import crashpoint
from core.effects.handler import EffectHandler
from core.models import Effect, EffectAttempt
from core.outcomes import Outcome, OutcomeClass
from core.redaction import storable

LOOK_BACK = 20


@dataclass(frozen=True)
class Next:
    """Where an effect goes. `was_sent` False gives the sent times of before this attempt back.

    `keeps_class` True leaves the class of the last real outcome standing: it decides what a later look may conclude.
    """

    state: str
    wait_seconds: float = 0.0
    was_sent: bool = True
    counts_as_failure: bool = False
    counts_as_attempt: bool = True
    keeps_class: bool = False
    parked_code: str = ""


def mark_intent(batch: Sequence[Claimed]) -> set[int]:
    """Say, committed, that these are about to be sent; returns the ids that are still ours."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            """UPDATE core_effect e SET last_sent_at = app_now(), first_sent_at = COALESCE(e.first_sent_at, app_now())
               FROM unnest(%s::bigint[], %s::bigint[]) AS mine(id, fence)
               WHERE e.id = mine.id AND e.fence = mine.fence AND e.state = 'in_flight' RETURNING e.id""",
            [[effect.id for effect in batch], [effect.fence for effect in batch]],
        )
        return {row[0] for row in cursor.fetchall()}


def record(
    handler: EffectHandler, effect: Claimed, outcome: Outcome, step: Next, *, phase: str, elapsed_ms: int
) -> bool:
    """Write the result, what follows from it, and the attempt, in one transaction. False when it is no longer ours."""
    crashpoint("before_result", effect.kind)
    with transaction.atomic():
        row = Effect.objects.select_for_update().filter(id=effect.id, fence=effect.fence, state="in_flight").first()
        if row is None:
            return False
        now = db_now()
        values = _values(effect, outcome, step)
        if step.state == "done":
            values["done_at"] = now
            handler.done(effect, outcome.result)
        elif step.state in ("parked", "cancelled"):
            values["done_at"] = now if step.state == "cancelled" else None
            handler.parked(effect, outcome)
        Effect.objects.filter(id=effect.id).update(**values)
        if step.state in ("ready", "unknown"):
            _schedule(effect.id, step.wait_seconds)
        if step.counts_as_attempt or outcome.cls is not OutcomeClass.NOT_SENT:
            EffectAttempt.objects.create(
                effect=row,
                attempt=effect.attempts,
                phase=phase,
                at=now,
                elapsed_ms=elapsed_ms,
                outcome_class=outcome.cls,
                code=storable(outcome.code)[:60],
                message=storable(outcome.message)[:2000],
            )
        crashpoint("in_result", effect.kind)
    crashpoint("after_result", effect.kind)
    return True


def _values(effect: Claimed, outcome: Outcome, step: Next) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": step.state,
        "lease_until": None,
        "crash_attempts": 0,
        "last_class": effect.last_class if step.keeps_class else outcome.cls,
        "last_code": storable(outcome.code)[:60],
        "last_error": storable(outcome.message)[:4000],
        "parked_code": storable(step.parked_code)[:60],
        "failures": F("failures") + 1 if step.counts_as_failure else F("failures"),
    }
    if step.state == "done":
        values |= {"result": _plain(outcome.result), "last_error": "", "failures": 0}
    if not step.was_sent:
        values |= {"first_sent_at": effect.first_sent_at, "last_sent_at": effect.last_sent_at}
    if not step.counts_as_attempt:
        values["attempts"] = F("attempts") - 1
    return values


def _schedule(effect_id: int, wait_seconds: float) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE core_effect SET next_attempt_at = app_now() + make_interval(secs => %s) WHERE id = %s",
            [max(0.0, wait_seconds), effect_id],
        )


def _plain(result: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(
        storable(json.dumps(result, default=str, ensure_ascii=False)).replace("\\u0000", "")
    )
    return plain


def bugs_in_a_row(effect_id: int) -> int:
    """How many of the latest attempts, without a break, ended in an error of our own code."""
    classes = EffectAttempt.objects.filter(effect_id=effect_id).order_by("-id").values_list("outcome_class", flat=True)
    return sum(1 for _ in takewhile(lambda cls: cls == OutcomeClass.BUG, classes[:LOOK_BACK]))
