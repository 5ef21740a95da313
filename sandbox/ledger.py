"""The ledger: every call as it arrived, in order, with an index by what one asks for most."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple


class LedgerEntry(NamedTuple):
    """One call as it arrived. `effective`: it changed something."""

    at: float
    side: str
    owner: str
    operation: str
    key: str
    status: int
    effective: bool


@dataclass(frozen=True)
class Question:
    """What to look for; an empty field fits everything."""

    side: str = ""
    operation: str = ""
    owner: str = ""
    key: str = ""
    effective: bool | None = None
    since: float = 0.0

    def fits(self, entry: LedgerEntry) -> bool:
        """Whether an entry is meant."""
        return (
            self.side in ("", entry.side)
            and self.operation in ("", entry.operation)
            and self.owner in ("", entry.owner)
            and self.key in ("", entry.key)
            and self.effective in (None, entry.effective)
            and entry.at >= self.since
        )


class Ledger(list[LedgerEntry]):
    """All calls of a run. Positions never change, so that a reader can go on where it stopped."""

    def __init__(self) -> None:
        super().__init__()
        self._by_operation: dict[str, list[int]] = {}

    def note(self, entry: LedgerEntry) -> None:
        """Write a call down."""
        self._by_operation.setdefault(entry.operation, []).append(len(self))
        self.append(entry)

    def find(self, question: Question, *, start: int = 0, limit: int = 5000) -> list[tuple[int, LedgerEntry]]:
        """Calls from a position on, each with its position. Only those of the operation are looked at, if one is named."""
        found: list[tuple[int, LedgerEntry]] = []
        for position in self._positions(question, start):
            if question.fits(self[position]):
                found.append((position, self[position]))
                if len(found) >= limit:
                    break
        return found

    def counts(self, question: Question) -> dict[str, dict[str, int]]:
        """Per operation: calls, and how many of them had an effect."""
        counts: dict[str, dict[str, int]] = {}
        for position in self._positions(question, 0):
            entry = self[position]
            if question.fits(entry):
                row = counts.setdefault(entry.operation, {"calls": 0, "effective": 0})
                row["calls"] += 1
                row["effective"] += entry.effective
        return counts

    def _positions(self, question: Question, start: int) -> Iterator[int]:
        if not question.operation:
            return iter(range(start, len(self)))
        return (position for position in self._by_operation.get(question.operation, []) if position >= start)


def as_json(position: int, entry: LedgerEntry) -> dict[str, Any]:
    """An entry as the control calls answer it."""
    return {"position": position, **entry._asdict()}
