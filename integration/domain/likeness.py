"""How alike two article numbers are, whatever dashes, blanks and capitals they are written with."""

import re
from difflib import SequenceMatcher

NOISE = re.compile(r"[^0-9a-z]+")
DIGITS = re.compile(r"\d+")


def likeness(one: str, other: str) -> float:
    """From 0 to 1, the same both ways; 1 when they differ in signs and capitals alone.

    Numbers in them must be the same: ABC-10 is not nearly ABC-12.
    """
    left, right = _plain(one), _plain(other)
    if not left or not right:
        return 0.0
    if left == right:
        return 1.0
    numbers = ([part.lstrip("0") for part in DIGITS.findall(text)] for text in (left, right))
    if next(numbers) != next(numbers):
        return 0.0
    return SequenceMatcher(None, min(left, right), max(left, right), autojunk=False).ratio() * 0.99


def _plain(text: str) -> str:
    return NOISE.sub("", text.casefold())
