"""Walking a list by offset while it changes under one's feet, without skipping a row."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

Step = Literal["more", "again", "restart", "end"]
MAX_RESTARTS = 3
MAX_REPEATS = 3


@dataclass
class OffsetWalk:
    """Where a walk stands. `is_sure` False: something may have been skipped, so the cursor must stay where it is."""

    offset: int = 0
    total: int | None = None
    restarts: int = 0
    repeats: int = 0
    is_sure: bool = True
    seen: set[str] = field(default_factory=set)

    def take(self, ids: Iterable[str], *, rows: int, total: int | None, names_next: bool) -> Step:
        """Take a page that was read at `offset`, and say what is to be read next.

        Rows that come to the list only push others to later pages, which repeats rows. Rows that leave it pull others to
        earlier pages, which skips rows: the walk begins anew then. A page that brings nothing new is asked for again
        once, since a faulty far side may send the page before; if it stays so, the walk ends but is not trusted.
        """
        fresh = set(ids) - self.seen
        if total is not None and self.total is not None and total < self.total:
            if self.restarts < MAX_RESTARTS:
                self.offset, self.total, self.repeats = 0, None, 0
                self.restarts += 1
                self.seen.clear()
                return "restart"
            self.is_sure = False
        is_early_end = rows == 0 and total is not None and self.offset < total
        if (rows and self.seen and not fresh) or is_early_end:
            self.repeats += 1
            if self.repeats == 1:
                return "again"
            self.is_sure = self.is_sure and is_early_end
        else:
            self.repeats = 0
        self.seen |= fresh
        self.offset, self.total = self.offset + rows, total
        return self._is_over(rows, names_next=names_next)

    def _is_over(self, rows: int, *, names_next: bool) -> Step:
        if rows == 0 or self.repeats > MAX_REPEATS:
            return "end"
        if names_next or self.total is None or self.offset < self.total:
            return "more"
        return "end"
