from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from time import process_time
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from integration.domain.replay import (
    Demand,
    EligibilityMove,
    Move,
    OfferHistory,
    Outcome,
    Replay,
    ReplayedDay,
    add_up,
    replay,
)
from integration.domain.stock import NumberRules

DAY = date(2026, 11, 24)
START = datetime(2026, 11, 24, tzinfo=UTC)
LAG = timedelta(seconds=120)
NO_BUFFER = NumberRules()


def at(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def move(minutes: float, atp: int | None, *, item: str = "I", facility: str = "F") -> Move:
    return Move(at(minutes), item, facility, None if atp is None else Decimal(atp))


def history(moves: list[Move], demand: list[tuple[float, int]], **more: object) -> OfferHistory:
    plain = OfferHistory({"I": Decimal(1)}, moves, [Demand(at(minutes), units) for minutes, units in demand])
    return replace(plain, **more)  # type: ignore[arg-type]


def of_day(story: OfferHistory, rules: NumberRules = NO_BUFFER, *, lag: timedelta = LAG) -> Outcome:
    return replay(story, today=rules, candidate=NO_BUFFER, first_day=DAY, last_day=DAY, lag=lag).days[0].today


def test_what_the_shop_shows_too_long_is_oversold_and_a_buffer_avoids_it() -> None:
    story = history([move(-60, 10), move(60, 1)], [(61, 3), (70, 1)])

    found = replay(story, today=NO_BUFFER, candidate=NumberRules(buffer_units=9), first_day=DAY, last_day=DAY)

    assert found.days == (
        ReplayedDay(DAY, demand=4, today=Outcome(3, oversold=2, withheld=0), candidate=Outcome(1, 0, 0)),
    )


def test_a_buffer_withholds_what_was_there() -> None:
    story = history([move(-60, 10)], [(10, 4), (20, 4), (30, 4)])

    assert of_day(story) == Outcome(sold=10, oversold=0, withheld=0)
    assert of_day(story, NumberRules(buffer_units=3)) == Outcome(sold=7, oversold=0, withheld=1 + 3)


def test_what_is_sold_counts_until_the_items_stock_moves() -> None:
    story = history([move(-60, 5), move(60, 4)], [(10, 5), (20, 1), (70, 9)])

    assert of_day(story) == Outcome(sold=5 + 4, oversold=0, withheld=0)


def test_a_number_follows_by_the_lag_and_not_before() -> None:
    story = history([move(-60, 0), move(60, 5)], [(61.9, 1), (62, 1)])

    assert of_day(story) == Outcome(sold=1, oversold=0, withheld=1)


def test_a_cap_is_shown_anew_when_what_was_sold_is_known() -> None:
    story = history([move(-60, 10)], [(10, 2), (11.9, 2), (12, 2)])

    assert of_day(story, NumberRules(cap=2)) == Outcome(sold=4, oversold=0, withheld=2)


def test_stock_of_a_facility_that_cannot_meet_the_promise_is_neither_shown_nor_free() -> None:
    moves = [EligibilityMove(at(60), "F", is_eligible=False), EligibilityMove(at(120), "F", is_eligible=True)]
    story = history([move(-60, 10)], [(61, 1), (70, 1), (121, 1), (130, 1)], eligibility=moves)

    assert of_day(story) == Outcome(sold=2, oversold=1, withheld=1)


def test_what_a_facility_keeps_back_is_withheld_under_both_rules() -> None:
    story = history([move(-60, 10)], [(10, 10)], held={("I", "F"): (2, Decimal(40))})

    found = replay(story, today=NO_BUFFER, candidate=NO_BUFFER, first_day=DAY, last_day=DAY)

    assert found.days[0].today == found.days[0].candidate == Outcome(sold=6, oversold=0, withheld=4)


def test_a_kit_sells_by_its_scarcest_item_and_each_item_counts_from_its_own_move() -> None:
    moves = [move(-60, 8, item="BOARD"), move(-60, 3, item="SCREW"), move(60, 9, item="SCREW")]
    story = history(moves, [(10, 3), (70, 9)], units={"BOARD": Decimal(2), "SCREW": Decimal(1)})

    assert of_day(story) == Outcome(sold=3 + 1, oversold=0, withheld=0)


def test_demand_of_moments_without_known_stock_is_told_apart() -> None:
    story = history([move(60, 5), move(120, None)], [(10, 2), (70, 1), (130, 4)])

    found = replay(story, today=NO_BUFFER, candidate=NO_BUFFER, first_day=DAY, last_day=DAY).days[0]

    assert (found.demand, found.unknown, found.today) == (7, 6, Outcome(sold=1))


def test_days_are_those_of_the_zone_and_all_of_the_window_are_there() -> None:
    story = history([move(-9_000, 50)], [(-60 * 24, 5), (22 * 60 + 59, 1), (23 * 60, 2), (9_000, 4)])

    found = replay(
        story,
        today=NO_BUFFER,
        candidate=NO_BUFFER,
        first_day=DAY,
        last_day=DAY + timedelta(days=2),
        zone=ZoneInfo("Europe/Berlin"),
    )

    assert [(day.day.day, day.demand, day.today.sold) for day in found.days] == [(24, 1, 1), (25, 2, 2), (26, 0, 0)]
    assert found.total == ReplayedDay(DAY, 3, 0, Outcome(3), Outcome(3))


def test_several_offers_add_up_day_by_day() -> None:
    one = Replay((ReplayedDay(DAY, 4, 1, Outcome(3, 2, 1), Outcome(1, 0, 2)),))
    other = Replay((ReplayedDay(DAY, 5, 0, Outcome(1, 1, 1), Outcome(1, 1, 1)),))

    assert add_up([one, other]).days == (ReplayedDay(DAY, 9, 1, Outcome(4, 3, 2), Outcome(2, 1, 3)),)


@st.composite
def stories(draw: st.DrawFn) -> OfferHistory:
    """One item in up to two facilities, whose stock jumps as it likes, and demand at all times."""
    moves = sorted(
        (
            move(draw(st.integers(-10, 60)), draw(st.integers(-3, 30)), facility=draw(st.sampled_from("FG")))
            for _ in range(draw(st.integers(0, 8)))
        ),
        key=lambda each: each.at,
    )
    demand = sorted((draw(st.integers(0, 70)), draw(st.integers(0, 8))) for _ in range(draw(st.integers(0, 14))))
    return history([move(-60, draw(st.integers(0, 30))), *moves], [(float(when), units) for when, units in demand])


lags = st.integers(0, 15).map(lambda minutes: timedelta(minutes=minutes))


@given(stories(), st.integers(0, 12), st.integers(0, 12), lags)
def test_a_larger_buffer_of_units_never_oversells_more_nor_withholds_less(
    story: OfferHistory, units: int, more: int, lag: timedelta
) -> None:
    small, large = NumberRules(buffer_units=units), NumberRules(buffer_units=units + more)

    found = replay(story, today=small, candidate=large, first_day=DAY, last_day=DAY, lag=lag).days[0]

    assert found.candidate.oversold <= found.today.oversold
    assert found.candidate.withheld >= found.today.withheld
    assert found.candidate.sold <= found.today.sold


@given(stories(), st.integers(0, 12), st.integers(0, 100).map(Decimal), st.integers(1, 4), lags)
def test_what_was_sold_withheld_or_missing_is_never_more_than_the_demand(
    story: OfferHistory, units: int, percent: Decimal, pack: int, lag: timedelta
) -> None:
    rules = NumberRules(units, percent, pack_size=pack)

    found = replay(story, today=rules, candidate=NO_BUFFER, first_day=DAY, last_day=DAY, lag=lag).days[0]

    assert 0 <= found.today.oversold <= found.today.sold
    assert 0 <= found.today.withheld <= found.demand - found.today.sold


@given(stories(), st.integers(0, 12), st.integers(0, 100).map(Decimal))
def test_without_a_lag_nothing_is_oversold(story: OfferHistory, units: int, percent: Decimal) -> None:
    assert of_day(story, NumberRules(units, percent), lag=timedelta(0)).oversold == 0


@given(stories(), st.integers(0, 12), lags)
def test_a_rule_against_itself_comes_out_even(story: OfferHistory, units: int, lag: timedelta) -> None:
    rules = NumberRules(buffer_units=units)

    found = replay(story, today=rules, candidate=rules, first_day=DAY, last_day=DAY, lag=lag).days[0]

    assert found.today == found.candidate


def test_a_larger_percentage_can_oversell_more_when_stock_falls_twice_within_the_lag() -> None:
    """What the docstring says of it: the smaller buffer had sold, so it shows less of what is left."""
    story = history([move(-60, 20), move(10, 6), move(12.5, 0)], [(5, 9), (10.5, 5), (13, 2)])
    half = NumberRules(buffer_percent=Decimal(50))

    found = replay(story, today=NO_BUFFER, candidate=half, first_day=DAY, last_day=DAY).days[0]

    assert (found.today.oversold, found.candidate.oversold) == (1, 2)


def test_time_grows_with_the_events_and_not_with_their_square() -> None:
    def seconds(events: int) -> float:
        story = history([move(n / 60, 50 + n % 7) for n in range(events)], [(n / 60, 1) for n in range(events)])
        began = process_time()
        replay(story, today=NO_BUFFER, candidate=NumberRules(buffer_units=2), first_day=DAY, last_day=DAY)
        return process_time() - began

    few, many = min(seconds(500) for _ in range(3)), seconds(5_000)

    assert many < 30 * few
