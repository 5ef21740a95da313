"""How many calls may come at once and how fast they come back, so that no second ever holds more than is allowed."""

import math
from dataclasses import dataclass

# Below this many calls a second there is none to keep for reading what has left.
LEAST_FOR_RESERVE = 3.0
SHARE_AT_ONCE = 0.25
# Less than one whole call: it is what two calls may arrive closer together than they were sent.
SLACK = 0.8


@dataclass(frozen=True)
class CallBudget:
    """The figures of a bucket: in any second at most `capacity + refill` calls are granted."""

    capacity: float
    refill: float
    reserve: float

    @property
    def most_in_a_second(self) -> int:
        """Calls that can fall into one second: those saved up, and those that come back meanwhile."""
        return math.floor(self.capacity + self.refill)


def call_budget(per_second: float) -> CallBudget:
    """The budget for an account that may be called so often a second, counted over any second, not on average."""
    if per_second < LEAST_FOR_RESERVE:
        return CallBudget(capacity=1.0, refill=max(per_second - 1 + SLACK, per_second / 2), reserve=0.0)
    capacity = max(2.0, per_second * SHARE_AT_ONCE)
    return CallBudget(capacity=capacity, refill=per_second + SLACK - capacity, reserve=1.0)
