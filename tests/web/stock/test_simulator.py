import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from integration.domain.replay import Demand, Move, OfferHistory, add_up, replay
from integration.domain.stock import NumberRules
from integration.models import Channel, Facility, StockItem, StockRuleChange
from integration.queries.stock.replay_inputs import offers_named
from integration.services.stock import simulate_rule as service
from integration.services.stock.simulate_rule import Candidate, Chosen, simulate_rule
from tests.factories.lanes import OrderFactory, OrderLineFactory, SkuMappingFactory
from tests.factories.stock import (
    ChannelFacilityFactory,
    FacilityFactory,
    ItemComponentFactory,
    StockItemFactory,
    StockLevelFactory,
    StockMoveFactory,
    StockRuleFactory,
)
from tests.web.conftest import SignIn
from tests.web.orders.reading import queries_of
from tests.web.stock.shelf import item_on, level_of, stock_channel, text_of

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 18, 0, tzinfo=UTC)
NO_LAG = timedelta(0)
LAG = timedelta(seconds=120)
TITLE = re.compile(r"<title>(\d+ \w+ \d+), (oversold|withheld), (in force today|candidate): ([\d,]+)</title>")
BAR = re.compile(r'class="chart-bar is-(\w+) is-(\w+)" x="[\d.]+" y="[\d.]+" width="[\d.]+" height="([\d.]+)"')
ROW = re.compile(r'<th scope="row" class="is-plain">([^<]+)</th>(.*?)</tr>', re.DOTALL)
CELL = re.compile(r'<td class="is-number">([\d,]+)</td>')
ADDRESS = "/stock/simulator/?channel=HARBOUR&items=ITEM-1&units=7&days=3&lag=120"
COLUMNS = {("oversold", "in force today"): 3, ("oversold", "candidate"): 4}
COLUMNS |= {("withheld", "in force today"): 5, ("withheld", "candidate"): 6}


def _order(channel: Channel, at: datetime, offer_sku: str, quantity: int) -> None:
    OrderLineFactory(order=OrderFactory(channel=channel, ordered_at=at), offer_sku=offer_sku, quantity=quantity)


def _busy_item(channel: Channel, number: str = "ITEM-1", sku: str = "SKU-1") -> StockItem:
    """Sold out within the lag on one day, held back on another."""
    item = item_on(channel, number)
    SkuMappingFactory(channel=channel, offer_sku=sku, item_number=number)
    reno = Facility.objects.filter(warehouse=channel.warehouse, number="REN").first()
    level = StockLevelFactory(
        warehouse=channel.warehouse,
        item_number=number,
        facility=reno or FacilityFactory(warehouse=channel.warehouse, number="REN", name="Reno"),
        atp=2,
    )
    first, second = NOW - timedelta(days=2), NOW - timedelta(days=1)
    StockMoveFactory(level=level, at=first, before=Decimal(9), after=Decimal(1))
    StockMoveFactory(level=level, at=second, before=Decimal(1), after=Decimal(2))
    _order(channel, first + timedelta(seconds=30), sku, 5)
    _order(channel, second + timedelta(hours=1), sku, 2)
    return item


@pytest.fixture
def channel(monkeypatch: pytest.MonkeyPatch) -> Channel:
    monkeypatch.setattr("integration.web.stock.simulator.db_now", lambda: NOW)
    return stock_channel("HARBOUR")


def _simulate(channel: Channel, chosen: Chosen, candidate: Candidate, **values: Any) -> service.Simulation:
    lag = values.get("lag", LAG)
    return simulate_rule(channel=channel, chosen=chosen, candidate=candidate, days=3, lag=lag, now=NOW)


