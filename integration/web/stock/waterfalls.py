"""The way from what facilities have to the number that is told: as rows with a bar each, and as one short sentence."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from integration.domain.stock import Waterfall, waterfall_from_figures
from integration.models import OfferStock, StockPushLine

FIGURES: Final = ("total", "eligible", "after_kept", "free", "after_buffer", "after_share", "after_cap", "after_pack")
# How wide the drawing is; positions within it are hundredths of a percent of the total.
WIDTH: Final = 100.0


@dataclass(frozen=True)
class Reason:
    """Why a step is what it is: the words, and the rule that decided it, if one did."""

    words: str
    rule_id: int | None = None
    address: str = ""
    beaten: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bar:
    """One row's bar: what is left, and behind it what the step took, or what a later step left unused."""

    left: float
    taken: float


@dataclass(frozen=True)
class Row:
    """One row of the waterfall. `change` None: the first and the last row, which are sums."""

    name: str
    words: str
    change: int | None
    after: int
    bar: Bar
    reason: Reason | None = None

    @property
    def size(self) -> int:
        """The change without its sign."""
        return abs(self.change or 0)


def waterfall_of(row: OfferStock | StockPushLine) -> Waterfall | None:
    """The waterfall that was kept with a number; None where none was, or the number is not known."""
    quantity = row.wanted if isinstance(row, OfferStock) else row.quantity
    figures = {name: getattr(row, name) for name in FIGURES}
    if quantity is None or None in figures.values():
        return None
    return waterfall_from_figures(**figures, quantity=quantity)


def rows_of(waterfall: Waterfall, reasons: Mapping[str, Reason]) -> list[Row]:
    """Every step in its order, the total before and the number behind them; nothing when it is not known."""
    quantity = waterfall.quantity
    if quantity is None:
        return []
    scale = WIDTH / max(waterfall.total, 1)
    rows = [Row("total", "In all facilities", None, waterfall.total, Bar(_at(waterfall.total * scale), 0.0))]
    for step in waterfall.steps():
        bar = Bar(_at(step.after * scale), _at(max(0, -step.change) * scale))
        words = step.words[0].upper() + step.words[1:]
        rows.append(Row(step.name, words, step.change, step.after, bar, reasons.get(step.name)))
    rows.append(Row("quantity", "The number", None, quantity, Bar(_at(quantity * scale), 0.0)))
    return rows


def change_words(row: OfferStock | StockPushLine) -> str:
    """The waterfall as one sentence: only the steps that changed something."""
    waterfall = waterfall_of(row)
    if waterfall is None:
        return "No steps were kept."
    changes = [f"{step.change:+,} {step.words}".replace("-", "\u2212") for step in waterfall.steps() if step.change]
    return f"{', '.join([f'{waterfall.total:,} in all', *changes])} = {waterfall.quantity:,}"


def _at(number: float) -> float:
    return round(number, 2)
