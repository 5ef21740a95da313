"""The number of an offer and why it is that number: the waterfall from what facilities have to what a shop may sell.

Says nothing about where figures come from. The same arithmetic stands in SQL for a whole channel; a test holds the two
together. Numbers of the waterfall count whole offers, ATP and holds of a facility count units of the item.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Final

NOTHING: Final = Decimal(0)
# Every step in its order: the figure that it leads to, its name, and what people call it.
STEPS: Final = (
    ("eligible", "eligible", "not eligible"),
    ("after_kept", "kept", "kept back at facilities"),
    ("free", "in_flight", "in flight"),
    ("after_buffer", "buffer", "buffer"),
    ("after_share", "share", "share"),
    ("after_cap", "cap", "cap"),
    ("after_pack", "pack", "whole packs"),
    ("quantity", "floor", "below the floor"),
)


class TooFewUnitsError(ValueError):
    """More offers are to be split than the warehouse codes have between them."""


@dataclass(frozen=True)
class FacilityStock:
    """What one facility has of an item.

    `atp` None: never told; it counts as 0 and makes the answer stale. `is_stale`: the number is older than it should be.
    The facility keeps back `held_units` or `held_percent` of its ATP, whichever is more.
    """

    facility: str
    atp: Decimal | None
    is_eligible: bool = True
    held_units: int = 0
    held_percent: Decimal = NOTHING
    is_stale: bool = False

    @property
    def on_offer(self) -> Decimal:
        """The ATP as far as it can be sold: an oversold facility takes nothing from the others."""
        return max(NOTHING, self.atp) if self.atp is not None else NOTHING

    @property
    def after_held(self) -> Decimal:
        """What is left when the facility has kept back its own."""
        held = max(Decimal(self.held_units), percent_up(self.on_offer, self.held_percent))
        return max(NOTHING, self.on_offer - held)


@dataclass(frozen=True)
class Component:
    """An item of the offer: so many `units` of it are in one offer. `in_flight`: sold anywhere, not yet in its ATP."""

    item_number: str
    units: Decimal
    facilities: tuple[FacilityStock, ...]
    in_flight: Decimal = NOTHING

    def __post_init__(self) -> None:
        """Refuse an item of which an offer holds nothing: it would be free without end."""
        if self.units <= 0:
            raise ValueError(f"an offer holds more than no units of {self.item_number}")

    @property
    def is_known(self) -> bool:
        """Whether at least one facility has told a number."""
        return any(stock.atp is not None for stock in self.facilities)

    def offers(self, units: Decimal) -> int:
        """How many whole offers so many units of the item make."""
        return int(max(NOTHING, units) // self.units)


@dataclass(frozen=True)
class NumberRules:
    """One value of each aspect that shapes the number, as the winning rules set them. `cap` None: no cap."""

    buffer_units: int = 0
    buffer_percent: Decimal = NOTHING
    floor: int = 0
    cap: int | None = None
    share_percent: Decimal = Decimal(100)
    pack_size: int = 1


@dataclass(frozen=True)
class Step:
    """One step of a waterfall: by how much it moves the number, and what is left after it."""

    name: str
    words: str
    change: int
    after: int


@dataclass(frozen=True)
class Waterfall:
    """What is left after each step, in offers. Nothing may be told to a shop while `quantity` is None."""

    total: int
    eligible: int
    after_kept: int
    free: int
    after_buffer: int
    after_share: int
    after_cap: int
    after_pack: int
    quantity: int | None
    limiting_item: str = ""
    is_known: bool = True
    is_stale: bool = False

    def steps(self) -> tuple[Step, ...]:
        """Every step, also those that change nothing; `total` and all changes add up to the quantity. () if unknown."""
        if self.quantity is None:
            return ()
        before, steps = self.total, []
        for figure, name, words in STEPS:
            after = int(getattr(self, figure))
            steps.append(Step(name, words, after - before, after))
            before = after
        return tuple(steps)


def percent_up(number: Decimal | int, percent: Decimal) -> Decimal:
    """So many percent of the number, rounded up to a whole one."""
    return (number * percent / 100).to_integral_value(ROUND_CEILING)


def offer_number(components: Sequence[Component], rules: NumberRules) -> Waterfall:
    """The number of one offer that holds these items, with every step to it.

    Never negative and never above what eligible facilities have. It never falls as in-flight units shrink or a buffer
    does. It never falls as ATP grows either, but for percentages: a buffer in percent is taken of what is there before
    in-flight units, in whole offers, so while units are in flight an offer of several items or of several units can lose
    one by ATP that does not yet make another whole offer free.
    An offer without items, or with an item of which no facility ever told a number, is not known.
    """
    is_known = bool(components) and all(part.is_known for part in components)
    kept = [(part, _sum(stock.after_held for stock in part.facilities if stock.is_eligible)) for part in components]
    after_kept = _scarcest((part, units) for part, units in kept)
    free = _scarcest((part, units - part.in_flight) for part, units in kept)
    buffer = max(rules.buffer_units, int(percent_up(after_kept.offers, rules.buffer_percent)))
    after_buffer = max(0, free.offers - buffer)
    after_share = int((after_buffer * rules.share_percent / 100).to_integral_value(ROUND_FLOOR))
    after_cap = after_share if rules.cap is None else min(after_share, rules.cap)
    after_pack = after_cap - after_cap % rules.pack_size
    quantity = after_pack if after_pack >= rules.floor else 0
    return Waterfall(
        total=_scarcest((part, _sum(stock.on_offer for stock in part.facilities)) for part in components).offers,
        eligible=_scarcest(
            (part, _sum(stock.on_offer for stock in part.facilities if stock.is_eligible)) for part in components
        ).offers,
        after_kept=after_kept.offers,
        free=free.offers,
        after_buffer=after_buffer,
        after_share=after_share,
        after_cap=after_cap,
        after_pack=after_pack,
        quantity=quantity if is_known else None,
        limiting_item=free.item_number,
        is_known=is_known,
        is_stale=any(stock.atp is None or stock.is_stale for part in components for stock in part.facilities),
    )


def waterfall_from_figures(
    *,
    total: int,
    eligible: int,
    after_kept: int,
    free: int,
    after_buffer: int,
    after_share: int,
    after_cap: int,
    after_pack: int,
    quantity: int | None,
    limiting_item: str = "",
    is_stale: bool = False,
) -> Waterfall:
    """The waterfall of a number that was worked out and kept before. A quantity of None was not known then."""
    return Waterfall(
        total=total,
        eligible=eligible,
        after_kept=after_kept,
        free=free,
        after_buffer=after_buffer,
        after_share=after_share,
        after_cap=after_cap,
        after_pack=after_pack,
        quantity=quantity,
        limiting_item=limiting_item,
        is_known=quantity is not None,
        is_stale=is_stale,
    )


def split_by_code(quantity: int, available: Mapping[str, int]) -> dict[str, int]:
    """Whole offers per warehouse code: the fullest gives first, the sum is the quantity, every code is named.

    Codes with as much as each other give in the order of their names. Raises TooFewUnitsError when the codes have less
    between them than the quantity, as an offer of several items can: each code must hold all of them.
    """
    left = max(0, quantity)
    split: dict[str, int] = {}
    for code in sorted(available, key=lambda code: (-available[code], code)):
        split[code] = min(left, max(0, available[code]))
        left -= split[code]
    if left:
        raise TooFewUnitsError(f"{quantity} offers are more than the {quantity - left} that the warehouse codes have")
    return split


@dataclass(frozen=True)
class _Scarcest:
    offers: int
    item_number: str


def _scarcest(units: Iterable[tuple[Component, Decimal]]) -> _Scarcest:
    offers, item_number = min(((part.offers(each), part.item_number) for part, each in units), default=(0, ""))
    return _Scarcest(offers, item_number)


def _sum(units: Iterable[Decimal]) -> Decimal:
    return sum(units, NOTHING)
