"""Replays past days of some offers under today's rules and under a candidate. Reads and works out; writes nothing."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Final, TypeAlias
from zoneinfo import ZoneInfo

from django.db.models import Q

from integration.domain.buffers import StockRule as Rule
from integration.domain.buffers import facility_terms, rules_for_offer
from integration.domain.replay import (
    Demand,
    EligibilityMove,
    Move,
    OfferHistory,
    Replay,
    add_up,
    replay,
)
from integration.domain.stock import NOTHING, NumberRules
from integration.errors import InvalidInputError
from integration.models import Channel, StockRule
from integration.queries.stock.replay_inputs import (
    ItemMove,
    Ordered,
    ReplayedOffer,
    facilities_of,
    items_with_tag,
    level_at_start,
    levels_now,
    moves_since,
    offers_named,
    ordered_since,
    skus_of_items,
    tags_of,
)
from integration.services.stock.rule_rows import read_places, rules_of

MOST_OFFERS: Final = 200
# Of moves and lines together, as often as an offer needs them; and of lines alone, which cost about 0.1 ms each.
MOST_EVENTS: Final = 200_000
MOST_ORDERED: Final = 40_000
# What was sold so shortly before the first day is sold in the replay too.
RUN_UP: Final = timedelta(hours=1)
NARROW: Final = "Choose fewer items, or fewer days."
KeptBack: TypeAlias = tuple[int, Decimal]


@dataclass(frozen=True)
class Chosen:
    """Which offers of the channel: by item, by SKU, or all items with a tag. Lists may be empty."""

    items: Sequence[str] = ()
    offer_skus: Sequence[str] = ()
    tag: str = ""


@dataclass(frozen=True)
class Candidate:
    """What would be set; None leaves an aspect as the rules of today have it. Units and percent are one aspect."""

    units: int | None = None
    percent: Decimal | None = None
    floor: int | None = None
    cap: int | None = None
    share: int | None = None
    pack: int | None = None

    def over(self, today: NumberRules) -> NumberRules:
        """The rules of an offer with the candidate in place of what it sets."""
        has_buffer = self.units is not None or self.percent is not None
        return NumberRules(
            buffer_units=(self.units or 0) if has_buffer else today.buffer_units,
            buffer_percent=(self.percent or NOTHING) if has_buffer else today.buffer_percent,
            floor=today.floor if self.floor is None else self.floor,
            cap=today.cap if self.cap is None else self.cap,
            share_percent=today.share_percent if self.share is None else Decimal(self.share),
            pack_size=today.pack_size if self.pack is None else self.pack,
        )


@dataclass(frozen=True)
class SimulatedOffer:
    """One offer: what holds today, what would, and its days."""

    offer_sku: str
    item: str | None
    today: NumberRules
    candidate: NumberRules
    history: OfferHistory
    replay: Replay


@dataclass(frozen=True)
class Simulation:
    """All offers together, and each. `left_out` are offers of several items, which no rule by item or tag reaches."""

    replay: Replay
    offers: tuple[SimulatedOffer, ...]
    left_out: int
    unknown_skus: tuple[str, ...]
    first_day: date
    last_day: date
    zone: str
    events: int


@dataclass(frozen=True)
class _Past:
    """What happened to the chosen items and offers since the run-up began."""

    begin: datetime
    moves: Mapping[str, Sequence[ItemMove]]
    demand: Mapping[str, Sequence[Ordered]]
    start: Mapping[tuple[str, int], Decimal | None]
    facilities: Mapping[int, bool]


def simulate_rule(
    *, channel: Channel, chosen: Chosen, candidate: Candidate, days: int, lag: timedelta, now: datetime
) -> Simulation:
    """The last `days` days, today included, on the channel's clock. Raises InvalidInputError: nothing, or too much.

    Rules are those that count today, on every day of them; facilities are eligible as they are now.
    """
    offers, left_out = _chosen_offers(channel, chosen)
    zone = _zone_of(channel)
    last_day = now.astimezone(zone).date()
    first_day = last_day - timedelta(days=days - 1)
    begin = datetime.combine(first_day, time.min, zone).astimezone(UTC) - RUN_UP - lag
    past = _past_of(channel, offers, begin)
    events = sum(
        len(past.demand.get(offer.offer_sku, ())) + sum(len(past.moves.get(item, ())) for item in offer.parts)
        for offer in offers
    )
    if events > MOST_EVENTS:
        raise InvalidInputError(
            {"days": f"That is {events:,} moves and orders, {MOST_EVENTS:,} are the most. {NARROW}"}
        )
    rules = _RulesToday(channel, offers, last_day)
    simulated = []
    for offer in offers:
        today = rules.of(offer)
        wanted = candidate.over(today)
        history = _history_of(offer, past, rules)
        result = replay(
            history, today=today, candidate=wanted, first_day=first_day, last_day=last_day, zone=zone, lag=lag
        )
        simulated.append(SimulatedOffer(offer.offer_sku, offer.only_item, today, wanted, history, result))
    known = {offer.offer_sku for offer in offers}
    return Simulation(
        replay=add_up(each.replay for each in simulated),
        offers=tuple(simulated),
        left_out=left_out,
        unknown_skus=tuple(sku for sku in chosen.offer_skus if sku not in known),
        first_day=first_day,
        last_day=last_day,
        zone=zone.key,
        events=events,
    )


def _zone_of(channel: Channel) -> ZoneInfo:
    stock = getattr(channel, "stock", None)
    return ZoneInfo(stock.time_zone if stock else "UTC")


def _chosen_offers(channel: Channel, chosen: Chosen) -> tuple[list[ReplayedOffer], int]:
    """The offers, and how many of several items are left out because they were asked for by item or tag."""
    items = list(chosen.items)
    if chosen.tag:
        items += items_with_tag(channel, chosen.tag, MOST_OFFERS + 1)
    by_item = skus_of_items(channel, items, MOST_OFFERS + 1) if items else []
    if len(items) > MOST_OFFERS or len({*by_item, *chosen.offer_skus}) > MOST_OFFERS:
        field = "tag" if chosen.tag else "items" if items else "offer_skus"
        raise InvalidInputError({field: f"At most {MOST_OFFERS} offers are replayed at a time. {NARROW}"})
    found = offers_named(channel, {*by_item, *chosen.offer_skus})
    named = set(chosen.offer_skus)
    kept = [offer for offer in found if offer.offer_sku in named or offer.only_item is not None]
    if not kept:
        field = "tag" if chosen.tag else "items" if items else "offer_skus"
        raise InvalidInputError({field: "No offer of this channel stands for it alone. Look at the SKU map."})
    return kept, len(found) - len(kept)


def _past_of(channel: Channel, offers: Sequence[ReplayedOffer], begin: datetime) -> _Past:
    items = sorted({item for offer in offers for item in offer.parts})
    moves = moves_since(channel, items, begin, MOST_EVENTS + 1)
    demand = ordered_since(channel, [offer.offer_sku for offer in offers], begin, MOST_ORDERED + 1)
    if len(demand) > MOST_ORDERED:
        raise InvalidInputError({"days": f"More than {MOST_ORDERED:,} order lines lie in these days. {NARROW}"})
    if len(moves) + len(demand) > MOST_EVENTS:
        raise InvalidInputError({"days": f"More than {MOST_EVENTS:,} moves and orders lie in these days. {NARROW}"})
    by_item: dict[str, list[ItemMove]] = defaultdict(list)
    for move in moves:
        by_item[move.item].append(move)
    by_sku: dict[str, list[Ordered]] = defaultdict(list)
    for ordered in demand:
        by_sku[ordered.offer_sku].append(ordered)
    start = level_at_start(moves, levels_now(channel, items))
    return _Past(begin, by_item, by_sku, start, facilities_of(channel))


def _history_of(offer: ReplayedOffer, past: _Past, rules: "_RulesToday") -> OfferHistory:
    moves: list[Move] = []
    closed: list[EligibilityMove] = []
    held: dict[tuple[str, str], KeptBack] = {}
    # A facility is told apart by item, since a rule may include it for one item and exclude it for another.
    for (item, facility), atp in past.start.items():
        if item not in offer.parts:
            continue
        key = f"{item} at {facility}"
        moves.append(Move(past.begin, item, key, atp))
        is_included, kept_back = rules.at_facility(offer, item, facility)
        if not is_included or not past.facilities.get(facility, False):
            closed.append(EligibilityMove(past.begin, key, False))
        held[item, key] = kept_back
    since = [move for item in offer.parts for move in past.moves.get(item, ())]
    since.sort(key=lambda move: move.at)
    moves += [Move(move.at, move.item, f"{move.item} at {move.facility_id}", move.after) for move in since]
    demand = [Demand(ordered.at, ordered.units) for ordered in past.demand.get(offer.offer_sku, ())]
    return OfferHistory(offer.parts, moves, demand, closed, held)


class _RulesToday:
    """The rules that count for these offers today, read once."""

    def __init__(self, channel: Channel, offers: Sequence[ReplayedOffer], on: date) -> None:
        self._channel, self._on = channel.code, on
        places = read_places()
        self._facilities = places.facility_words
        items = {item for offer in offers for item in (*offer.mapped, *offer.parts)}
        self._tags = tags_of(channel, items)
        rows = StockRule.objects.filter(
            Q(channel=None) | Q(channel=channel),
            Q(facility=None) | Q(facility__warehouse=channel.warehouse_id),
            is_active=True,
            offer_sku__in={"", *(offer.offer_sku for offer in offers)},
            item_number__in={"", *items},
        )
        self._by_scope: dict[tuple[str, str], list[Rule]] = defaultdict(list)
        for rule in rules_of(rows.order_by("id"), places):
            self._by_scope[rule.offer_sku, rule.item].append(rule)

    def of(self, offer: ReplayedOffer) -> NumberRules:
        """What shapes the number of the offer."""
        item = offer.only_item
        return rules_for_offer(
            self._fitting(offer.offer_sku, offer.mapped),
            channel=self._channel,
            offer_sku=offer.offer_sku,
            item=item,
            tags=self._tags.get(item or "", ()),
            on=self._on,
        ).numbers

    def at_facility(self, offer: ReplayedOffer, item: str, facility_id: int) -> tuple[bool, KeptBack]:
        """Whether a facility gives of an item, and what it keeps back of it."""
        terms = facility_terms(
            self._fitting(offer.offer_sku, (item,)),
            channel=self._channel,
            offer_sku=offer.offer_sku,
            item=item,
            tags=self._tags.get(item, ()),
            facility=self._facilities.get(facility_id, "?"),
            on=self._on,
        )
        return terms.is_included, (terms.held_units, terms.held_percent)

    def _fitting(self, offer_sku: str, items: Collection[str]) -> Iterable[Rule]:
        scopes = [(sku, item) for sku in {"", offer_sku} for item in {"", *items}]
        return [rule for scope in scopes for rule in self._by_scope.get(scope, ())]
