from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from integration.domain.promise import FacilityCalendar, Promise, due_at, eligibility, leaves_at, next_change

BERLIN = "Europe/Berlin"
# Clocks go forward on 29 March 2026 and back on 25 October 2026; Cairo jumps over midnight, on 24 April 2026.
ZONES = [BERLIN, "UTC", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]
WEEK = FacilityCalendar(BERLIN, cut_off=time(14), handling_hours=24)
EVERY_DAY = frozenset(range(1, 8))
MINUTE = timedelta(minutes=1)

zones = st.sampled_from(ZONES)


def days_from(first: datetime, days: int) -> st.SearchStrategy[datetime]:
    return st.integers(0, days * 86_400).map(lambda seconds: first + timedelta(seconds=seconds))


# All of a year, and the days around each change of clocks.
moments = st.one_of(
    days_from(datetime(2026, 1, 1, tzinfo=UTC), 334),
    days_from(datetime(2026, 3, 26, tzinfo=UTC), 5),
    days_from(datetime(2026, 4, 21, tzinfo=UTC), 5),
    days_from(datetime(2026, 10, 22, tzinfo=UTC), 5),
)
minutes = moments.map(lambda moment: moment.replace(second=0, microsecond=0))
promises = st.builds(Promise, st.one_of(st.none(), st.integers(0, 120)), st.booleans(), zones)


@st.composite
def calendars(draw: st.DrawFn) -> FacilityCalendar:
    cut_off = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
    return FacilityCalendar(
        draw(zones),
        draw(st.one_of(st.none(), cut_off)),
        draw(st.integers(0, 100)),
        draw(st.frozensets(st.integers(1, 7), min_size=1)),
        draw(st.frozensets(st.dates(date(2026, 1, 1), date(2026, 12, 31)), max_size=4)),
    )


def berlin(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(BERLIN))


@pytest.mark.parametrize(
    ("ordered", "leaves"),
    [
        # 24 November 2026 is a Tuesday.
        (berlin(11, 24, 13, 59), berlin(11, 25, 13, 59)),
        (berlin(11, 24, 14), berlin(11, 26, 0)),
        # Friday before the cut-off: ten hours pass on Friday, the others on Monday.
        (berlin(11, 27, 13), berlin(11, 30, 13)),
        (berlin(11, 27, 15), berlin(12, 1, 0)),
        (berlin(11, 28, 9), berlin(12, 1, 0)),
        # What ends with Friday leaves on Friday.
        (berlin(11, 27, 0), berlin(11, 28, 0)),
    ],
)
def test_handling_begins_before_the_cut_off_at_once_and_passes_on_working_days(
    ordered: datetime, leaves: datetime
) -> None:
    assert leaves_at(WEEK, ordered) == leaves


def test_a_holiday_is_no_working_day() -> None:
    calendar = replace(WEEK, holidays=frozenset({date(2026, 11, 25)}))

    assert leaves_at(calendar, berlin(11, 24, 13)) == berlin(11, 26, 13)
    assert leaves_at(calendar, berlin(11, 25, 9)) == berlin(11, 27, 0)


def test_without_a_cut_off_all_of_a_working_day_counts() -> None:
    assert leaves_at(replace(WEEK, cut_off=None), berlin(11, 24, 23, 59)) == berlin(11, 25, 23, 59)


def test_hours_pass_by_as_they_are_when_clocks_change() -> None:
    always = replace(WEEK, cut_off=None, working_days=EVERY_DAY)

    # The 29th of March has 23 hours, the 25th of October 25.
    assert leaves_at(always, berlin(3, 28, 12)) == berlin(3, 29, 13)
    assert leaves_at(always, berlin(10, 24, 12)) == berlin(10, 25, 11)


def test_the_cut_off_is_on_the_facilitys_own_clock() -> None:
    new_york = replace(WEEK, zone="America/New_York")
    ordered = datetime(2026, 11, 24, 18, 59, tzinfo=UTC)

    assert leaves_at(new_york, ordered) == ordered + timedelta(hours=24)
    assert leaves_at(WEEK, ordered) == berlin(11, 26, 0)


def test_a_promise_passes_over_weekends_only_if_it_says_so() -> None:
    friday = berlin(11, 27, 15)

    assert due_at(Promise(24, skips_weekends=True, zone=BERLIN), friday) == berlin(11, 30, 15)
    assert due_at(Promise(24, skips_weekends=False, zone=BERLIN), friday) == berlin(11, 28, 15)
    assert due_at(Promise(None), friday) is None


def test_what_leaves_at_the_very_moment_it_is_due_is_in_time() -> None:
    ordered = berlin(11, 24, 13)

    found = eligibility(WEEK, Promise(24, zone=BERLIN), ordered)

    assert found.is_eligible
    assert found.leaves_at == found.due_at == berlin(11, 25, 13)
    assert found.words == "Ordered Tue 24 Nov 13:00, it leaves Wed 25 Nov 13:00, promised by Wed 25 Nov 13:00."
    assert not eligibility(WEEK, Promise(23, zone=BERLIN), ordered).is_eligible


def test_where_nothing_is_promised_every_facility_that_works_is_eligible() -> None:
    slow = replace(WEEK, handling_hours=2_000)

    assert eligibility(slow, Promise(None), berlin(11, 24, 13)).is_eligible
    assert next_change(slow, Promise(None), berlin(11, 24, 13)) is None