def test_the_page_has_the_figures_that_the_replay_gives(channel: Channel, sign_in: SignIn) -> None:
    _busy_item(channel)
    begin = NOW - timedelta(days=5)
    moves = [
        Move(begin, "ITEM-1", "F", Decimal(9)),
        Move(NOW - timedelta(days=2), "ITEM-1", "F", Decimal(1)),
        Move(NOW - timedelta(days=1), "ITEM-1", "F", Decimal(2)),
    ]
    demand = [Demand(NOW - timedelta(days=2, seconds=-30), 5), Demand(NOW - timedelta(days=1, hours=-1), 2)]
    expected = replay(
        OfferHistory({"ITEM-1": Decimal(1)}, moves, demand),
        today=NumberRules(),
        candidate=NumberRules(buffer_units=7),
        first_day=date(2026, 11, 23),
        last_day=date(2026, 11, 25),
    )

    page = sign_in("Ecommerce").get(ADDRESS).content.decode()
    rows = {name: [int(cell) for cell in CELL.findall(cells)] for name, cells in ROW.findall(page)}

    assert [(day.today.oversold, day.candidate.withheld) for day in expected.days] == [(4, 0), (0, 2), (0, 0)]
    assert expected.days[0].candidate.oversold == 1
    for day in (*expected.days, expected.total):
        name = "Together" if day is not expected.days[0] and day == expected.total else f"{day.day.day} Nov 2026"
        outcomes = [(outcome.sold, outcome.oversold, outcome.withheld) for outcome in (day.today, day.candidate)]
        assert rows[name] == [day.demand, *(number for pair in zip(*outcomes, strict=True) for number in pair)]


def test_the_drawing_and_the_table_say_the_same(channel: Channel, sign_in: SignIn) -> None:
    _busy_item(channel)

    page = sign_in("Auditor").get(ADDRESS).content.decode()

    drawn = {(day, what, rule): int(number.replace(",", "")) for day, what, rule, number in TITLE.findall(page)}
    table = {
        (name, *column): int(CELL.findall(cells)[at])
        for name, cells in ROW.findall(page)
        if name != "Together"
        for column, at in COLUMNS.items()
    }
    heights = {(what, rule): float(height) for what, rule, height in BAR.findall(page)[: len(drawn)]}
    assert len(drawn) >= 3
    assert drawn == {key: number for key, number in table.items() if number}
    assert heights["oversold", "today"] / drawn["23 Nov 2026", "oversold", "in force today"] == pytest.approx(
        heights["withheld", "candidate"] / drawn["24 Nov 2026", "withheld", "candidate"], abs=0.1
    )


def test_a_week_is_told_in_words_and_the_limits_of_it_too(channel: Channel, sign_in: SignIn) -> None:
    _busy_item(channel)

    words = text_of(sign_in("Auditor").get(ADDRESS).content.decode())

    total = _simulate(channel, Chosen(items=["ITEM-1"]), Candidate(units=7)).replay.total
    saved = (total.today.oversold - total.candidate.oversold) * 7 / 3
    lost = (total.candidate.withheld - total.today.withheld) * 7 / 3
    assert f"{saved:g} fewer offers a week oversold." in words
    assert f"{lost:.1f} more offers a week withheld though they were free." in words
    assert "Orders of the past were limited by what the shops showed then" in words
    assert "Your role does not change rules" in words


def test_applying_leads_to_the_rule_filled_in_and_the_simulator_changes_nothing(
    channel: Channel, sign_in: SignIn
) -> None:
    _busy_item(channel)
    client = sign_in("Ecommerce")

    page = client.get(f"{ADDRESS}&percent=12.5&share=80&offer_skus=SKU-1").content.decode()
    links = [link.replace("&amp;", "&") for link in re.findall(r'href="(/stock/buffers/new/[^"]+)"', page)]
    form = client.get(links[0]).content.decode()

    asked = [{name: value for name, (value,) in parse_qs(urlsplit(link).query).items()} for link in links]
    assert {"aspect": "buffer", "channel": "HARBOUR", "item": "ITEM-1", "units": "7", "percent": "12.5"} in asked
    assert {"aspect": "share", "channel": "HARBOUR", "offer_sku": "SKU-1", "value": "80"} in asked
    assert len(asked) == 4
    assert re.search(r'name="units" value="7"', form)
    assert re.search(r'name="item" value="ITEM-1"', form)
    assert not StockRuleChange.objects.exists()


