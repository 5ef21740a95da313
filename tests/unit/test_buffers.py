from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.buffers import Aspect, Choice, StockRule, choose, facility_terms, rules_for_offer, weight
from integration.domain.stock import NumberRules

TODAY = date(2026, 11, 27)
BUFFER = StockRule(1, Aspect.BUFFER, units=1)

scope_texts = st.sampled_from(["", "A", "B"])
days = st.one_of(st.none(), st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n)))


@st.composite
def rule_lists(draw: st.DrawFn) -> list[StockRule]:
    return [
        StockRule(
            number,
            draw(st.sampled_from([Aspect.BUFFER, Aspect.FACILITY])),
            channel=draw(scope_texts),
            offer_sku=draw(scope_texts),
            item=draw(scope_texts),
            tag=draw(scope_texts),
            facility=draw(scope_texts),
            units=number,
            includes=draw(st.booleans()),
            first_date=draw(days),
            last_date=draw(days),
            is_active=draw(st.integers(0, 4)) > 0,
        )
        for number in draw(st.permutations(range(draw(st.integers(0, 12)))))
    ]


def chosen(
    rules: list[StockRule],
    *,
    item: str | None = "A",
    tags: tuple[str, ...] = ("A",),
    facility: str | None = None,
    aspect: Aspect = Aspect.BUFFER,
) -> Choice:
    return choose(rules, aspect, channel="A", offer_sku="A", item=item, tags=tags, facility=facility, on=TODAY)


def test_the_order_is_offer_then_item_then_tag_then_channel_then_everywhere() -> None:
    everywhere = replace(BUFFER, id=9)
    by_channel = replace(BUFFER, id=5, channel="A")
    by_tag = replace(BUFFER, id=4, tag="A")
    by_item = replace(BUFFER, id=3, item="A")
    by_offer = replace(BUFFER, id=2, offer_sku="A")

    found = chosen([everywhere, by_tag, by_offer, by_channel, by_item])

    assert found.rule == by_offer
    assert [rule.id for rule, _ in found.beaten] == [3, 4, 5, 9]


def test_among_equals_dates_beat_none_and_the_newest_wins_and_each_is_told_why_it_lost() -> None:
    plain = replace(BUFFER, id=8)
    peak = replace(BUFFER, id=3, units=9, first_date=TODAY, last_date=TODAY)
    older_peak = replace(BUFFER, id=2, last_date=TODAY)
    next_peak = replace(BUFFER, id=5, channel="A", first_date=TODAY + timedelta(days=1))
    last_peak = replace(BUFFER, id=6, last_date=TODAY - timedelta(days=1))
    off = replace(BUFFER, id=7, offer_sku="A", is_active=False)

    found = chosen([plain, peak, older_peak, next_peak, last_peak, off])

    assert found.rule == peak
    assert found.why == "9 units: everywhere, from 2026-11-27 to 2026-11-27"
    assert {rule.id: why for rule, why in found.beaten} == {
        8: "the other has dates",
        2: "the other is newer",
        5: "it begins on 2026-11-28",
        6: "it ended on 2026-11-26",
        7: "it is switched off",
    }


def test_a_more_specific_rule_beats_one_with_dates() -> None:
    by_channel, peak = replace(BUFFER, channel="A"), replace(BUFFER, id=2, first_date=TODAY)

    found = chosen([peak, by_channel])

    assert found.rule == by_channel
    assert found.beaten == ((peak, "the other is more specific"),)


def test_a_rule_that_is_not_kept_yet_is_the_newest() -> None:
    assert chosen([replace(BUFFER, id=None), replace(BUFFER, id=7)]).rule == replace(BUFFER, id=None)


def test_where_no_rule_fits_the_words_say_what_holds() -> None:
    over = replace(BUFFER, last_date=TODAY - timedelta(days=1))

    found = chosen([over, replace(BUFFER, channel="B")])

    assert found == Choice(None, "No buffer rule matches: nothing is kept back.", ((over, "it ended on 2026-11-26"),))


def test_an_offer_of_several_items_follows_no_rule_by_item_or_tag() -> None:
    by_item, by_tag, by_channel = (
        replace(BUFFER, item="A"),
        replace(BUFFER, id=2, tag="A"),
        replace(BUFFER, id=3, channel="A"),
    )

    assert chosen([by_item, by_tag, by_channel], item=None).rule == by_channel
    assert chosen([by_item, by_tag], item=None).rule is None


def test_a_rule_for_a_facility_counts_there_and_nowhere_else() -> None:
    everywhere, there = BUFFER, replace(BUFFER, id=2, facility="A")

    assert chosen([everywhere, there]).rule == everywhere
    assert chosen([everywhere, there], facility="A").rule == there
    assert chosen([everywhere, there], facility="B").rule is None


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        (StockRule(1, Aspect.BUFFER, units=4, percent=Decimal("12.50"), item="I", channel="C"), "4 units or 12.5 %"),
        (StockRule(1, Aspect.BUFFER, percent=Decimal("10.00")), "10 %"),
        (StockRule(1, Aspect.SHARE, value=50), "50 %"),
        (StockRule(1, Aspect.CAP, value=7), "7"),
        (StockRule(1, Aspect.FACILITY, facility="F", includes=True), "included"),
        (StockRule(1, Aspect.FACILITY, facility="F", includes=False), "excluded"),
    ],
)
def test_a_rule_says_what_it_sets(rule: StockRule, words: str) -> None:
    assert rule.value_words == words


