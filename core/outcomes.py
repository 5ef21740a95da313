"""What an outward call came to. Every lane decides its next step from these eight words alone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class OutcomeClass(StrEnum):
    """The classes of outcome; `core.classify` is the table that assigns them."""

    OK = "ok"
    NOT_SENT = "not_sent"
    THROTTLED = "throttled"
    UNKNOWN = "unknown"
    ALREADY = "already"
    PERMANENT = "permanent"
    AUTH = "auth"
    BUG = "bug"


@dataclass(frozen=True)
class Outcome:
    """One outcome. `code` is a short stable word, `message` the far side's own words, `retry_after` is in seconds.

    `answered` says that the far side is well although the outcome is not known yet: such an outcome is no failure of
    the connection and must not open its breaker. `needs_person` False: refused for good, but something newer takes its
    place by itself, so that the effect is withdrawn and nobody has to look.
    """

    cls: OutcomeClass
    code: str = ""
    message: str = ""
    retry_after: float | None = None
    result: Mapping[str, Any] = field(default_factory=dict)
    answered: bool = False
    needs_person: bool = True
