"""Whether a number read back from a shop is the one it was told, and whether two systems keep the same stock back twice."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from statistics import median_low
from typing import Final

# Fewer numbers than this say nothing about a gap, and so does one that fewer than four in five share.
FEWEST_PAIRS: Final = 10
SHARED_PERCENT: Final = 80


class Verdict(StrEnum):
    """What a number read back tells. Only `different` is for people."""

    SAME = "same"
    SETTLING = "settling"
    EXPLAINED = "explained"
    DIFFERENT = "different"


@dataclass(frozen=True)
class Judgement:
    """`by`: how far the shop's number is above ours (negative: below). `words` say it with the numbers."""

    verdict: Verdict
    by: int
    words: str


def judge(
    *,
    pushed: int,
    landed_at: datetime | None,
    seen: int,
    read_began_at: datetime,
    settle: timedelta,
    sold_since: int,
    has_newer_pending: bool,
) -> Judgement:
    """Judge the number `seen` in a reading that began at `read_began_at` against the one that was told last.

    `landed_at` None: not taken by the shop yet. `settle`: how long a number that landed may take to show.
    `sold_since`: offers sold since it landed, which the shop takes off its own number. One that shows any part of these
    sales is explained, since the reading may have begun between them.
    """
    by = seen - pushed
    if by == 0:
        return Judgement(Verdict.SAME, by, f"The marketplace says {seen}, as it was told.")
    if has_newer_pending:
        return Judgement(Verdict.SETTLING, by, "A newer number is on its way.")
    if landed_at is None or read_began_at < landed_at + settle:
        return Judgement(Verdict.SETTLING, by, "The number was told too shortly before it was read back.")
    if -sold_since <= by < 0:
        return Judgement(Verdict.EXPLAINED, by, f"The marketplace says {seen} of {pushed}: {sold_since} sold since.")
    sold = f", and {sold_since} sold since" if sold_since else ""
    return Judgement(Verdict.DIFFERENT, by, f"The marketplace says {seen}; it was told {pushed}{sold}.")


def constant_gap(pairs: Iterable[tuple[int, int]]) -> int | None:
    """The gap by which the second number of most pairs is below the first, if it is one and the same; else None.

    That is how a buffer in another system looks. Pairs with a zero are left out: below zero no gap can be seen.
    Needs ten pairs, and four in five of them with the gap.
    """
    gaps = [ours - theirs for ours, theirs in pairs if ours > 0 and theirs > 0]
    if len(gaps) < FEWEST_PAIRS:
        return None
    gap = median_low(gaps)
    if gap <= 0 or Counter(gaps)[gap] * 100 < SHARED_PERCENT * len(gaps):
        return None
    return gap
