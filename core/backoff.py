"""How long to wait before the next try: full jitter, so that many that failed together do not come back together."""

import random

BASE_SECONDS = 1.0
CAP_SECONDS = 900.0


def backoff_seconds(
    attempt: int, *, base: float = BASE_SECONDS, cap: float = CAP_SECONDS, rng: random.Random | None = None
) -> float:
    """A moment between 0 and min(cap, base * 2^attempt) seconds; `attempt` counts from 1."""
    ceiling = min(cap, base * 2 ** min(max(attempt, 0), 30))
    return (rng or random).uniform(0, ceiling)
