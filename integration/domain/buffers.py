"""The rules that shape what is offered: what each may say, and which of them wins for an offer, and why.

For each aspect the most specific rule wins: by offer SKU, then item, then tag, then channel, then everywhere. Among
equals one of the peak calendar beats one without dates, then the newest wins.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Final

from integration.domain.stock import NOTHING, NumberRules

# What each scope adds to a rule's weight; dates that are in force add one.
WEIGHTS: Final = (("offer_sku", 16), ("item", 8), ("tag", 4), ("channel", 2))
SCOPE_WORDS: Final = (("offer_sku", "offer"), ("item", "item"), ("tag", "tag"), ("channel", "channel"))


class Aspect(StrEnum):
    """What a rule sets."""

    BUFFER = "buffer"
    FLOOR = "floor"
    CAP = "cap"
    SHARE = "share"
    PACK = "pack"
    FACILITY = "facility"


# What holds where no rule matches.
WITHOUT_RULE: Final = {
    Aspect.BUFFER: "No buffer rule matches: nothing is kept back.",
    Aspect.FLOOR: "No floor rule matches: any number is told.",
    Aspect.CAP: "No cap rule matches: there is no highest number.",
    Aspect.SHARE: "No share rule matches: all of it is offered.",
    Aspect.PACK: "No pack rule matches: single offers are told.",
    Aspect.FACILITY: "No facility rule matches: the facility is included.",
}


@dataclass(frozen=True)
class StockRule:
    """One aspect for one scope; an empty scope field is any. `id` None: not kept yet, and so the newest.

    `buffer` uses units and percent, `facility` uses includes; the others use value: offers, or percent for a share.
    Both dates are days on which it is in force.
    """

    id: int | None
    aspect: Aspect
    channel: str = ""
    offer_sku: str = ""
    item: str = ""
    tag: str = ""
    facility: str = ""
    units: int | None = None
    percent: Decimal | None = None
    value: int | None = None
    includes: bool | None = None
    first_date: date | None = None
    last_date: date | None = None
    note: str = ""
    is_active: bool = True

    @property
    def has_dates(self) -> bool:
        """Whether it belongs to the peak calendar."""
        return self.first_date is not None or self.last_date is not None

    def is_in_force(self, on: date) -> bool:
        """Whether it counts on that day."""
        return self.is_active and self.has_begun(on) and (self.last_date is None or on <= self.last_date)

    def has_begun(self, on: date) -> bool:
        """Whether its first day is not still to come."""
        return self.first_date is None or self.first_date <= on

    @property
    def scope_words(self) -> str:
        """For whom it is, as people say it: "item A-1, channel EU", or "everywhere"."""
        parts = [f"{word} {getattr(self, field)}" for field, word in SCOPE_WORDS if getattr(self, field)]
        return (", ".join(parts) or "everywhere") + (f", at {self.facility}" if self.facility else "")

    @property
    def value_words(self) -> str:
        """What it sets, as people say it."""
        match self.aspect:
            case Aspect.BUFFER:
                parts = [
                    _units(self.units) if self.units is not None else "",
                    f"{self.percent.normalize():f} %" if self.percent is not None else "",
                ]
                return " or ".join(filter(None, parts))
            case Aspect.FACILITY:
                return "included" if self.includes else "excluded"
            case Aspect.SHARE:
                return f"{self.value} %"
            case _:
                return str(self.value)

    @property
    def dates_words(self) -> str:
        """When it is in force, as people say it; nothing for always."""
        first = f"from {self.first_date.isoformat()}" if self.first_date else ""
        last = f"to {self.last_date.isoformat()}" if self.last_date else ""
        return " ".join(filter(None, (first, last)))


@dataclass(frozen=True)
class Choice:
    """The rule that wins one aspect, or None, and why; `beaten` are all others that fit, each with why it lost."""

    rule: StockRule | None
    why: str
    beaten: tuple[tuple[StockRule, str], ...] = ()


@dataclass(frozen=True)
class ChosenRules:
    """What shapes the number of one offer, and the choice behind each of it."""

    numbers: NumberRules
    choices: dict[Aspect, Choice]


@dataclass(frozen=True)
class FacilityTerms:
    """What a facility gives of one item: whether anything, and what it keeps back."""

    is_included: bool
    held_units: int
    held_percent: Decimal
    included_by: Choice
    held_by: Choice


def weight(rule: StockRule, on: date) -> int:
    """How specific a rule is on that day: the more, the stronger."""
    scope = sum(points for field, points in WEIGHTS if getattr(rule, field))
    return scope + (1 if rule.has_dates and rule.is_in_force(on) else 0)


def choose(
    rules: Iterable[StockRule],
    aspect: Aspect,
    *,
    channel: str,
    offer_sku: str,
    item: str | None,
    tags: Collection[str] = (),
    facility: str | None = None,
    on: date,
) -> Choice:
    """The rule that wins one aspect of an offer on a day.

    `item` and `tags` belong to the one item that the offer stands for; None for several, which no rule by item or tag
    fits. With a `facility` it is the rule for that item there; without, rules for single facilities stay out.
    """
    wanted = {"channel": channel, "offer_sku": offer_sku, "item": item or "", "facility": facility or ""}
    known_tags = tags if item is not None else ()
    fitting = [rule for rule in rules if rule.aspect == aspect and _fits(rule, wanted, known_tags)]
    fitting.sort(key=lambda rule: (rule.is_in_force(on), weight(rule, on), rule.id is None, rule.id or 0), reverse=True)
    if not fitting or not fitting[0].is_in_force(on):
        return Choice(None, WITHOUT_RULE[aspect], tuple((rule, _why_not(rule, None, on)) for rule in fitting))
    winner, others = fitting[0], fitting[1:]
    why = f"{winner.value_words}: {winner.scope_words}" + (f", {winner.dates_words}" if winner.has_dates else "")
    return Choice(winner, why, tuple((rule, _why_not(rule, winner, on)) for rule in others))


def rules_for_offer(
    rules: Iterable[StockRule],
    *,
    channel: str,
    offer_sku: str,
    item: str | None,
    tags: Collection[str] = (),
    on: date,
) -> ChosenRules:
    """The value of each aspect that shapes the offer's number on that day. Rules for facilities: `facility_terms`."""
    known = tuple(rules)
    choices: dict[Aspect, Choice] = {
        aspect: choose(known, aspect, channel=channel, offer_sku=offer_sku, item=item, tags=tags, on=on)
        for aspect in Aspect
        if aspect is not Aspect.FACILITY
    }
    buffer = choices[Aspect.BUFFER].rule
    share = _value(choices[Aspect.SHARE])
    numbers = NumberRules(
        buffer_units=(buffer.units or 0) if buffer else 0,
        buffer_percent=(buffer.percent or NOTHING) if buffer else NOTHING,
        floor=_value(choices[Aspect.FLOOR]) or 0,
        cap=_value(choices[Aspect.CAP]),
        share_percent=Decimal(100 if share is None else share),
        pack_size=_value(choices[Aspect.PACK]) or 1,
    )
    return ChosenRules(numbers, choices)


