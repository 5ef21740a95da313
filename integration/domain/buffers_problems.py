"""What is wrong with a rule as somebody entered it: everything at once, each in words for the field it belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from integration.domain.buffers import Aspect, StockRule

MOST_UNITS: Final = 1_000_000_000
HUNDRED: Final = 100
DECIMALS: Final = 2
# The longest text that each field takes.
LENGTHS: Final = {"channel": 60, "offer_sku": 200, "item": 60, "tag": 60, "facility": 60, "note": 200}
OF_FACILITIES: Final = frozenset({Aspect.BUFFER, Aspect.FACILITY})
# The fields that each aspect uses; the others stay empty.
USES: Final = {
    Aspect.BUFFER: ("units", "percent"),
    Aspect.FLOOR: ("value",),
    Aspect.CAP: ("value",),
    Aspect.SHARE: ("value",),
    Aspect.PACK: ("value",),
    Aspect.FACILITY: ("includes",),
}
# The least and the most that `value` may be, and what to say of another.
RANGES: Final = {
    Aspect.FLOOR: (0, MOST_UNITS, "A floor is 0 or more."),
    Aspect.CAP: (0, MOST_UNITS, "A cap is 0 or more."),
    Aspect.SHARE: (1, HUNDRED, "A share is from 1 to 100 percent."),
    Aspect.PACK: (1, MOST_UNITS, "A pack is 1 or more."),
}


@dataclass(frozen=True)
class RuleProblem:
    """What is wrong with one field, and what to do."""

    field: str
    words: str


def rule_problems(rule: StockRule) -> tuple[RuleProblem, ...]:
    """Everything that is wrong with the rule; () if it can be used."""
    return (*_texts(rule), *_scope(rule), *_values(rule), *_unused(rule), *_dates(rule))


def _texts(rule: StockRule) -> Iterator[RuleProblem]:
    for field, longest in LENGTHS.items():
        text = getattr(rule, field)
        if len(text) > longest:
            yield RuleProblem(field, f"Write at most {longest} characters.")
        if text != text.strip() or not text.isprintable():
            yield RuleProblem(field, "Write no spaces around it, and no line breaks.")


def _scope(rule: StockRule) -> Iterator[RuleProblem]:
    if rule.aspect is Aspect.FACILITY and not rule.facility:
        yield RuleProblem("facility", "Name the facility that is included or excluded.")
    if rule.facility and rule.aspect not in OF_FACILITIES:
        yield RuleProblem("facility", f"A {rule.aspect} counts for the whole offer: leave the facility empty.")


def _values(rule: StockRule) -> Iterator[RuleProblem]:
    if rule.aspect is Aspect.BUFFER:
        yield from _buffer(rule)
    elif rule.aspect is Aspect.FACILITY:
        if rule.includes is None:
            yield RuleProblem("includes", "Say whether the facility is included or excluded.")
    else:
        least, most, words = RANGES[rule.aspect]
        if rule.value is None:
            yield RuleProblem("value", f"Enter a number. {words}")
        elif rule.value < least:
            yield RuleProblem("value", words)
        elif rule.value > most:
            yield RuleProblem("value", words if most == HUNDRED else f"It is at most {most:,}.")


def _buffer(rule: StockRule) -> Iterator[RuleProblem]:
    if rule.units is None and rule.percent is None:
        yield RuleProblem("units", "Enter units, or percent, or both.")
    if rule.units is not None and not 0 <= rule.units <= MOST_UNITS:
        yield RuleProblem("units", f"Units are from 0 to {MOST_UNITS:,}.")
    if rule.percent is None:
        return
    if not rule.percent.is_finite() or not 0 <= rule.percent <= HUNDRED:
        yield RuleProblem("percent", "Percent are from 0 to 100.")
    elif rule.percent != round(rule.percent, DECIMALS):
        yield RuleProblem("percent", f"Percent have at most {DECIMALS} decimals.")


def _unused(rule: StockRule) -> Iterator[RuleProblem]:
    for field in ("units", "percent", "value", "includes"):
        if getattr(rule, field) is not None and field not in USES[rule.aspect]:
            yield RuleProblem(field, f"A rule of the aspect {rule.aspect} does not use it: leave it empty.")


def _dates(rule: StockRule) -> Iterator[RuleProblem]:
    if rule.first_date and rule.last_date and rule.last_date < rule.first_date:
        yield RuleProblem("last_date", "The last date is before the first.")