def test_a_rule_says_for_whom_it_is() -> None:
    assert BUFFER.scope_words == "everywhere"
    assert replace(BUFFER, item="I-1", channel="EU", facility="F1").scope_words == "item I-1, channel EU, at F1"


def test_the_winners_of_all_aspects_shape_the_number() -> None:
    rules = [
        StockRule(1, Aspect.BUFFER, units=4, percent=Decimal(10)),
        StockRule(2, Aspect.FLOOR, value=2, channel="A"),
        StockRule(3, Aspect.CAP, value=0, item="A"),
        StockRule(4, Aspect.SHARE, value=50, tag="A"),
        StockRule(5, Aspect.PACK, value=6, offer_sku="A"),
        StockRule(6, Aspect.CAP, value=99, channel="A"),
        StockRule(7, Aspect.BUFFER, units=77, facility="A"),
    ]

    found = rules_for_offer(rules, channel="A", offer_sku="A", item="A", tags={"A"}, on=TODAY)

    assert found.numbers == NumberRules(4, Decimal(10), floor=2, cap=0, share_percent=Decimal(50), pack_size=6)
    assert {aspect: choice.rule.id for aspect, choice in found.choices.items() if choice.rule} == {
        Aspect.BUFFER: 1,
        Aspect.FLOOR: 2,
        Aspect.CAP: 3,
        Aspect.SHARE: 4,
        Aspect.PACK: 5,
    }


def test_without_rules_everything_is_offered() -> None:
    found = rules_for_offer([], channel="A", offer_sku="A", item=None, on=TODAY)
    terms = facility_terms([], channel="A", offer_sku="A", item="A", facility="F", on=TODAY)

    assert found.numbers == NumberRules()
    assert (terms.is_included, terms.held_units, terms.held_percent) == (True, 0, Decimal(0))


def test_a_facility_is_excluded_for_a_channel_and_included_again_for_an_item() -> None:
    rules = [
        StockRule(1, Aspect.FACILITY, channel="A", facility="F", includes=False),
        StockRule(2, Aspect.FACILITY, item="I", facility="F", includes=True),
        StockRule(3, Aspect.BUFFER, facility="F", units=3, percent=Decimal(5)),
    ]

    other, item = (
        facility_terms(rules, channel="A", offer_sku="X", item=number, facility="F", on=TODAY) for number in ("J", "I")
    )

    assert (other.is_included, item.is_included) == (False, True)
    assert (item.held_units, item.held_percent) == (3, Decimal(5))
    assert [choice.rule.id for choice in (item.included_by, item.held_by) if choice.rule] == [2, 3]


def oracle(
    rules: list[StockRule], item: str | None, tags: tuple[str, ...], facility: str | None, aspect: Aspect
) -> StockRule | None:
    """The winner by plain words: go down the order of scopes, most telling first, and take the first that has a rule."""
    fitting = [
        rule
        for rule in rules
        if rule.aspect is aspect
        and rule.is_active
        and (rule.first_date or date.min) <= TODAY <= (rule.last_date or date.max)
        and rule.channel != "B"
        and rule.offer_sku != "B"
        and (not rule.item or rule.item == item)
        and (not rule.tag or (item is not None and rule.tag in tags))
        and (rule.facility == facility if facility else not rule.facility)
    ]
    for field in ("offer_sku", "item", "tag", "channel"):
        fitting = [rule for rule in fitting if getattr(rule, field)] or fitting
    fitting = [rule for rule in fitting if rule.first_date or rule.last_date] or fitting
    return max(fitting, key=lambda rule: rule.id or 0, default=None)


@given(
    rule_lists(),
    st.sampled_from([None, "A", "B"]),
    st.sampled_from([(), ("A",), ("A", "B")]),
    st.sampled_from([None, "A"]),
    st.sampled_from([Aspect.BUFFER, Aspect.FACILITY]),
)
def test_the_most_specific_rule_wins_whatever_the_rules(
    rules: list[StockRule], item: str | None, tags: tuple[str, ...], facility: str | None, aspect: Aspect
) -> None:
    found = chosen(rules, item=item, tags=tags, facility=facility, aspect=aspect)

    assert found.rule == oracle(rules, item, tags, facility, aspect)


@given(rule_lists())
def test_no_rule_that_lost_is_stronger_than_the_winner(rules: list[StockRule]) -> None:
    found = chosen(rules)

    in_force = [rule for rule, _ in found.beaten if rule.is_in_force(TODAY)]
    assert found.rule is not None or not in_force
    assert all(weight(rule, TODAY) <= weight(found.rule, TODAY) for rule in in_force if found.rule)
    assert found.rule not in [rule for rule, _ in found.beaten]