def test_the_rules_of_today_and_what_facilities_may_give_are_replayed(channel: Channel) -> None:
    item = _busy_item(channel)
    StockItem.objects.filter(pk=item.pk).update(tags=["peak"])
    closed = level_of(item, 50, "Newark")
    excluded = level_of(item, 60, "Louisville")
    level_of(item, 7, "Atlanta")
    ChannelFacilityFactory(channel=channel, facility=closed.facility, is_eligible=False)
    StockRuleFactory(aspect="facility", units=None, includes=False, facility=excluded.facility, item_number="ITEM-1")
    StockRuleFactory(units=5, facility=level_of(item, 30, "Portland").facility)
    StockRuleFactory(units=2, tag="peak")
    StockRuleFactory(aspect="cap", units=None, value=40, item_number="ITEM-OTHER")

    (offer,) = _simulate(channel, Chosen(items=["ITEM-1"]), Candidate(share=50)).offers

    assert offer.today == NumberRules(buffer_units=2)
    assert offer.candidate == NumberRules(buffer_units=2, share_percent=Decimal(50))
    shut = {move.facility for move in offer.history.eligibility}
    assert shut == {f"ITEM-1 at {closed.facility_id}", f"ITEM-1 at {excluded.facility_id}"}
    assert [held for held in offer.history.held.values() if held[0]] == [(5, Decimal(0))]


def test_a_facility_without_a_code_gives_nothing_where_others_have_one(channel: Channel) -> None:
    item = _busy_item(channel)
    coded = level_of(item, 5, "Newark")
    judged = Facility.objects.get(number="REN")
    unseen = level_of(item, 5, "Louisville")
    ChannelFacilityFactory(channel=channel, facility=coded.facility, warehouse_code="US-E")
    ChannelFacilityFactory(channel=channel, facility=judged)

    (offer,) = _simulate(channel, Chosen(items=["ITEM-1"]), Candidate(units=1)).offers

    shut = {move.facility for move in offer.history.eligibility}
    assert shut == {f"ITEM-1 at {judged.pk}", f"ITEM-1 at {unseen.facility_id}"}


def test_kits_are_opened_and_reached_by_their_sku_alone(channel: Channel) -> None:
    _busy_item(channel)
    kit = StockItemFactory(warehouse=channel.warehouse, number="KIT-1", is_order_kit=True)
    ItemComponentFactory(kit=kit, component_number="ITEM-1", quantity=Decimal(2))
    ItemComponentFactory(kit=kit, component_number="ITEM-2", quantity=Decimal(1))
    SkuMappingFactory(channel=channel, offer_sku="SKU-KIT", item_number="KIT-1", units_per_offer=3)
    for number in ("ITEM-1", "ITEM-2"):
        SkuMappingFactory(channel=channel, offer_sku="SKU-BOTH", item_number=number)

    by_item = _simulate(channel, Chosen(items=["ITEM-1"]), Candidate(units=1))
    by_sku = _simulate(channel, Chosen(offer_skus=["SKU-BOTH", "SKU-NOT"]), Candidate(units=1))
    (opened,) = offers_named(channel, ["SKU-KIT"])

    assert ([offer.offer_sku for offer in by_item.offers], by_item.left_out) == (["SKU-1"], 1)
    assert ([offer.offer_sku for offer in by_sku.offers], by_sku.unknown_skus) == (["SKU-BOTH"], ("SKU-NOT",))
    assert opened.parts == {"ITEM-1": 6, "ITEM-2": 3}
    assert opened.only_item == "KIT-1"


def test_a_tag_stands_for_all_its_items_and_their_days_add_up(channel: Channel) -> None:
    for number in (1, 2):
        item = _busy_item(channel, f"ITEM-{number}", f"SKU-{number}")
        StockItem.objects.filter(pk=item.pk).update(tags=["peak"])
    _busy_item(channel, "ITEM-3", "SKU-3")

    found = _simulate(channel, Chosen(tag="peak"), Candidate(units=3))

    assert [offer.offer_sku for offer in found.offers] == ["SKU-1", "SKU-2"]
    assert found.replay == add_up(offer.replay for offer in found.offers)
    assert found.replay.total.today.oversold == 8