@pytest.mark.parametrize("promise", [Promise(None), Promise(9_999)])
def test_a_facility_that_works_on_no_day_is_never_eligible(promise: Promise) -> None:
    closed = replace(WEEK, working_days=frozenset())
    mondays = (date(2026, 1, 5) + timedelta(weeks=n) for n in range(150))
    all_holidays = replace(WEEK, working_days=frozenset({1}), holidays=frozenset(mondays))

    for calendar in (closed, all_holidays):
        found = eligibility(calendar, promise, berlin(11, 24, 13))
        assert (found.is_eligible, found.leaves_at, found.words) == (False, None, "It works on no day.")
        assert next_change(calendar, promise, berlin(11, 24, 13)) is None


def test_a_facility_that_closes_before_its_handling_is_over_is_not_eligible() -> None:
    """One day of work is left, and the order takes two."""
    mondays = frozenset(date(2026, 11, 30) + timedelta(weeks=n) for n in range(1, 60))
    last_day = replace(WEEK, working_days=frozenset({1}), holidays=mondays, handling_hours=48)

    assert leaves_at(last_day, berlin(11, 30, 10)) is None


def test_the_next_change_is_the_cut_off_and_then_the_next_day() -> None:
    promise = Promise(24, zone=BERLIN)
    morning = berlin(11, 24, 9)

    at_cut_off = next_change(WEEK, promise, morning)
    next_day = next_change(WEEK, promise, berlin(11, 24, 14))

    assert at_cut_off == berlin(11, 24, 14)
    assert next_day == berlin(11, 25, 0)


def test_a_change_within_an_hour_of_the_one_before_is_not_passed_over() -> None:
    late = replace(WEEK, cut_off=time(23, 40))
    promise = Promise(24, zone=BERLIN)

    assert next_change(late, promise, berlin(11, 24, 22)) == berlin(11, 24, 23, 40)
    assert next_change(late, promise, berlin(11, 24, 23, 40)) == berlin(11, 25, 0)


def test_a_change_in_the_midst_of_a_closed_day_is_found() -> None:
    """Begun on Monday it leaves at five; forty hours before that the promise, which knows no weekend, can be kept."""
    quick = replace(WEEK, handling_hours=5)

    assert next_change(quick, Promise(40, skips_weekends=False, zone=BERLIN), berlin(11, 28, 1)) == berlin(11, 28, 13)


def test_a_change_further_than_asked_for_is_none() -> None:
    promise = Promise(24, zone=BERLIN)

    assert next_change(WEEK, promise, berlin(11, 24, 9), within=timedelta(hours=5)) == berlin(11, 24, 14)
    assert next_change(WEEK, promise, berlin(11, 24, 9), within=timedelta(hours=5) - MINUTE) is None


@given(calendars(), moments)
def test_a_parcel_leaves_after_its_handling_and_within_a_working_day(
    calendar: FacilityCalendar, ordered_at: datetime
) -> None:
    leaves = leaves_at(calendar, ordered_at)

    assert leaves is not None
    assert leaves >= ordered_at + timedelta(hours=calendar.handling_hours)
    # The moment when a working day ends belongs to it.
    local = [
        moment.astimezone(ZoneInfo(calendar.zone)).date() for moment in (leaves, leaves - timedelta(microseconds=1))
    ]
    assert any(calendar.works_on(day) for day in local)


@given(calendars(), moments, st.timedeltas(timedelta(0), timedelta(days=5)))
def test_what_is_ordered_later_never_leaves_earlier(
    calendar: FacilityCalendar, ordered_at: datetime, later: timedelta
) -> None:
    first, second = leaves_at(calendar, ordered_at), leaves_at(calendar, ordered_at + later)

    assert first is not None
    assert second is not None
    assert first <= second


def minutes_of_work(calendar: FacilityCalendar, since: datetime, until: datetime) -> int:
    """Minute by minute, as somebody would count on a calendar."""
    zone, count = ZoneInfo(calendar.zone), 0
    while since < until:
        count += calendar.works_on(since.astimezone(zone).date())
        since += MINUTE
    return count


@settings(deadline=None)  # counts minute by minute
@given(calendars(), minutes)
def test_handling_takes_as_long_on_working_days_as_a_count_of_minutes_says(
    calendar: FacilityCalendar, ordered_at: datetime
) -> None:
    calendar = replace(calendar, handling_hours=calendar.handling_hours % 30)
    local = ordered_at.astimezone(ZoneInfo(calendar.zone))
    # Whether the wall clock is past the cut-off is told by another way only where no hour stands twice.
    assume(local.utcoffset() == local.replace(fold=1 - local.fold).utcoffset())
    is_late = calendar.cut_off is not None and local.time() >= calendar.cut_off
    leaves = leaves_at(calendar, ordered_at)

    assert leaves is not None
    worked = minutes_of_work(calendar, ordered_at, leaves)
    if is_late and calendar.works_on(local.date()):
        worked -= minutes_of_work(calendar, ordered_at, end_of(local))
    assert worked == calendar.handling_hours * 60


def end_of(local: datetime) -> datetime:
    """The first minute of the next day."""
    day, zone, moment = local.date(), local.tzinfo, local.astimezone(UTC)
    while moment.astimezone(zone).date() == day:
        moment += MINUTE
    return moment


@settings(deadline=None)  # counts minute by minute
@given(calendars(), promises, minutes)
def test_the_answer_stays_until_the_next_change_and_is_another_then(
    calendar: FacilityCalendar, promise: Promise, at: datetime
) -> None:
    first = eligibility(calendar, promise, at).is_eligible

    change = next_change(calendar, promise, at)

    until = change or at + timedelta(days=8)
    assert at < until <= at + timedelta(days=8)
    assert change is None or eligibility(calendar, promise, change).is_eligible != first
    span = int((until - at) / (7 * MINUTE))
    between = [at + n * 7 * MINUTE for n in range(span + 1)] + [until - n * MINUTE for n in range(1, 30)]
    assert {eligibility(calendar, promise, each).is_eligible for each in between if at <= each < until} <= {first}
