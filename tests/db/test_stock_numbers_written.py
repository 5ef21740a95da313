"""What is written of the numbers, and when: only what changed, under one number of the sequence, and to be told."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from core.clock import db_now
from core.jobs import run_job
from integration.models import ChannelStock, OfferStock, StockLevel, StockTouch
from integration.services.map_sku import map_sku
from integration.services.set_lanes import set_lanes
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.compute_numbers import Computed, compute_channel, compute_touched, compute_warehouse
from integration.services.stock.in_flight import in_flight
from integration.services.stock.touch_stock import touch_items, touch_offers
from integration.services.unmap_sku import unmap_sku
from tests.db.stock_shop import Shop, versions
from tests.factories.lanes import OrderFactory, OrderLineFactory, SkuMappingFactory
from tests.factories.stock import (
    ChannelFacilityFactory,
    FacilityFactory,
    ItemComponentFactory,
    StockItemFactory,
    StockRuleFactory,
)


@pytest.fixture
def shop(db: None) -> Shop:
    return Shop(A=10, B=4)


def test_every_mapped_offer_has_its_number_after_the_first_run(shop: Shop) -> None:
    stock = ChannelStock.objects.get(channel=shop.channel)

    assert {row.offer_sku: row.wanted for row in OfferStock.objects.all()} == {"OFFER-A": 10, "OFFER-B": 4}
    assert {row.urgency for row in OfferStock.objects.all()} == {2}
    assert len(set(OfferStock.objects.values_list("wanted_seq", flat=True))) == 1
    assert stock.fully_computed_at is not None
    assert stock.recompute_asked_at is None


def test_a_full_run_that_changes_nothing_writes_nothing(shop: Shop) -> None:
    before = versions()
    ask_recompute(channels=[shop.channel], reason="test")

    done = shop.work()

    assert done == Computed(channels=1)
    assert versions() == before


def test_a_newer_reading_of_the_same_stock_writes_nothing(shop: Shop) -> None:
    before = versions()
    StockLevel.objects.update(read_at=db_now() + timedelta(minutes=5))
    ask_recompute(channels=[shop.channel], reason="test")

    shop.work()

    assert versions() == before


def test_a_touched_item_moves_its_offers_and_no_other(shop: Shop) -> None:
    before = versions()
    old_seq = shop.offer("A").wanted_seq
    shop.set("A", 7)

    done = shop.work()

    assert done == Computed(touches=1, changed=1, told=1)
    assert (shop.offer("A").wanted, shop.offer("A").wanted_seq > old_seq) == (7, True)
    assert versions()["OFFER-B"] == before["OFFER-B"]
    assert not StockTouch.objects.exists()


def test_a_new_waterfall_with_the_same_number_is_written_and_not_told(shop: Shop) -> None:
    StockRuleFactory(aspect="cap", units=None, value=3)
    ask_recompute(channels=[shop.channel], reason="test")
    shop.work()
    seq = shop.offer("A").wanted_seq
    shop.set("A", 9)

    done = shop.work()

    assert done == Computed(touches=1, changed=1, told=0)
    assert (shop.offer("A").total, shop.offer("A").wanted, shop.offer("A").wanted_seq) == (9, 3, seq)


def test_a_forced_touch_tells_the_same_number_again(shop: Shop) -> None:
    shop.land()
    seq = shop.offer("A").wanted_seq
    touch_offers(channel=shop.channel, offer_skus=["OFFER-A"], is_forced=True)

    done = shop.work()

    row = shop.offer("A")
    assert done.told == 1
    assert (row.wanted, row.wanted_seq > seq, row.urgency) == (10, True, 1)
    assert shop.offer("B").wanted_seq == shop.offer("B").pushed_seq


def test_a_touch_that_is_not_forced_tells_nothing_again(shop: Shop) -> None:
    seq = shop.offer("A").wanted_seq
    touch_offers(channel=shop.channel, offer_skus=["OFFER-A"])

    done = shop.work()

    assert done == Computed(touches=1)
    assert shop.offer("A").wanted_seq == seq


@pytest.mark.parametrize(("atp", "urgency"), [(0, 0), (-3, 0), (6, 1), (12, 3)])
def test_a_drop_is_more_urgent_than_a_rise(shop: Shop, atp: int, urgency: int) -> None:
    shop.land()
    shop.set("A", atp)

    shop.work()

    assert shop.offer("A").urgency == urgency


def test_a_drop_below_a_number_on_its_way_is_urgent_though_the_last_that_landed_was_lower(shop: Shop) -> None:
    shop.land()
    shop.set("A", 50)
    shop.work()
    shop.set("A", 20)

    shop.work()

    assert shop.offer("A").urgency == 1


def test_an_offer_that_nobody_maps_any_more_shows_nothing_and_is_told_first(shop: Shop) -> None:
    shop.land()
    unmap_sku(channel=shop.channel, offer_sku="OFFER-A", by=None)

    shop.work()

    row = shop.offer("A")
    assert (row.wanted, row.total, row.limiting_item, row.urgency) == (0, 0, "", 0)
    assert row.wanted_seq > row.pushed_seq


def test_a_full_run_finds_offers_that_lost_their_map_without_a_touch(shop: Shop) -> None:
    unmap_sku(channel=shop.channel, offer_sku="OFFER-A", by=None)
    StockTouch.objects.all().delete()
    ask_recompute(channels=[shop.channel], reason="test")

    shop.work()

    assert shop.offer("A").wanted == 0


def test_an_item_that_was_never_told_has_no_number_and_is_told_to_nobody(db: None) -> None:
    shop = Shop(A=None)
    SkuMappingFactory(channel=shop.channel, offer_sku="OFFER-LOST", item_number="LOST")
    ask_recompute(channels=[shop.channel], reason="test")

    done = shop.work()

    assert done.told == 0
    for item in ("A", "LOST"):
        row = shop.offer(item)
        assert (row.wanted, row.wanted_seq, row.wanted_at) == (None, 0, None)
    assert (shop.offer("A").is_stale, shop.offer("LOST").is_stale) == (True, False)


def test_a_number_that_is_no_longer_known_does_not_wait_to_be_told(shop: Shop) -> None:
    map_sku(channel=shop.channel, offer_sku="OFFER-A", components=[("LOST", Decimal(1))], by=None)

    shop.work()

    row = shop.offer("A")
    assert (row.wanted, row.wanted_seq) == (None, row.pushed_seq)


def test_a_measure_that_went_missing_keeps_its_number_and_makes_it_stale(shop: Shop) -> None:
    StockLevel.objects.filter(item_number="A").update(unknown_since=db_now())
    touch_items(warehouse_id=shop.warehouse.pk, item_numbers=["A"])

    shop.work()

    assert (shop.offer("A").wanted, shop.offer("A").is_stale) == (10, True)


def test_absurd_stock_is_told_as_the_most_that_a_number_holds(shop: Shop) -> None:
    StockLevel.objects.filter(item_number="A").update(atp=Decimal("99999999999.999"))
    StockRuleFactory(aspect="buffer", units=None, percent=Decimal("33.33"))
    StockRuleFactory(aspect="share", units=None, value=100)
    touch_items(warehouse_id=shop.warehouse.pk, item_numbers=["A"])

    shop.work()

    row = shop.offer("A")
    assert row.total == 2**31 - 1
    assert row.wanted == 2**31 - 1 - (-(-(2**31 - 1) * 3333 // 10_000))


def test_among_equal_rules_one_with_dates_that_count_beats_one_without_and_one_that_ended_counts_no_more(
    shop: Shop,
) -> None:
    today = db_now().date()
    dated = StockRuleFactory(aspect="buffer", units=3, first_date=today, last_date=today)
    StockRuleFactory(aspect="buffer", units=1)
    StockRuleFactory(aspect="cap", units=None, value=1, last_date=today - timedelta(days=1))
    ask_recompute(channels=[shop.channel], reason="test")

    shop.work()

    row = shop.offer("A")
    assert (row.wanted, row.buffer_rule, row.cap_rule) == (7, dated.pk, None)


def test_a_reading_that_left_the_item_out_says_nothing_of_orders_that_reached_the_warehouse(shop: Shop) -> None:
    other = FacilityFactory(warehouse=shop.warehouse)
    lost = shop.level("A", 0, other)
    StockLevel.objects.filter(pk=lost.pk).update(unknown_since=db_now(), read_at=db_now() - timedelta(hours=2))
    order = OrderFactory(channel=shop.channel, stage="in_wms", in_wms_at=db_now() - timedelta(hours=1))
    OrderLineFactory(order=order, offer_sku="OFFER-A", quantity=2)
    touch_items(warehouse_id=shop.warehouse.pk, item_numbers=["A"])

    shop.work()

    assert shop.offer("A").free == 10


def test_what_is_inside_of_a_kit_moves_the_offers_of_the_kit(shop: Shop) -> None:
    kit = StockItemFactory(warehouse=shop.warehouse, number="KIT", is_order_kit=True)
    ItemComponentFactory(kit=kit, component_number="A", quantity=2)
    SkuMappingFactory(channel=shop.channel, offer_sku="OFFER-KIT", item_number="KIT")
    ask_recompute(channels=[shop.channel], reason="test")
    shop.work()
    shop.set("A", 7)

    shop.work()

    assert (shop.offer("KIT").wanted, shop.offer("KIT").limiting_item) == (3, "A")


def test_units_sold_on_one_channel_are_gone_from_every_other(shop: Shop) -> None:
    other = shop.open_channel()
    SkuMappingFactory(channel=other, offer_sku="THERE", item_number="A", units_per_offer=3)
    order = OrderFactory(channel=shop.channel, stage="received")
    OrderLineFactory(order=order, offer_sku="OFFER-A", quantity=2, quantity_accepted=None)

    shop.work()

    there = OfferStock.objects.get(channel=other)
    assert (there.after_kept, there.free, there.wanted) == (3, 2, 2)


def test_a_channel_that_tells_no_stock_is_left_alone_until_its_lane_is_on(shop: Shop) -> None:
    set_lanes(channel=shop.channel, lanes=[], by=None)
    shop.set("A", 2)

    shop.work()
    asleep = shop.offer("A").wanted
    set_lanes(channel=shop.channel, lanes=["stock"], by=None)
    shop.work()

    assert (asleep, shop.offer("A").wanted) == (10, 2)


def test_numbers_are_worked_out_whole_each_hour(shop: Shop) -> None:
    StockLevel.objects.filter(item_number="A").update(atp=3)  # and nobody touched it
    ChannelStock.objects.update(fully_computed_at=db_now() - timedelta(minutes=59))
    too_early = shop.work()
    ChannelStock.objects.update(fully_computed_at=db_now() - timedelta(minutes=61))

    done = shop.work()

    assert too_early == Computed()
    assert (done.channels, shop.offer("A").wanted) == (1, 3)


def test_what_is_asked_for_while_it_is_worked_out_stays_asked_for(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    ask_recompute(channels=[shop.channel], reason="test")

    def meanwhile(**values: Any) -> Any:
        ask_recompute(channels=[shop.channel], reason="rules changed in between")
        return in_flight(**values)

    monkeypatch.setattr("integration.services.stock.compute_numbers.in_flight", meanwhile)

    compute_channel(channel=shop.channel)

    assert ChannelStock.objects.get(channel=shop.channel).recompute_asked_at is not None


def test_a_burst_is_taken_in_batches_and_costs_by_what_was_touched(shop: Shop) -> None:
    for number in range(30):
        shop.level(f"ITEM-{number}", number)
        SkuMappingFactory(channel=shop.channel, offer_sku=f"OFFER-{number}", item_number=f"ITEM-{number}")
    touch_items(warehouse_id=shop.warehouse.pk, item_numbers=[f"ITEM-{number}" for number in range(3)])
    with CaptureQueriesContext(database) as few:
        compute_touched(warehouse=shop.warehouse)
    touch_items(warehouse_id=shop.warehouse.pk, item_numbers=[f"ITEM-{number}" for number in range(30)])
    with CaptureQueriesContext(database) as many:
        batch = compute_touched(warehouse=shop.warehouse, most=20)

    rest = compute_warehouse(warehouse=shop.warehouse, most_touches=20)

    assert len(few) == len(many)
    assert (batch.touches, rest.touches) == (20, 10)
    assert OfferStock.objects.count() == 32


def test_the_job_works_out_what_was_touched(shop: Shop) -> None:
    shop.set("A", 1)

    run = run_job("stock.compute", scope=shop.warehouse.code)

    assert run is not None
    assert (run.outcome, run.error, run.counts["told"]) == ("ok", "", 1)


def test_codes_of_the_operator_share_the_number_among_them(db: None) -> None:
    shop = Shop()
    other, third = FacilityFactory(warehouse=shop.warehouse), FacilityFactory(warehouse=shop.warehouse)
    ChannelFacilityFactory(channel=shop.channel, facility=shop.facility, warehouse_code="WEST")
    ChannelFacilityFactory(channel=shop.channel, facility=other, warehouse_code="EAST")
    shop.level("A", 3)
    shop.level("A", 8, other)
    shop.level("A", 50, third)  # has no code: it cannot be told where it is
    SkuMappingFactory(channel=shop.channel, offer_sku="OFFER-A", item_number="A")
    StockRuleFactory(aspect="buffer", units=2)
    ask_recompute(channels=[shop.channel], reason="test")

    shop.work()

    row = shop.offer("A")
    assert (row.total, row.eligible, row.wanted) == (61, 11, 9)
    assert row.places == {"EAST": 8, "WEST": 1}


def test_halves_of_a_kit_under_two_codes_make_no_offer(db: None) -> None:
    shop = Shop()
    other = FacilityFactory(warehouse=shop.warehouse)
    ChannelFacilityFactory(channel=shop.channel, facility=shop.facility, warehouse_code="WEST")
    ChannelFacilityFactory(channel=shop.channel, facility=other, warehouse_code="EAST")
    for item, here, there in (("A", 5, 0), ("B", 1, 4)):
        shop.level(item, here)
        shop.level(item, there, other)
        SkuMappingFactory(channel=shop.channel, offer_sku="OFFER-SET", item_number=item)
    ask_recompute(channels=[shop.channel], reason="test")

    shop.work()

    row = shop.offer("SET")
    assert (row.free, row.after_pack, row.wanted, row.places) == (5, 1, 1, {"EAST": 0, "WEST": 1})
