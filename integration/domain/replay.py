"""The buffer simulator: what one offer would have oversold and withheld under two rules, over days that have passed.

Both rules see the same demand and the same stock. At each moment the shop shows the number that the rule gives for the
ATP, the in-flight units and the eligible facilities as they were `lag` ago, less what was sold since then. A demand for
n offers sells min(n, shown). Really free is what eligible facilities have at that moment, less what was sold since the
ATP of each item last moved: a move is taken to hold every sale before it. Sold above what was free is oversold; not sold
though it was free is withheld. What other offers sell of the same items is seen only as the moves it led to.

Where an offer is of one item, facilities stay eligible and the rules differ only in the units of their buffer, a larger
buffer never oversells more nor withholds less, demand by demand. It may where a buffer is in percent, since a number
that falls within the lag leaves the smaller buffer with more sales already taken off, and where floor, cap, share or
packs bend the number; with no lag nothing is ever oversold.
What stays free may be withheld from several buyers until the stock moves: each demand is judged alone.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, tzinfo
from decimal import Decimal
from functools import reduce
from heapq import merge
from typing import Final

from integration.domain.stock import NOTHING, Component, FacilityStock, NumberRules, offer_number

DEFAULT_LAG: Final = timedelta(seconds=120)
ONE_DAY: Final = timedelta(days=1)
EVERYTHING: Final = NumberRules()


@dataclass(frozen=True)
class Move:
    """The ATP of an item in a facility became this; None: it is told no longer."""

    at: datetime
    item: str
    facility: str
    atp: Decimal | None


@dataclass(frozen=True)
class Demand:
    """Somebody ordered so many of the offer, whether or not there were as many."""

    at: datetime
    units: int


@dataclass(frozen=True)
class EligibilityMove:
    """From then on the facility can, or cannot, meet the channel's promise."""

    at: datetime
    facility: str
    is_eligible: bool


