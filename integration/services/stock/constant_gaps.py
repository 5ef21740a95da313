"""The rule of integration.domain.stock_proof.constant_gap, over gaps that the database counted."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from integration.domain.stock_proof import FEWEST_PAIRS, SHARED_PERCENT


def constant_gap_of(counted: Iterable[tuple[Any, ...]]) -> Decimal | None:
    """The gap above zero that four in five share, of at least ten; `counted` are gaps with how often each stands."""
    counts = {Decimal(gap): int(number) for gap, number in counted}
    total = sum(counts.values())
    if total < FEWEST_PAIRS:
        return None
    # One that four in five share is the median as well, so the most frequent is the only candidate.
    gap, number = max(counts.items(), key=lambda row: row[1])
    return gap if gap > 0 and number * 100 >= SHARED_PERCENT * total else None
