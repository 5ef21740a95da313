"""Whether a facility can hand over a parcel as soon as a channel promises: cut-off, handling time, working days.

Every moment taken and given has a zone; moments given are in UTC. Days begin and end on the local clock, so that one of
them has 23 or 25 hours where clocks change.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo

WEEKDAYS: Final = frozenset({1, 2, 3, 4, 5})
# A facility that works on no day of so many is closed.
LONGEST_CLOSED: Final = 366
LOOK_AHEAD: Final = timedelta(days=8)
TICK: Final = timedelta(microseconds=1)
NO_TIME: Final = timedelta(0)


@dataclass(frozen=True)
class FacilityCalendar:
    """When a facility works. `zone` is an IANA name; `working_days` are ISO weekdays, Monday is 1.

    What is ordered before `cut_off` on a working day is begun at once, else on the next; `cut_off` None: at any time of
    a working day. From its beginning an order takes `handling_hours`, which pass on working days only, day and night.
    """

    zone: str
    cut_off: time | None = None
    handling_hours: int = 0
    working_days: frozenset[int] = WEEKDAYS
    holidays: frozenset[date] = frozenset()

    def works_on(self, day: date) -> bool:
        """Whether the day is one of work."""
        return day.isoweekday() in self.working_days and day not in self.holidays


@dataclass(frozen=True)
class Promise:
    """So many hours from the order to the parcel's leaving; None: nothing is promised, and so nothing is checked."""

    hours: int | None = None
    skips_weekends: bool = True
    zone: str = "UTC"


@dataclass(frozen=True)
class Eligibility:
    """Whether what is ordered at that moment leaves in time. `leaves_at` None: never; `due_at` None: not promised."""

    is_eligible: bool
    leaves_at: datetime | None
    due_at: datetime | None
    words: str


def leaves_at(calendar: FacilityCalendar, ordered_at: datetime) -> datetime | None:
    """When a parcel ordered at that moment leaves the facility; None if it never works."""
    day = _day_of(ordered_at, calendar.zone)
    begins_at = ordered_at.astimezone(UTC)
    if not calendar.works_on(day) or (calendar.cut_off is not None and begins_at >= _cut_off(day, calendar)):
        opens_on = _next_working_day(calendar, day)
        if opens_on is None:
            return None
        begins_at = _start_of(opens_on, calendar.zone)
    return _after_hours(begins_at, timedelta(hours=calendar.handling_hours), calendar)


def due_at(promise: Promise, ordered_at: datetime) -> datetime | None:
    """When a parcel ordered at that moment must have left; None if nothing is promised."""
    if promise.hours is None:
        return None
    hours = timedelta(hours=promise.hours)
    if not promise.skips_weekends:
        return ordered_at.astimezone(UTC) + hours
    return leaves_at(FacilityCalendar(promise.zone, handling_hours=promise.hours), ordered_at)


def eligibility(calendar: FacilityCalendar, promise: Promise, at: datetime) -> Eligibility:
    """Whether the facility meets the promise for what is ordered at that moment, and why.

    A facility that never works meets none, not even where nothing is promised.
    """
    leaves, due = leaves_at(calendar, at), due_at(promise, at)
    if leaves is None:
        return Eligibility(False, None, due, "It works on no day.")
    if due is None:
        return Eligibility(True, leaves, None, "The channel promises no time.")
    ordered = _told(at, calendar.zone)
    told = f"Ordered {ordered}, it leaves {_told(leaves, calendar.zone)}, promised by {_told(due, calendar.zone)}."
    return Eligibility(leaves <= due, leaves, due, told)


def next_change(
    calendar: FacilityCalendar, promise: Promise, at: datetime, *, within: timedelta = LOOK_AHEAD
) -> datetime | None:
    """The first moment after `at` for which the answer of `eligibility` is another; None if it stays as it is.

    Between two bends (a cut-off, a day's end, or either clock's reaching a day's end) both moments stand still or move
    with the order, so the answer can only flip at a bend, or where one of them catches up with the other.
    """
    now, until = at.astimezone(UTC), at.astimezone(UTC) + within
    answer = eligibility(calendar, promise, now)
    first = answer.is_eligible
    while answer.leaves_at is not None and answer.due_at is not None:
        bend = now + min(_bends(calendar, promise, now, answer.leaves_at, answer.due_at))
        # A bend may belong to what was before it: the answer right after it is asked for, too.
        for moment in (bend, bend + TICK):
            if moment > until:
                return None
            answer = eligibility(calendar, promise, moment)
            if answer.is_eligible != first:
                return moment
        now = bend + TICK
    return None


def _bends(
    calendar: FacilityCalendar, promise: Promise, now: datetime, leaves: datetime, due: datetime
) -> Collection[timedelta]:
    ahead = [
        _day_end(now, calendar.zone) - now,
        _day_end(now, promise.zone) - now,
        _day_end(leaves, calendar.zone) - leaves,
        _day_end(due, promise.zone) - due,
        abs(due - leaves),
    ]
    if calendar.cut_off is not None:
        ahead.append(_cut_off(_day_of(now, calendar.zone), calendar) - now)
    return [span for span in ahead if span > NO_TIME]


def _after_hours(begins_at: datetime, hours: timedelta, calendar: FacilityCalendar) -> datetime | None:
    """The moment when so much time of working days has passed; `begins_at` lies in a working day."""
    day: date | None = _day_of(begins_at, calendar.zone)
    now = begins_at
    while day is not None:
        ends_at = _start_of(day + timedelta(days=1), calendar.zone)
        if now + hours <= ends_at:
            return now + hours
        hours -= ends_at - now
        day = _next_working_day(calendar, day)
        now = _start_of(day, calendar.zone) if day is not None else now
    return None


def _next_working_day(calendar: FacilityCalendar, day: date) -> date | None:
    ahead = (day + timedelta(days=n) for n in range(1, LONGEST_CLOSED + 1))
    return next((each for each in ahead if calendar.works_on(each)), None)


def _cut_off(day: date, calendar: FacilityCalendar) -> datetime:
    assert calendar.cut_off is not None
    return datetime.combine(day, calendar.cut_off, ZoneInfo(calendar.zone)).astimezone(UTC)


@lru_cache(maxsize=4096)
def _start_of(day: date, zone: str) -> datetime:
    """The day's first moment, also where clocks jump over midnight."""
    return datetime.combine(day, time.min, ZoneInfo(zone)).astimezone(UTC)


def _day_of(moment: datetime, zone: str) -> date:
    return moment.astimezone(ZoneInfo(zone)).date()


def _day_end(moment: datetime, zone: str) -> datetime:
    return _start_of(_day_of(moment, zone) + timedelta(days=1), zone)


def _told(moment: datetime, zone: str) -> str:
    return f"{moment.astimezone(ZoneInfo(zone)):%a %d %b %H:%M}"
