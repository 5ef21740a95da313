"""A far side that does what a script says with each call, and keeps books; and the handler that speaks to it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.effects import Claimed, NewEffect, ReadBack, ensure_effect
from core.http import AuthError, NotSentError, StatusError, ThrottledError, UnknownOutcomeError
from core.models import Effect
from core.outcomes import Outcome, OutcomeClass

KIND = "test.write"


class PoisonError(Exception):
    """Stands for a bug of our own."""


@dataclass
class FarSide:
    """What was written, by business key, as often as it was; and what the next calls get for an answer."""

    written: list[str] = field(default_factory=list)
    looked: list[str] = field(default_factory=list)
    sent: list[tuple[str, ...]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    spoilt: frozenset[str] = frozenset()
    late: list[str] = field(default_factory=list)
    differs: bool = False

    def commit_late(self) -> None:
        """What was under way arrives."""
        self.written += self.late
        self.late.clear()


class FarSideHandler:
    """One call for the whole batch."""

    kind = KIND
    batch_size = 10
    settle_seconds = 20.0
    lease_seconds = 30

    def __init__(self, far_side: FarSide, *, buckets: Sequence[str] = ()) -> None:
        self.far_side, self.buckets = far_side, tuple(buckets)
        self.done_ids: list[int] = []
        self.parked_codes: list[str] = []
        self.breaks_on_done = False

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        return self.buckets

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        keys = [effect.business_key for effect in batch]
        self.far_side.sent.append(tuple(keys))
        ids = [effect.id for effect in batch]
        match self.far_side.replies.pop(0) if self.far_side.replies else "ok":
            case "ok":
                if self.far_side.spoilt & set(keys):
                    return dict.fromkeys(ids, Outcome(OutcomeClass.PERMANENT, "refused", "a row is bad"))
                self.far_side.written += keys
                return {pk: Outcome(OutcomeClass.OK, result={"n": 1}) for pk in ids}
            case "lost after":
                self.far_side.written += keys
                raise UnknownOutcomeError("reset")
            case "late":
                self.far_side.late += keys
                raise UnknownOutcomeError("timeout")
            case "already":
                return {pk: Outcome(OutcomeClass.ALREADY, "dup", "it is there") for pk in ids}
            case "replaced":
                outcome = Outcome(OutcomeClass.PERMANENT, "old", "something newer goes instead", needs_person=False)
                return dict.fromkeys(ids, outcome)
            case reply:
                raise _error(reply)

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        self.far_side.looked.append(effect.business_key)
        reply = self.far_side.looks.pop(0) if self.far_side.looks else "ok"
        if reply == "cannot tell":
            return ReadBack(found=None)
        if reply == "given up":
            return ReadBack(found=True, same=False, needs_person=False)
        if reply != "ok":
            raise _error(reply)
        return ReadBack(found=effect.business_key in self.far_side.written, same=not self.far_side.differs)

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        if self.breaks_on_done:
            raise PoisonError("what follows cannot be written")
        self.done_ids.append(effect.id)

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        self.parked_codes.append(outcome.code)


_ERRORS: Mapping[str, Any] = {
    "lost before": lambda: UnknownOutcomeError("reset"),
    "not sent": lambda: NotSentError("refused"),
    "throttled": lambda: ThrottledError(429, "", {}, 30.0),
    "maybe throttled": lambda: ThrottledError(503, "", {}, 30.0),
    "auth": lambda: AuthError(401, "", {}),
    "refused": lambda: StatusError(422, "bad", {}),
    "server error": lambda: StatusError(500, "", {}),
    "bug": lambda: PoisonError("a bug"),
}


def _error(reply: str) -> Exception:
    made: Exception = _ERRORS[reply]()
    return made


def wanted(key: str, *, connection: str = "far:ONE", **more: Any) -> Effect:
    """An effect that is due."""
    return ensure_effect(NewEffect(kind=KIND, connection=connection, business_key=key, payload={"key": key}, **more))
