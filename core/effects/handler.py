"""What a kind of effect must know: how it is sent, how it is read back, what it means when done or parked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from core.effects.claim import Claimed
from core.outcomes import Outcome


@dataclass(frozen=True)
class ReadBack:
    """What a look at the far side showed. `found` None: it could not be told; `same`: it is what we wanted.

    `needs_person` False beside `same` False: the write is given up and something newer takes its place by itself.
    `is_heard` False: nothing was asked of the far side, so that this says nothing about how it does.
    """

    found: bool | None
    same: bool = True
    detail: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    needs_person: bool = True
    is_heard: bool = True


class EffectHandler(Protocol):
    """One kind of effect. `send` and `read_back` run outside any transaction; `done` and `parked` inside the result's."""

    kind: str
    batch_size: int
    settle_seconds: float
    lease_seconds: int

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """Names of the buckets a call for this batch takes a token of."""

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """Make the write; an outcome for every effect of the batch, by id."""

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """Look whether the write is there, by its business key; an Outcome when the look itself failed."""

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """Write what follows from the effect being true. May run again after a crash: must be repeatable."""

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Write what follows from the effect needing a person, or from being withdrawn if the outcome needs none."""