@dataclass(frozen=True)
class OfferHistory:
    """What happened to one offer. Each list is in the order of time.

    `units` tells how many of each item one offer holds. `moves` begin with the last of each item and facility before the
    first day: until an item's first move its stock is not known, and its demand counts as neither oversold nor withheld.
    Facilities are eligible until `eligibility` says otherwise. `held` tells what a facility keeps back of an item, as
    units and percent, whichever is more; it is the same under both rules.
    """

    units: Mapping[str, Decimal]
    moves: Sequence[Move]
    demand: Sequence[Demand]
    eligibility: Sequence[EligibilityMove] = ()
    held: Mapping[tuple[str, str], tuple[int, Decimal]] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What became of demand under one rule, in offers."""

    sold: int = 0
    oversold: int = 0
    withheld: int = 0

    def __add__(self, other: "Outcome") -> "Outcome":
        """Both together."""
        return Outcome(self.sold + other.sold, self.oversold + other.oversold, self.withheld + other.withheld)


@dataclass(frozen=True)
class ReplayedDay:
    """One day under both rules. `unknown`: demand of moments when the stock was not known; it is in `demand` too."""

    day: date
    demand: int = 0
    unknown: int = 0
    today: Outcome = Outcome()
    candidate: Outcome = Outcome()


@dataclass(frozen=True)
class Replay:
    """Every day of the window, also those without demand, in order."""

    days: tuple[ReplayedDay, ...]

    @property
    def total(self) -> ReplayedDay:
        """All days as one; its `day` is the first."""
        return reduce(_plus, self.days)


def replay(
    history: OfferHistory,
    *,
    today: NumberRules,
    candidate: NumberRules,
    first_day: date,
    last_day: date,
    zone: tzinfo = UTC,
    lag: timedelta = DEFAULT_LAG,
) -> Replay:
    """Replay the days from the first to the last, both included, as the zone counts them.

    Demand before the first day is sold too, so that the first day begins as it did, but counted nowhere.
    """
    span = range((last_day - first_day).days + 1)
    days = {day: ReplayedDay(day) for day in (first_day + n * ONE_DAY for n in span)}
    shops = (_Shop(history, today, lag), _Shop(history, candidate, lag))
    for demand in history.demand:
        mine, other = (shop.meet(demand) for shop in shops)
        day = demand.at.astimezone(zone).date()
        if day in days:
            unknown = 0 if shops[0].is_known else demand.units
            days[day] = _plus(days[day], ReplayedDay(day, demand.units, unknown, mine, other))
    return Replay(tuple(days.values()))


def add_up(replays: Iterable[Replay]) -> Replay:
    """Several offers over the same days as one."""
    summed: dict[date, ReplayedDay] = {}
    for each in replays:
        for day in each.days:
            summed[day.day] = _plus(summed[day.day], day) if day.day in summed else day
    return Replay(tuple(summed[day] for day in sorted(summed)))


def _plus(one: ReplayedDay, other: ReplayedDay) -> ReplayedDay:
    return ReplayedDay(
        one.day,
        one.demand + other.demand,
        one.unknown + other.unknown,
        one.today + other.today,
        one.candidate + other.candidate,
    )


class _Picture:
    """The stock as it was at one moment, which only goes forward, and what was sold since each item's last move."""

    def __init__(self, history: OfferHistory, held: Mapping[tuple[str, str], tuple[int, Decimal]]) -> None:
        self._units = history.units
        self._held = held
        self._ahead: Iterator[Move | EligibilityMove] = merge(
            history.eligibility, history.moves, key=lambda event: event.at
        )
        self._next = next(self._ahead, None)
        self._atp: dict[str, dict[str, Decimal | None]] = {item: {} for item in history.units}
        self._sold = dict.fromkeys(history.units, 0)
        self._not_eligible: set[str] = set()
        self._components: tuple[Component, ...] | None = None

    def advance(self, until: datetime) -> None:
        """Take in everything that had happened by then."""
        while self._next is not None and self._next.at <= until:
            self._take(self._next)
            self._next = next(self._ahead, None)
            self._components = None

    def sell(self, offers: int) -> None:
        """Take in a sale."""
        if offers:
            self._sold = {item: sold + offers for item, sold in self._sold.items()}
            self._components = None

    def number(self, rules: NumberRules) -> int | None:
        """What the rules give for this picture."""
        if self._components is None:
            self._components = tuple(self._component(item, units) for item, units in self._units.items())
        return offer_number(self._components, rules).quantity

    def _take(self, event: Move | EligibilityMove) -> None:
        if isinstance(event, EligibilityMove):
            (self._not_eligible.discard if event.is_eligible else self._not_eligible.add)(event.facility)
        elif event.item in self._atp:
            self._atp[event.item][event.facility] = event.atp
            self._sold[event.item] = 0

    def _component(self, item: str, units: Decimal) -> Component:
        stocks = []
        for facility, atp in self._atp[item].items():
            held_units, held_percent = self._held.get((item, facility), (0, NOTHING))
            stocks.append(FacilityStock(facility, atp, facility not in self._not_eligible, held_units, held_percent))
        return Component(item, units, tuple(stocks), units * self._sold[item])


class _Shop:
    """What one rule shows and sells."""

    def __init__(self, history: OfferHistory, rules: NumberRules, lag: timedelta) -> None:
        self._rules, self._lag = rules, lag
        self._now = _Picture(history, {})
        self._known = _Picture(history, history.held)
        # Sales that the number shown does not hold yet.
        self._recent: deque[tuple[datetime, int]] = deque()
        self._recent_units = 0
        self.is_known = False

    def meet(self, demand: Demand) -> Outcome:
        """Sell what the shop shows, and judge it by what was free."""
        self._now.advance(demand.at)
        free = self._now.number(EVERYTHING)
        self.is_known = free is not None
        sold = min(demand.units, self._shown(demand.at))
        self._now.sell(sold)
        self._recent.append((demand.at, sold))
        self._recent_units += sold
        if free is None:
            return Outcome(sold)
        return Outcome(sold, oversold=max(0, sold - free), withheld=max(0, min(demand.units, free) - sold))

    def _shown(self, at: datetime) -> int:
        seen_at = at - self._lag
        while self._recent and self._recent[0][0] <= seen_at:
            sold_at, units = self._recent.popleft()
            self._known.advance(sold_at)
            self._known.sell(units)
            self._recent_units -= units
        self._known.advance(seen_at)
        return max(0, (self._known.number(self._rules) or 0) - self._recent_units)
