import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from integration.models import Channel, StockItem
from integration.queries.stock.item_history import history_of, moves_of
from integration.queries.stock.item_stock import in_flight_of, kits_with, levels_of, offers_of
from tests.factories.lanes import OrderFactory, OrderLineFactory, SkuMappingFactory
from tests.factories.stock import (
    ChannelFacilityFactory,
    ChannelStockFactory,
    ItemComponentFactory,
    ItemStockHourFactory,
    ListedOfferFactory,
    OfferStockHourFactory,
    StockMoveFactory,
    StockPushFactory,
    StockPushLineFactory,
    StockRuleFactory,
)
from tests.web.conftest import SignIn
from tests.web.orders.reading import queries_of
from tests.web.stock.shelf import item_on, level_of, offer_of, stock_channel, text_of, words_of

pytestmark = pytest.mark.django_db
BAR = re.compile(r'class="fall-left"\s+x="0"\s+y="1"\s+width="([\d.]+)"')


def _address(item: StockItem) -> str:
    return f"/stock/items/{item.pk}/"


def test_the_page_tells_the_item_its_facilities_and_who_can_serve(sign_in: SignIn) -> None:
    channel = stock_channel(name="Harbour Plaza")
    item = item_on(channel, "ITEM-1", name="Blue jar", upcs=["0400000000001"], safety_stock=Decimal(3))
    offer_of(item, channel, "SKU-1")
    reno = level_of(item, 12, "Reno", on_hand=15)
    level_of(item, -2, "Louisville")
    level_of(item, 4, "Newark", unknown_since=timezone.now())
    ChannelFacilityFactory(channel=channel, facility=reno.facility, is_eligible=False, words="leaves too late")

    words = words_of(sign_in("Auditor"), _address(item))

    for expected in (
        "Available to promise 16",
        "0400000000001",
        "kept back there already: a buffer here comes on top",
        "Reno REN 12 15",
        "Harbour Plaza: leaves too late",
        "sold more than it has; counts as 0",
        "this is the number before",
    ):
        assert expected in words