def test_stock_that_never_moved_is_what_it_is_now_and_an_item_first_told_within_the_days_is_not_known_before(
    channel: Channel,
) -> None:
    still, new = item_on(channel, "STILL"), item_on(channel, "NEW")
    for item, sku in ((still, "SKU-STILL"), (new, "SKU-NEW")):
        SkuMappingFactory(channel=channel, offer_sku=sku, item_number=item.number)
        _order(channel, NOW - timedelta(days=1), sku, 3)
    level_of(still, 2, "Reno")
    StockMoveFactory(level=level_of(new, 8, "Newark"), at=NOW - timedelta(hours=1), before=None, after=Decimal(8))

    found = _simulate(channel, Chosen(items=["STILL", "NEW"]), Candidate(units=0), lag=NO_LAG)

    total = {offer.offer_sku: offer.replay.total for offer in found.offers}
    assert (total["SKU-STILL"].today.sold, total["SKU-STILL"].unknown) == (2, 0)
    assert (total["SKU-NEW"].today.sold, total["SKU-NEW"].unknown) == (0, 3)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("channel=HARBOUR&units=3&days=3&lag=1", "Say which offers"),
        ("channel=HARBOUR&items=ITEM-1&days=3&lag=1", "Say what to try"),
        ("channel=HARBOUR&items=NONE&units=1&days=3&lag=1", "No offer of this channel stands for it"),
        ("channel=HARBOUR&items=ITEM-1&units=1&days=36&lag=1", "less than or equal to 35"),
        ("channel=NOWHERE&items=ITEM-1&units=1&days=3&lag=1", "Select a valid choice"),
    ],
)
def test_what_cannot_be_replayed_is_said(channel: Channel, sign_in: SignIn, query: str, expected: str) -> None:
    _busy_item(channel)

    answer = sign_in("Auditor").get(f"/stock/simulator/?{query}")

    assert answer.status_code == 422
    assert expected in text_of(answer.content.decode())


def test_more_offers_or_moves_than_can_be_replayed_are_refused_with_what_to_narrow(
    channel: Channel, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    _busy_item(channel)
    SkuMappingFactory(channel=channel, offer_sku="SKU-2", item_number="ITEM-1")
    client = sign_in("Auditor")

    monkeypatch.setattr(service, "MOST_OFFERS", 1)
    offers = text_of(client.get(ADDRESS).content.decode())
    monkeypatch.setattr(service, "MOST_OFFERS", 200)
    monkeypatch.setattr(service, "MOST_EVENTS", 5)
    events = text_of(client.get(ADDRESS).content.decode())
    monkeypatch.setattr(service, "MOST_EVENTS", 3)
    reads = text_of(client.get(ADDRESS).content.decode())
    monkeypatch.setattr(service, "MOST_ORDERED", 1)
    lines = text_of(client.get(ADDRESS).content.decode())

    assert "More than 1 order lines lie in these days." in lines
    assert "At most 1 offers are replayed at a time. Choose fewer items, or fewer days." in offers
    assert "That is 6 moves and orders, 5 are the most." in events
    assert "More than 3 moves and orders lie in these days." in reads


def test_many_offers_cost_no_more_statements_than_a_few(channel: Channel, sign_in: SignIn) -> None:
    client = sign_in("Ecommerce")
    address = "/stock/simulator/?channel=HARBOUR&tag=peak&units=3&days=3&lag=120"
    counts = []
    for numbers in (range(3), range(3, 30)):
        for number in numbers:
            _busy_item(channel, f"ITEM-{number}", f"SKU-{number}")
        StockItem.objects.update(tags=["peak"])
        counts.append(queries_of(client, address))

    assert counts[0] == counts[1]
    assert counts[0] < 30


def test_a_page_without_a_question_shows_the_form_alone(channel: Channel, sign_in: SignIn) -> None:
    answer = sign_in("Auditor").get("/stock/simulator/")

    assert answer.status_code == 200
    assert "Choose offers and a rule" in answer.content.decode()
    assert '<svg class="chart"' not in answer.content.decode()


def test_an_address_that_names_a_part_fills_it_in_and_asks_nothing(channel: Channel, sign_in: SignIn) -> None:
    answer = sign_in("Auditor").get("/stock/simulator/?channel=HARBOUR&items=ITEM-1")

    page = answer.content.decode()
    assert answer.status_code == 200
    assert re.search(r'name="items"[^>]*value="ITEM-1"|value="ITEM-1"[^>]*name="items"', page)
    assert "Say what to try" not in page
