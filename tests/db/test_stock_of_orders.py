"""What happens to orders moves the numbers: in the same transaction, and acceptance waits for none of it."""

import pytest

from core.models import Effect
from integration.models import OfferStock, SkuMapping, StockRecheck, StockTouch
from integration.services.set_acceptance_policy import set_acceptance_policy
from integration.services.unmap_sku import unmap_sku
from tests.db.house import House
from tests.factories.stock import ItemComponentFactory, OfferStockFactory, StockItemFactory


def touched() -> set[tuple[str, str, bool]]:
    """Items and offers that are to be worked out anew, and whether they are told again whatever comes of it."""
    found = set(StockTouch.objects.values_list("item_number", "offer_sku", "is_forced"))
    StockTouch.objects.all().delete()
    return found


def rechecked() -> set[tuple[str, str]]:
    found = set(StockRecheck.objects.values_list("item_number", "reason"))
    StockRecheck.objects.all().delete()
    return found


SOLD = {("ITEM-001", "", False), ("", "SKU-001", True)}


def test_a_new_order_touches_its_items_and_has_its_offers_told_again(north: House) -> None:
    north.map("SKU-001")
    touched()
    north.place(("SKU-001", 2))

    north.poll()

    assert touched() == SOLD


def test_an_order_of_a_kit_touches_what_is_in_it(north: House) -> None:
    kit = StockItemFactory(warehouse=north.warehouse, number="KIT", is_order_kit=True)
    ItemComponentFactory(kit=kit, component_number="INSIDE")
    north.map("SKU-001", ("KIT", 1))
    touched()
    north.place(("SKU-001", 2))

    north.poll()

    assert touched() == {("INSIDE", "", False), ("", "SKU-001", True)}


def test_an_order_that_is_read_again_as_it_was_touches_nothing(north: House) -> None:
    north.map("SKU-001")
    north.place(("SKU-001", 2))
    north.poll()
    touched()

    north.poll()

    assert touched() == set()


def test_a_line_that_is_refused_gives_its_units_back(north: House) -> None:
    set_acceptance_policy(channel=north.channel, policy={"below_price": "refuse", "floor_price": "1000000"}, by=None)
    north.map("SKU-001")
    north.place(("SKU-001", 2))
    north.poll()
    touched()

    north.accept()

    assert touched() == SOLD


def test_a_cancellation_gives_units_back_and_asks_the_warehouse_that_has_the_order(north: House) -> None:
    placed, _ = north.in_warehouse(("SKU-001", 2))
    touched()
    rechecked()
    north.operator.cancel(placed, north.world.clock.seconds())

    north.poll()

    assert touched() == SOLD
    assert rechecked() == {("ITEM-001", "cancelled")}


def test_an_order_that_reached_the_warehouse_has_its_stock_read_a_moment_and_a_minute_later(north: House) -> None:
    north.map("SKU-001")
    north.ready(("SKU-001", 2))
    north.prepare()
    touched()

    north.create()

    looks = StockRecheck.objects.order_by("not_before")
    waits = [(recheck.not_before - recheck.asked_at).total_seconds() for recheck in looks]
    assert waits == [pytest.approx(5.0, abs=0.1), pytest.approx(65.0, abs=0.1)]
    assert rechecked() == {("ITEM-001", "in the warehouse")}
    assert touched() == {("ITEM-001", "", False)}


def test_a_shipment_that_is_taken_back_has_its_stock_read(north: House) -> None:
    _, order = north.in_warehouse(("SKU-001", 2))
    there = north.ship(order)
    north.read()
    rechecked()
    north.world.floor.roll_back(north.tenant, there)
    north.skip(700)

    north.read()

    assert rechecked() == {("ITEM-001", "taken back")}


def test_a_map_that_changes_touches_the_offer_the_old_items_and_the_new(north: House) -> None:
    north.map("SKU-001", ("OLD", 1))
    touched()

    north.map("SKU-001", ("NEW", 1))
    mapped = touched()
    unmap_sku(channel=north.channel, offer_sku="SKU-001", by=None)

    assert mapped == {("OLD", "", False), ("NEW", "", False), ("", "SKU-001", False)}
    assert touched() == {("NEW", "", False), ("", "SKU-001", False)}
    assert not SkuMapping.objects.exists()


# A policy that looks at stock


def answers() -> list[bool]:
    return [line["accepted"] for effect in Effect.objects.order_by("id") for line in effect.payload["lines"]]


def offered(house: House, free: int, **more: object) -> OfferStock:
    row: OfferStock = OfferStockFactory(channel=house.channel, offer_sku="SKU-001", free=free, **more)
    return row


def test_lines_of_more_units_than_are_left_are_refused_where_the_policy_says_so_one_order_after_the_other(
    north: House,
) -> None:
    set_acceptance_policy(channel=north.channel, policy={"short_stock": "refuse"}, by=None)
    offered(north, 5)
    for _ in range(3):
        north.place(("SKU-001", 2))

    north.poll()

    assert answers() == [True, True, False]
    assert Effect.objects.order_by("id")[2].payload["reasons"] == ["SKU SKU-001 has 1 left, and 2 were ordered"]


def test_a_policy_may_hold_what_there_is_too_little_of(north: House) -> None:
    set_acceptance_policy(channel=north.channel, policy={"short_stock": "hold"}, by=None)
    offered(north, 1)
    placed = north.place(("SKU-001", 2))

    north.poll()

    assert [kind for kind, _ in north.holds(north.order(placed))] == ["order.acceptance_failed"]
    assert answers() == []


@pytest.mark.parametrize("known", [{"is_stale": True}, {"wanted": None}, None])
def test_stock_that_is_stale_or_not_known_refuses_nothing(north: House, known: dict[str, object] | None) -> None:
    set_acceptance_policy(channel=north.channel, policy={"short_stock": "refuse"}, by=None)
    if known is not None:
        offered(north, 0, **known)
    north.place(("SKU-001", 2))

    north.poll()

    assert answers() == [True]


def test_without_the_policy_stock_is_not_looked_at(north: House) -> None:
    offered(north, 0)
    north.place(("SKU-001", 2))

    north.poll()

    assert answers() == [True]