def test_the_waterfall_shows_each_step_the_rule_that_won_and_why(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1", tags=["peak"])
    everywhere = StockRuleFactory(units=1)
    won = StockRuleFactory(units=4, tag="peak")
    cap = StockRuleFactory(aspect="cap", units=None, value=7, channel=channel)
    offer_of(item, channel, "SKU-1", buffer_rule=won.pk, cap_rule=cap.pk)

    answer = sign_in("Ecommerce").get(_address(item)).content.decode()
    words = text_of(answer)

    assert "In all facilities 20" in words
    assert "Not eligible -5 15" in words
    assert "In flight -3 12" in words
    assert f"Buffer -4 8 4 units: tag peak. Rule {won.pk}" in words
    assert "1 unit: everywhere (the other is more specific)" in words
    assert f"Cap -1 7 7: channel {channel.code}. Rule {cap.pk}" in words
    assert "No floor rule matches" in words
    assert "The number 7" in words
    assert BAR.findall(answer) == ["100.0", "75.0", "75.0", "60.0", "40.0", "40.0", "35.0", "35.0", "35.0", "35.0"]
    assert everywhere.pk != won.pk


def test_rules_that_changed_since_the_number_was_worked_out_are_told_apart(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    StockRuleFactory(units=9)
    offer_of(item, channel, "SKU-1", buffer_rule=None)

    words = words_of(sign_in("Ecommerce"), _address(item))

    assert "Worked out by other rules; from its next computation on: 9 units: everywhere." in words


def test_a_facility_that_can_serve_again_does_not_pass_for_the_reason(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    level_of(item, 20, "Reno")
    offer_of(item, channel, "SKU-1", places={"W1": 4, "W2": 3})

    words = words_of(sign_in("Ecommerce"), _address(item))

    assert "-5 15 It was otherwise when the number was worked out; now: Every facility can meet" in words
    assert "0 15 No facility keeps anything back." in words
    assert "Split by the operator's warehouses: W1 4, W2 3." in words


def test_a_rule_with_dates_counts_on_the_day_that_it_is_for_the_channel(sign_in: SignIn) -> None:
    channel = stock_channel()
    settings = ChannelStockFactory(channel=channel)
    settings.time_zone = "Pacific/Kiritimati"  # fourteen hours ahead
    settings.save()
    item = item_on(channel, "ITEM-1")
    there = (datetime.now(UTC) + timedelta(hours=14)).date()
    rule = StockRuleFactory(units=9, first_date=there, last_date=there)
    offer_of(item, channel, "SKU-1", buffer_rule=rule.pk)

    words = words_of(sign_in("Ecommerce"), _address(item))

    assert f"9 units: everywhere, from {there} to {there}. Rule {rule.pk}" in words


def test_a_facility_that_a_rule_leaves_out_or_that_keeps_something_back_is_named(sign_in: SignIn) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    out, keeps = level_of(item, 5, "Reno").facility, level_of(item, 15, "Louisville").facility
    StockRuleFactory(aspect="facility", units=None, includes=False, facility=out)
    StockRuleFactory(units=2, facility=keeps)
    offer_of(item, channel, "SKU-1")

    words = words_of(sign_in("Ecommerce"), _address(item))

    assert "Reno: excluded by a rule, excluded: everywhere, at REN." in words
    assert "Louisville keeps back 2 units: everywhere, at LOU." in words


def test_an_offer_tells_when_it_was_told_what_the_marketplace_shows_and_what_it_was_told_before(
    sign_in: SignIn,
) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    push = StockPushFactory(channel=channel)
    StockPushLineFactory(push=push, offer_sku="SKU-1", outcome="refused", words="Offer is closed")
    StockPushLineFactory(offer_sku="SKU-1", outcome="landed", words="of another shop")
    offer_of(item, channel, "SKU-1", seen=9, seen_at=timezone.now(), differs_since=timezone.now(), push_id=push.pk)
    ListedOfferFactory(channel=channel, offer_sku="SKU-1", is_active=False, inactivity_reasons=["ZERO_QUANTITY"])

    words = words_of(sign_in("Ecommerce"), _address(item))

    assert "Marketplace shows 9" in words
    assert f"with push {push.pk} ." in words
    assert "inactive there: ZERO_QUANTITY" in words
    assert "20 in all, -5 not eligible, -3 in flight, -4 buffer, -1 cap = 7" in words
    assert "Refused Offer is closed" in words
    assert "of another shop" not in words


def test_in_flight_is_what_was_sold_and_no_reading_knows(sign_in: SignIn) -> None:
    channel = stock_channel()
    other = stock_channel("NORTH", warehouse=channel.warehouse)
    item = item_on(channel, "ITEM-1")
    read_at = timezone.now() - timedelta(minutes=10)
    level_of(item, 20, "Reno", read_at=read_at)
    offer_of(item, channel, "SKU-1", units=2)
    offer_of(item, other, "SKU-N")
    coming = OrderFactory(channel=channel, order_id="COMING", stage="accepted")
    OrderLineFactory(order=coming, offer_sku="SKU-1", quantity=3, quantity_accepted=3, quantity_cancelled=1)
    late = OrderFactory(channel=other, order_id="LATE", stage="in_wms", in_wms_at=read_at + timedelta(minutes=1))
    OrderLineFactory(order=late, offer_sku="SKU-N", quantity=5, quantity_accepted=5)
    _order(channel, "SEEN", stage="in_wms", in_wms_at=read_at - timedelta(minutes=1))
    _order(channel, "ELSEWHERE", stage="accepted", fulfillment_center="OPERATOR")
    _order(channel, "SHIPPED", stage="shipped", in_wms_at=read_at - timedelta(days=2))
    refused = OrderFactory(channel=channel, order_id="REFUSED", stage="received")
    OrderLineFactory(order=refused, offer_sku="SKU-1", mirakl_state="REFUSED")

    words = words_of(sign_in("Ecommerce"), _address(item))
    found = in_flight_of(item, levels_of(item), kits_with(item))

    assert {row.line.order.order_id: row.units for row in found} == {"COMING": Decimal(4), "LATE": Decimal(5)}
    assert "In flight 9" in words
    assert "after the last reading" in words


def _order(channel: Channel, order_id: str, **values: Any) -> None:
    OrderLineFactory(order=OrderFactory(channel=channel, order_id=order_id, **values), offer_sku="SKU-1", quantity=9)


def test_an_item_within_a_kit_shows_the_kits_offers_and_orders(sign_in: SignIn) -> None:
    channel = stock_channel()
    kit, part = item_on(channel, "KIT-1", is_order_kit=True), item_on(channel, "ITEM-1")
    ItemComponentFactory(kit=kit, component_number="ITEM-1", quantity=2)
    offer_of(kit, channel, "SKU-KIT", units=3)
    OrderLineFactory(order=OrderFactory(channel=channel, stage="accepted"), offer_sku="SKU-KIT", quantity=1)

    found = in_flight_of(part, levels_of(part), kits_with(part))
    client = sign_in("Ecommerce")
    of_part, of_kit = words_of(client, _address(part)), words_of(client, _address(kit))

    assert [row.units for row in found] == [Decimal(6)]
    assert "SKU-KIT" in of_part
    assert "Put together from 2 x ITEM-1" in of_kit
    assert "A kit has no stock of its own" in of_kit


def test_an_offer_of_several_items_names_them_and_the_scarcest(sign_in: SignIn) -> None:
    channel = stock_channel()
    one, two = item_on(channel, "ITEM-1"), item_on(channel, "ITEM-2")
    offer_of(one, channel, "SKU-SET", limiting_item="ITEM-2")
    SkuMappingFactory(channel=channel, offer_sku="SKU-SET", item_number="ITEM-2", units_per_offer=2)

    page = sign_in("Ecommerce").get(_address(one)).content.decode()

    assert "The scarcest is ITEM-2 ." in text_of(page)
    assert f'href="{_address(two)}"' in page


@pytest.mark.parametrize(
    ("offered", "words"),
    [(False, "No offer SKU of any channel stands for this item"), (True, "Its number has not been worked out yet")],
)
def test_what_is_not_there_yet_says_why(sign_in: SignIn, offered: bool, words: str) -> None:
    channel = stock_channel()
    item = item_on(channel, "ITEM-1")
    if offered:
        SkuMappingFactory(channel=channel, offer_sku="SKU-1", item_number="ITEM-1")

    page = words_of(sign_in("Ecommerce"), _address(item))

    assert words in page
    assert "No facility has told a number of this item yet" in page
    assert "Nothing has moved in the last days" in page


def test_the_history_is_rollups_then_moves_and_ends_at_the_present_number() -> None:
    channel, now = stock_channel(), datetime(2026, 11, 20, 12, 30, tzinfo=UTC)
    item = item_on(channel, "ITEM-1")
    level, other = level_of(item, 20, "Reno"), level_of(item, 5, "Newark")
    ItemStockHourFactory(
        warehouse_id=item.warehouse_id, item_number="ITEM-1", hour=now.replace(hour=9, minute=0), last=31
    )
    StockMoveFactory(level=level, at=now - timedelta(hours=5), before=50, after=26)  # within the rolled-up hours
    StockMoveFactory(level=level, at=now - timedelta(hours=1), before=26, after=22)
    StockMoveFactory(level=other, at=now - timedelta(minutes=30), before=-4, after=3)
    StockMoveFactory(level=level, at=now - timedelta(minutes=10), before=24, after=22)
    offer_of(item, channel, "SKU-1", pushed=7)
    OfferStockHourFactory(channel_id=channel.pk, offer_sku="SKU-1", hour=now.replace(hour=10, minute=0), last=9)

    history = history_of(item, Decimal(25), offers_of(item, kits_with(item)).offers, now)

    atp, told = history.series
    assert [point.number for point in atp.points] == [31, 24, 27, 25, 25]
    assert [(point.at.hour, point.number) for point in told.points] == [(11, 9), (12, 7)]
    assert next(move.after for move in moves_of(item)) == Decimal(22)


def test_the_chart_is_drawn_and_its_table_has_the_lowest_and_highest_of_each_day(sign_in: SignIn) -> None:
    channel, now = stock_channel(), timezone.now()
    item = item_on(channel, "ITEM-1")
    level_of(item, 20, "Reno")
    yesterday = (now - timedelta(days=1)).replace(hour=10, minute=0, second=0, microsecond=0)
    for hours, number in ((0, 30), (2, 12), (4, 20)):
        ItemStockHourFactory(
            warehouse_id=item.warehouse_id,
            item_number="ITEM-1",
            hour=yesterday + timedelta(hours=hours),
            last=number,
        )

    page = sign_in("Ecommerce").get(_address(item)).content.decode()

    assert 'class="chart-line is-0"' in page
    assert "Now: Available to promise 20." in page
    assert "12 to 30" in text_of(page)


def test_three_offers_cost_as_many_queries_as_one(sign_in: SignIn) -> None:
    client, channel = sign_in("Ecommerce"), stock_channel()
    item = item_on(channel, "ITEM-1")
    _more(item, channel, 1)
    few = queries_of(client, _address(item))
    for number in (2, 3):
        _more(item, stock_channel(f"C{number}", warehouse=channel.warehouse), number)

    many = queries_of(client, _address(item))

    assert many == few


def _more(item: StockItem, channel: Channel, number: int) -> None:
    level_of(item, 5, f"F{number}acility")
    offer_of(item, channel, f"SKU-{number}")
    StockRuleFactory(units=number, offer_sku=f"SKU-{number}")
    OrderLineFactory(order=OrderFactory(channel=channel, stage="accepted"), offer_sku=f"SKU-{number}")
    StockPushLineFactory(push=StockPushFactory(channel=channel), offer_sku=f"SKU-{number}")
    OfferStockHourFactory(channel_id=channel.pk, offer_sku=f"SKU-{number}")
