"""Every kind of stock case, opened by what the marketplace and the warehouse do, and closed by what mends it."""

from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from core.clock import db_now
from exceptions.models import Case
from integration.models import Facility, OfferStock, StockFinding, StockItem
from integration.services.stock.push_again import push_again
from sandbox.mirakl.plans import Plan
from tests.db.house import House
from tests.db.stock_lane import closes, live, look, opens, read_back, recompute, start
from tests.factories.stock import StockLevelFactory, StockRuleFactory

pytestmark = pytest.mark.django_db


def detail(case: Case) -> dict[str, object]:
    return dict(StockFinding.objects.get(kind=case.kind, cause_key=case.cause_key, cleared_at=None).detail)


def test_a_number_that_somebody_typed_at_the_marketplace_is_a_case_until_ours_is_pushed_again(north: House) -> None:
    start(north)
    assert north.shop.offers["SKU-003"]["quantity"] == 100
    for sku in ("SKU-003", "SKU-004"):
        north.shop.offers[sku]["quantity"] = 90 if sku == "SKU-003" else 107
    read_back(north)

    case = opens(north, "stock.discrepancy")
    numbers = detail(case)
    push_again(channel=north.channel, by=None, offer_skus=["SKU-003", "SKU-004"])
    closed = closes(north, "stock.discrepancy", beats=12)

    assert (case.team, case.record_count, case.order_count) == ("ecommerce", 2, 0)
    assert (numbers["offers"], numbers["largest_difference"], numbers["show_more_than_told"]) == (2, 10, 1)
    assert numbers["examples"] == [
        {"offer": "SKU-003", "told": 100, "shown": 90, "difference": -10},
        {"offer": "SKU-004", "told": 100, "shown": 107, "difference": 7},
    ]
    assert "by up to 10" in case.summary
    assert closed.resolved_how == "by itself"
    assert north.shop.offers["SKU-003"]["quantity"] == 100


def test_a_difference_that_only_one_reading_showed_is_no_case(north: House) -> None:
    start(north)
    north.shop.offers["SKU-003"]["quantity"] = 90
    north.skip(601)
    live(north)
    seen = OfferStock.objects.get(offer_sku="SKU-003").differs_since
    look(north)
    north.shop.offers["SKU-003"]["quantity"] = 100

    read_back(north)
    look(north)

    assert seen is not None
    assert not Case.objects.filter(kind="stock.discrepancy").exists()


def test_offers_without_an_item_are_a_case_until_they_are_mapped(north: House) -> None:
    start(north, mapped=38)

    case = opens(north, "stock.offer_unmapped")
    numbers = detail(case)
    for sku in ("SKU-039", "SKU-040", "SKU-NEW-1"):
        north.map(sku, ("ITEM-039", 1))

    assert (case.record_count, numbers["on_sale"]) == (3, 3)
    assert "3 offers of Shop 2001 have no warehouse item" in case.summary
    assert closes(north, "stock.offer_unmapped").state == "resolved"


def test_offers_with_stock_that_do_not_sell_are_a_case_for_each_reason(north: House) -> None:
    start(north)
    for sku in ("SKU-005", "SKU-006"):
        north.shop.offers[sku]["reasons"] = ["NO_ACTIVE_PRICE"]
    north.shop.offers["SKU-007"]["min_order_quantity"] = 1000
    read_back(north)

    look(north)
    cases = {case.cause_key: case for case in Case.objects.filter(kind="stock.offer_inactive")}
    by_price = detail(cases["NO_ACTIVE_PRICE"])
    for sku in ("SKU-005", "SKU-006"):
        north.shop.offers[sku].pop("reasons")
    read_back(north)
    case = opens(north, "stock.offer_inactive")
    north.shop.offers["SKU-007"]["min_order_quantity"] = 0
    read_back(north)

    assert {key: case.record_count for key, case in cases.items()} == {
        "NO_ACTIVE_PRICE": 2,
        "AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY": 1,
    }
    assert by_price["units_not_sold"] == 200
    assert "it has no price that is valid today" in cases["NO_ACTIVE_PRICE"].summary
    assert case.cause_key == "AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY"
    assert closes(north, "stock.offer_inactive").state == "resolved"


def test_an_offer_whose_number_should_be_zero_may_be_inactive(north: House) -> None:
    start(north, atp=0)
    north.shop.offers["SKU-005"]["reasons"] = ["NO_ACTIVE_PRICE"]

    read_back(north)
    look(north)

    assert not Case.objects.filter(kind="stock.offer_inactive").exists()


def test_what_the_warehouse_holds_back_beside_a_buffer_here_is_a_case_until_one_is_gone(north: House) -> None:
    north.tenant.safety_stock = 3.0
    start(north)
    look(north)
    without = Case.objects.filter(kind="stock.double_buffer").exists()
    rule = StockRuleFactory(units=4)
    recompute(north)
    read_back(north)

    case = opens(north, "stock.double_buffer")
    numbers = detail(case)
    rule.is_active = False
    rule.save(update_fields=["is_active"])
    recompute(north)
    live(north)

    assert not without
    assert case.cause_key == "HOUSE:levels"
    assert (numbers["held_back_in_deposco"], numbers["gap"]) == ("3", "3")
    assert numbers["examples"] == [{"rule": "Buffer", "of": "everything", "holds back": "4 units"}]
    assert closes(north, "stock.double_buffer").state == "resolved"


