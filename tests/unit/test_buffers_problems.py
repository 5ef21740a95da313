from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from integration.domain.buffers import Aspect, StockRule
from integration.domain.buffers_problems import rule_problems

BUFFER = StockRule(None, Aspect.BUFFER, units=1)
FACILITY = StockRule(None, Aspect.FACILITY, facility="F", includes=False)


def of(aspect: Aspect, **values: Any) -> StockRule:
    return StockRule(None, aspect, **values)


@pytest.mark.parametrize(
    "rule",
    [
        BUFFER,
        of(Aspect.BUFFER, units=0, percent=Decimal("100.00"), facility="F", item="I"),
        of(Aspect.BUFFER, percent=Decimal(0)),
        of(Aspect.FLOOR, value=0),
        of(Aspect.CAP, value=0, first_date=date(2026, 11, 27), last_date=date(2026, 11, 27)),
        of(Aspect.SHARE, value=1, channel="C"),
        of(Aspect.SHARE, value=100, tag="T"),
        of(Aspect.PACK, value=1, offer_sku="S" * 200, note="n" * 200),
        FACILITY,
    ],
)
def test_a_rule_that_can_be_used_has_no_problem(rule: StockRule) -> None:
    assert rule_problems(rule) == ()


@pytest.mark.parametrize(
    ("rule", "field", "words"),
    [
        (of(Aspect.BUFFER), "units", "Enter units, or percent, or both."),
        (of(Aspect.BUFFER, units=-1), "units", "Units are from 0 to 1,000,000,000."),
        (of(Aspect.BUFFER, units=1_000_000_001), "units", "Units are from 0 to 1,000,000,000."),
        (of(Aspect.BUFFER, percent=Decimal("100.01")), "percent", "Percent are from 0 to 100."),
        (of(Aspect.BUFFER, percent=Decimal("-0.01")), "percent", "Percent are from 0 to 100."),
        (of(Aspect.BUFFER, percent=Decimal("NaN")), "percent", "Percent are from 0 to 100."),
        (of(Aspect.BUFFER, percent=Decimal("1.234")), "percent", "Percent have at most 2 decimals."),
        (of(Aspect.FLOOR), "value", "Enter a number. A floor is 0 or more."),
        (of(Aspect.FLOOR, value=-1), "value", "A floor is 0 or more."),
        (of(Aspect.CAP, value=-1), "value", "A cap is 0 or more."),
        (of(Aspect.CAP, value=1_000_000_001), "value", "It is at most 1,000,000,000."),
        (of(Aspect.SHARE, value=0), "value", "A share is from 1 to 100 percent."),
        (of(Aspect.SHARE, value=101), "value", "A share is from 1 to 100 percent."),
        (of(Aspect.PACK, value=0), "value", "A pack is 1 or more."),
        (of(Aspect.CAP, value=5, facility="F"), "facility", "A cap counts for the whole offer"),
        (of(Aspect.CAP, value=5, units=5), "units", "A rule of the aspect cap does not use it"),
        (of(Aspect.CAP, value=5, percent=Decimal(5)), "percent", "A rule of the aspect cap does not use it"),
        (replace(BUFFER, value=5), "value", "A rule of the aspect buffer does not use it"),
        (replace(BUFFER, includes=False), "includes", "A rule of the aspect buffer does not use it"),
        (replace(FACILITY, facility=""), "facility", "Name the facility"),
        (replace(FACILITY, includes=None), "includes", "Say whether the facility is included"),
        (
            replace(BUFFER, first_date=date(2026, 11, 28), last_date=date(2026, 11, 27)),
            "last_date",
            "The last date is before the first.",
        ),
        (replace(BUFFER, item="I" * 61), "item", "Write at most 60 characters."),
        (replace(BUFFER, tag=" T"), "tag", "Write no spaces around it"),
        (replace(BUFFER, note="one\ntwo"), "note", "Write no spaces around it, and no line breaks."),
    ],
)
def test_what_is_wrong_is_told_for_its_field(rule: StockRule, field: str, words: str) -> None:
    problems = rule_problems(rule)

    assert [problem.field for problem in problems] == [field]
    assert problems[0].words.startswith(words)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    rule = of(
        Aspect.SHARE,
        value=101,
        units=3,
        facility="F",
        note="n" * 201,
        first_date=date(2026, 11, 28),
        last_date=date(2026, 11, 27),
    )

    assert {problem.field for problem in rule_problems(rule)} == {"value", "units", "facility", "note", "last_date"}
