"""What the contracts allow and is easy to forget: our clients read every form of it alike."""

from datetime import timedelta
from decimal import Decimal

import pytest

from integration.deposco.parcels import aggregate_parcels
from tests.contract.deposco_run import Run as WarehouseRun
from tests.contract.mirakl_run import Run as MarketRun


@pytest.fixture
def market() -> MarketRun:
    return MarketRun()


@pytest.fixture
def house() -> WarehouseRun:
    return WarehouseRun()


def test_fields_and_values_of_a_later_version_are_read_over(market: MarketRun) -> None:
    market.operator.unknown_fields = True
    order = market.order()

    page = market.client.orders(order_ids=(order.id,))

    assert [row.order_id for row in page.orders] == [order.id]
    assert page.unreadable == ()


def test_a_country_without_a_code_leaves_the_order_readable(market: MarketRun) -> None:
    order = market.order(address={"country_iso_code": None})

    (row,) = market.client.orders(order_ids=(order.id,)).orders

    assert row.customer["shipping_address"]["country_iso_code"] is None


def test_every_page_of_every_style_is_read_to_its_end(market: MarketRun) -> None:
    orders = [market.order(("SKU-001", 2)).id for _ in range(3)]
    line = f"{orders[0]}-1"
    for _ in range(2):
        parcel = {"order_id": orders[0], "shipment_lines": [{"order_line_id": line, "quantity": 1}]}
        market.client.create_shipments([parcel])

    logs = list(market.client.transaction_logs(limit=2))
    shipments = market.client.shipments_of_order(orders[0])

    assert len({row["id"] for row in logs}) == len(logs) == 9
    assert len(shipments) == 2


def test_an_answer_of_one_order_and_of_several_are_read_alike(house: WarehouseRun) -> None:
    house.create("W-1", ("ITEM-001", 2))
    house.create("W-2", ("ITEM-001", 1), ("ITEM-002", 3))

    found = [house.client.find_orders(number) for number in ("W-1", "W-2", "W-3")]

    assert [[(line.item_number, line.quantity) for row in rows or () for line in row.lines] for rows in found] == [
        [("ITEM-001", Decimal(2))],
        [("ITEM-001", Decimal(1)), ("ITEM-002", Decimal(3))],
        [],
    ]


def test_stock_is_read_whether_items_were_named_or_not_and_absent_is_not_zero(house: WarehouseRun) -> None:
    house.tenant.hidden_measures = {"LVL": ["atpQty"]}
    house.tenant.set_stock("ITEM-001", "DOC", Decimal(-4))

    named = house.client.availability(items=("ITEM-001",))
    everything = [row for row in house.client.availability() if row.item_number == "ITEM-001"]

    places = {row.facility: row.measures for row in named}
    assert named == everything
    assert "atpQty" not in places["LVL"]
    assert places["DOC"]["atpQty"] == Decimal(-4)


def test_the_full_inventory_is_read_for_one_item_and_for_several(house: WarehouseRun) -> None:
    house.world.clock.advance(100)
    since = house.world.clock.now() - timedelta(seconds=1)
    moved = []
    for item in ("ITEM-001", "ITEM-002"):
        house.tenant.set_stock(item, "DOC", Decimal(7))
        page = house.client.stock_moved(since=since, page=1)
        moved.append(page.items if page else ())

    assert moved == [("ITEM-001",), ("ITEM-001", "ITEM-002")]
    end = house.client.stock_moved(since=since, page=2)
    assert end is not None
    assert (end.is_last, end.rows) == (True, ())


@pytest.mark.parametrize("lines_under_orders", [False, True])
@pytest.mark.parametrize(
    ("script", "parcels"),
    [("one_parcel", 1), ("two_parcels", 2), ("empty_label", 1), ("late_tracking", 1), ("no_tracking", 1)],
)
def test_parcels_are_read_from_every_form_of_a_shipment(
    house: WarehouseRun, script: str, parcels: int, *, lines_under_orders: bool
) -> None:
    house.tenant.lines_under_orders = lines_under_orders
    house.tenant.serial_items.add("ITEM-002")
    house.create("W-1", ("ITEM-001", 2), ("ITEM-002", 3), script=script)
    house.skip(5)

    (shipment,) = house.client.shipments_of_order("W-1-A")
    found = aggregate_parcels(shipment, house.client._profile)

    units = [line.quantity for parcel in found.parcels for line in parcel.lines]
    assert (len(found.parcels), sum(units)) == (parcels, 5)
    assert all(bool(parcel.tracking_number) == ("tracking" not in script) for parcel in found.parcels)


def test_a_shared_shipment_gives_each_order_its_own(house: WarehouseRun) -> None:
    house.create("W-1", ("ITEM-001", 2), script="combined")
    house.create("W-2", ("ITEM-001", 1), script="combined")
    house.skip(6)

    (shipment,) = house.client.shipments_of_order("W-2-A")
    found = aggregate_parcels(shipment, house.client._profile)

    lines = {line.order_number: line.quantity for parcel in found.parcels for line in parcel.lines}
    assert lines == {"W-1": Decimal(2), "W-2": Decimal(1)}


def test_a_shipment_that_was_taken_back_is_read_as_a_retraction(house: WarehouseRun) -> None:
    house.create("W-1", script="rolled_back")
    house.skip(6)

    (shipment,) = house.client.shipments_of_order("W-1-A")

    assert aggregate_parcels(shipment, house.client._profile).is_retraction
