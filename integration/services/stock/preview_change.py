"""What a change of rules would move, worked out beside the rules as they stand and before anything is written."""

from dataclasses import dataclass
from typing import Any

from integration.models import StockRule
from integration.services.stock.change_rules import RuleSet, draft_rules
from integration.services.stock.preview_numbers import Move, Preview, preview_numbers


@dataclass(frozen=True)
class PreviewedChange:
    """What would move, in words and figures, as the pages show it."""

    preview: Preview

    @property
    def moved(self) -> int:
        """How many numbers would move."""
        return self.preview.moved

    @property
    def largest(self) -> tuple[Move, ...]:
        """The largest moves, at most twenty."""
        return self.preview.largest

    @property
    def moved_words(self) -> str:
        """How many numbers, and whether that is an estimate."""
        about = "About " if self.preview.is_estimate else ""
        return f"{about}{self.moved:,} number{'' if self.moved == 1 else 's'}"

    @property
    def words(self) -> str:
        """What was looked at."""
        seen = f"Of {self.preview.numbers:,} numbers that this can touch"
        if self.preview.is_estimate:
            return f"{seen}, {self.preview.sample:,} were worked out: always the same ones, evenly spread over all."
        return f"{seen}, all were worked out with the stock as it is now."

    @property
    def figures(self) -> tuple[tuple[str, str], ...]:
        """Each figure with its name."""
        row = self.preview
        names = (("Higher", row.up), ("Lower", row.down), ("To zero", row.to_zero), ("From zero", row.from_zero))
        return tuple((name, f"{count:,}") for name, count in names)

    @property
    def kept(self) -> dict[str, Any]:
        """What the change keeps of it."""
        row = self.preview
        return {
            "words": f"{self.moved_words}: {row.up:,} higher, {row.down:,} lower",
            "moved": row.moved,
            "numbers": row.numbers,
            "is_estimate": row.is_estimate,
        }


def preview_change(wanted: RuleSet) -> PreviewedChange:
    """What would move if the change were applied now. Writes nothing; a rule with a problem counts as left out."""
    draft = draft_rules(wanted)
    touched = {row.pk for row in (*draft.before, *draft.after) if row.pk}
    staying = [row for row in StockRule.objects.filter(is_active=True) if row.pk not in touched]
    return PreviewedChange(preview_numbers(rules=[*staying, *draft.after]))