def facility_terms(
    rules: Iterable[StockRule],
    *,
    channel: str,
    offer_sku: str,
    item: str,
    tags: Collection[str] = (),
    facility: str,
    on: date,
) -> FacilityTerms:
    """What a facility gives of one item of an offer on that day: an item of several is asked for as itself."""
    known = tuple(rules)
    included, held = (
        choose(known, aspect, channel=channel, offer_sku=offer_sku, item=item, tags=tags, facility=facility, on=on)
        for aspect in (Aspect.FACILITY, Aspect.BUFFER)
    )
    return FacilityTerms(
        is_included=included.rule is None or bool(included.rule.includes),
        held_units=(held.rule.units or 0) if held.rule else 0,
        held_percent=(held.rule.percent or NOTHING) if held.rule else NOTHING,
        included_by=included,
        held_by=held,
    )


def _units(units: int) -> str:
    return f"{units:,} unit" if units == 1 else f"{units:,} units"


def _fits(rule: StockRule, wanted: dict[str, str], tags: Collection[str]) -> bool:
    return (
        rule.facility == wanted["facility"]
        and all(getattr(rule, field) in ("", wanted[field]) for field in ("channel", "offer_sku", "item"))
        and (not rule.tag or rule.tag in tags)
    )


def _why_not(rule: StockRule, winner: StockRule | None, on: date) -> str:
    if not rule.is_active:
        return "it is switched off"
    if not rule.has_begun(on):
        return f"it begins on {rule.first_date}"
    if not rule.is_in_force(on) or winner is None:
        return f"it ended on {rule.last_date}"
    if weight(rule, on) // 2 < weight(winner, on) // 2:
        return "the other is more specific"
    if weight(rule, on) < weight(winner, on):
        return "the other has dates"
    return "the other is newer"


def _value(choice: Choice) -> int | None:
    return choice.rule.value if choice.rule else None
