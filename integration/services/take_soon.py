"""Takes a token that will be there in a moment, instead of coming back a whole beat later."""

import time

from core.limits import take

LONGEST_WAIT = 2.0
HAIR = 0.01


def take_soon(name: str, *, priority: int, longest: float = LONGEST_WAIT) -> bool:
    """Take a token, waiting up to `longest` seconds; False when none comes by then. Outside of transactions only."""
    wait = take(name, priority=priority)
    if 0 < wait <= longest:
        time.sleep(wait + HAIR)
        wait = take(name, priority=priority)
    return wait <= 0