def test_safety_stock_of_items_beside_a_buffer_here_is_a_case_until_one_is_gone(north: House) -> None:
    start(north)
    StockRuleFactory(units=4, item_number="ITEM-003")
    StockItem.objects.filter(number__in=["ITEM-003", "ITEM-004"]).update(safety_stock=Decimal(2))
    recompute(north)
    read_back(north)

    case = opens(north, "stock.double_buffer")
    numbers = detail(case)
    StockItem.objects.update(safety_stock=0)

    assert (case.cause_key, case.record_count) == ("HOUSE:safety", 1)
    assert numbers["examples"] == [{"item": "ITEM-003", "safety stock in Deposco": 2, "kept back here": 4}]
    assert closes(north, "stock.double_buffer").state == "resolved"


def test_a_shop_that_shows_less_by_one_number_everywhere_is_one_case_and_no_discrepancies(north: House) -> None:
    start(north)
    for offer in north.shop.offers.values():
        offer["quantity"] -= 2
    north.shop.offers["SKU-003"]["quantity"] = 50
    read_back(north)

    case = opens(north, "stock.double_buffer")
    numbers = detail(case)
    other = opens(north, "stock.discrepancy")
    for offer in north.shop.offers.values():
        offer["quantity"] = 100
    read_back(north)

    assert (case.cause_key, numbers["gap"]) == ("seen", 2)
    assert "2 units less than told" in case.summary
    assert other.record_count == 1
    assert closes(north, "stock.double_buffer").state == "resolved"
    assert closes(north, "stock.discrepancy").state == "resolved"


def test_a_minimum_quantity_beside_a_floor_here_is_a_case_until_one_is_gone(north: House) -> None:
    start(north)
    north.shop.offers["SKU-003"]["min_order_quantity"] = 6
    rule = StockRuleFactory(aspect="floor", units=None, value=5)
    recompute(north)
    read_back(north)

    case = opens(north, "stock.double_buffer")
    numbers = detail(case)
    rule.is_active = False
    rule.save(update_fields=["is_active"])
    recompute(north)
    live(north)

    assert (case.cause_key, case.record_count) == ("minimum", 1)
    assert (numbers["largest_minimum_order_quantity"], numbers["largest_floor_here"]) == (6, 5)
    assert closes(north, "stock.double_buffer").state == "resolved"


def test_more_sold_than_can_be_sent_is_a_case_of_the_item_with_its_orders_worth_and_deadline(north: House) -> None:
    start(north, atp=5)
    north.map("SKU-008", ("ITEM-003", 2))
    first = north.place(("SKU-003", 3))
    north.place(("SKU-008", 2))
    north.poll()

    case = opens(north, "order.oversold")
    numbers = detail(case)
    north.tenant.set_stock("ITEM-003", "LVL", Decimal(7))
    live(north, beats=4)

    assert (case.cause_key, case.team, case.order_count, case.record_count) == ("ITEM-003", "ecommerce", 2, 2)
    assert case.summary == "ITEM-003: 7 sold in 2 orders, 5 can be sent"
    assert (numbers["units_missing"], numbers["currency"], case.currency) == ("2", "EUR", "EUR")
    assert case.value > 0
    assert case.deadline_at is None or case.deadline_at > db_now() - timedelta(days=1)
    assert first.id in [row["order"] for row in numbers["examples"]]  # type: ignore[attr-defined]
    assert closes(north, "order.oversold").state == "resolved"


def test_an_item_that_was_never_told_is_not_oversold(north: House) -> None:
    start(north)
    north.map("SKU-003", ("ITEM-NEVER", 1))
    place = Facility.objects.get(number="LVL")
    StockLevelFactory(warehouse=north.warehouse, facility=place, item_number="ITEM-NEVER", atp=None)
    north.place(("SKU-003", 3))
    north.poll()

    look(north)

    assert not Case.objects.filter(kind="order.oversold").exists()


def test_a_file_that_the_marketplace_fails_is_a_case_until_the_next_one_lands(north: House) -> None:
    start(north)
    north.operator.import_plans.waiting.append(Plan(ends="FAILED"))
    north.tenant.set_stock("ITEM-003", "LVL", Decimal(40))
    case = opens(north, "stock.push_failed", beats=12)

    assert (case.team, case.record_count) == ("ecommerce", 1)
    assert closes(north, "stock.push_failed", beats=20).state == "resolved"
    assert north.shop.offers["SKU-003"]["quantity"] == 40


def test_refused_lines_are_a_case_until_the_marketplace_takes_them(north: House) -> None:
    start(north)
    offer = north.shop.offers.pop("SKU-003")
    north.tenant.set_stock("ITEM-003", "LVL", Decimal(40))
    case = opens(north, "stock.line_rejected", beats=12)
    north.shop.offers["SKU-003"] = offer
    north.skip(601)
    closed = closes(north, "stock.line_rejected", beats=12)

    assert case.record_count == 1
    assert closed.state == "resolved"
    assert offer["quantity"] == 40


def test_stock_that_is_not_told_any_more_is_a_case_until_it_is_told_again(north: House) -> None:
    start(north)
    north.gate.before = lambda request: httpx.Response(503) if "/deposco" in request.url.path else None
    north.skip(2400)

    case = opens(north, "stock.stale", beats=3)
    north.gate.before = lambda _request: None
    north.skip(901)
    closed = closes(north, "stock.stale", beats=12)

    assert case.team == "ecommerce"
    assert north.shop.offers["SKU-003"]["quantity"] == 100
    assert closed.state == "resolved"
