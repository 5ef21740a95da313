"""The floor's scripts, and what the warehouse tells of the shipments they make."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sandbox.demo import build_world
from sandbox.deposco.rendering import as_rows
from sandbox.floor import SCRIPTS
from tests.sandbox.conftest import Json, Warehouse


def _lines(shipment: Json) -> list[Json]:
    return as_rows(shipment["lines"]["line"])


def _shipped(shipments: list[Json]) -> dict[str, Decimal]:
    units: dict[str, Decimal] = {}
    for line in (line for shipment in shipments for line in _lines(shipment)):
        units[line["lineNumber"]] = units.get(line["lineNumber"], Decimal(0)) + Decimal(line["shippedPackQuantity"])
    return units


def test_an_order_is_released_picked_packed_and_shipped_in_turn(house: Warehouse) -> None:
    house.order("W-1")

    statuses = [house.read("W-1")["status"]]
    for _ in range(4):
        house.skip(1)
        statuses.append(house.read("W-1")["status"])

    assert statuses == ["New", "Released", "Picking", "Packed", "Complete"]
    assert house.read("W-1")["shippingStatus"] == "20"


def test_one_parcel_carries_everything(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 2), ("ITEM-002", 1), script="one_parcel")
    house.skip(4)

    (shipment,) = house.shipments("W-1")

    assert {line["container"]["lpn"] for line in _lines(shipment)} == {_lines(shipment)[0]["container"]["lpn"]}
    assert _shipped([shipment]) == {"W-1-1": Decimal(2), "W-1-2": Decimal(1)}


def test_two_parcels_have_two_tracking_numbers_in_one_shipment(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 3), script="two_parcels")
    house.skip(4)

    (shipment,) = house.shipments("W-1")

    assert len({line["container"]["trackingNumber"] for line in _lines(shipment)}) == 2
    assert _shipped([shipment]) == {"W-1-1": Decimal(3)}


def test_a_partial_shipment_leaves_the_order_open_until_the_rest_went(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 3), script="two_shipments")

    house.skip(4)
    first, between = house.shipments("W-1"), house.read("W-1")
    house.skip(1)

    assert (len(first), between["status"]) == (1, "Packed")
    assert between["orderLines"]["orderLine"]["shippedPackQuantity"] == "2.0"
    assert len(house.shipments("W-1")) == 2
    assert _shipped(house.shipments("W-1")) == {"W-1-1": Decimal(3)}
    assert house.read("W-1")["status"] == "Complete"


def test_tracking_may_come_later_and_may_never_come(house: Warehouse) -> None:
    house.order("W-1", script="late_tracking")
    house.order("W-2", script="no_tracking")
    house.skip(4)
    before = [house.shipments(number)[0] for number in ("W-1", "W-2")]

    house.world.clock.advance(house.world.floor.late_seconds + 1)

    after = [house.shipments(number)[0] for number in ("W-1", "W-2")]
    assert ["trackingNumber" in row for row in before] == [False, False]
    assert ["trackingNumber" in row for row in after] == [True, False]
    assert after[0]["trackingUrl"].endswith(after[0]["trackingNumber"])


def test_a_label_that_was_never_used_has_tracking_and_no_units(house: Warehouse) -> None:
    house.order("W-1", script="empty_label")
    house.skip(4)

    lines = _lines(house.shipments("W-1")[0])

    assert [line["shippedPackQuantity"] for line in lines] == ["2.0", "0.0"]
    assert lines[1]["trackingNumber"]


def test_a_shipment_that_is_rolled_back_is_told_so_and_gives_its_units_back(house: Warehouse) -> None:
    house.order("W-1", script="rolled_back")
    stock = house.tenant.stock["ITEM-001"]["LVL"]

    house.skip(4)
    shipped = (house.shipments("W-1")[0]["shipmentStatus"], house.tenant.stock["ITEM-001"]["LVL"])
    house.skip(1)

    assert shipped == ("Shipped", stock - 2)
    assert house.shipments("W-1")[0]["shipmentStatus"] == "Rolled Back"
    assert house.tenant.stock["ITEM-001"]["LVL"] == stock
    assert house.read("W-1")["orderLines"]["orderLine"]["shippedPackQuantity"] == "0.0"


def test_an_order_that_was_rolled_back_is_shipped_anew_by_hand(house: Warehouse) -> None:
    house.order("W-1", script="rolled_back")
    house.skip(6)
    order = house.tenant.orders["W-1"]

    order.script = "one_parcel"
    house.world.floor.step(house.tenant, order)

    assert [row["shipmentStatus"] for row in house.shipments("W-1")] == ["Rolled Back", "Shipped"]
    assert house.read("W-1")["status"] == "Complete"


def test_a_short_unit_is_cancelled_and_the_rest_is_shipped(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 3), script="short")
    house.skip(4)

    line = house.read("W-1")["orderLines"]["orderLine"]

    assert (line["shippedPackQuantity"], line["canceledPackQuantity"], line["shortagePackQuantity"]) == (
        "2.0",
        "1.0",
        "1",
    )
    assert house.read("W-1")["status"] == "Complete"


def test_an_order_that_is_short_of_everything_is_cancelled(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 1), script="short")
    house.skip(4)

    assert house.read("W-1")["status"] == "Canceled"
    assert house.shipments("W-1") == []


def test_orders_may_share_one_shipment(house: Warehouse) -> None:
    house.order("W-1", script="combined")
    house.order("W-2", ("ITEM-002", 1), script="combined")

    house.skip(5)

    (shipment,) = house.shipments("W-1")
    assert house.shipments("W-2") == [shipment]
    assert [order["orderNumber"] for order in shipment["orders"]["order"]] == ["W-1", "W-2"]
    assert _shipped([shipment]) == {"W-1-1": Decimal(2), "W-2-1": Decimal(1)}
    assert [house.read(number)["status"] for number in ("W-1", "W-2")] == ["Complete", "Complete"]


@pytest.mark.parametrize(("script", "status"), [("hold", "Hold"), ("back_order", "Back Ordered")])
def test_a_halted_order_waits_until_somebody_moves_it_on(house: Warehouse, script: str, status: str) -> None:
    house.order("W-1", script=script)

    house.skip(10)
    halted = house.read("W-1")["status"]
    house.world.floor.step(house.tenant, house.tenant.orders["W-1"], steps=4)

    assert (halted, house.read("W-1")["status"]) == (status, "Complete")


def test_serialised_goods_are_told_unit_by_unit(house: Warehouse) -> None:
    house.tenant.serial_items.add("ITEM-001")
    house.order("W-1", ("ITEM-001", 3), script="one_parcel")
    house.skip(4)

    lines = _lines(house.shipments("W-1")[0])

    assert [line["shippedPackQuantity"] for line in lines] == ["1.0"] * 3
    assert len({line["serialNumber"] for line in lines}) == 3


def test_a_shipment_names_its_facility_and_its_time_as_the_tenant_does(house: Warehouse) -> None:
    house.create(house.document("W-1", facility="DOC"))
    house.skip(4)

    shipment = house.shipments("W-1")[0]

    assert shipment["facility"] == "Dockside"
    assert shipment["actualShipDate"][-6:] in ("-06:00", "-05:00")


def test_lines_stand_under_the_shipment_or_under_its_orders(house: Warehouse) -> None:
    house.order("W-1")
    house.skip(4)
    under_shipment = house.shipments("W-1")[0]

    house.tenant.lines_under_orders = True

    under_order = house.shipments("W-1")[0]
    assert ("lines" in under_shipment, "lines" in under_shipment["orders"]["order"]) == (True, False)
    assert ("lines" in under_order, "lines" in under_order["orders"]["order"]) == (False, True)


def test_shipments_are_searched_by_day_in_the_tenant_s_own_time(house: Warehouse) -> None:
    house.order("W-1")
    house.skip(4)
    local = house.tenant.local(house.world.clock.seconds())[:19]
    params = {"actualShipDateOps": "BETWEEN"}

    def found(window: str) -> Any:
        return house.http.get("/search/shipment", params={**params, "actualShipDate": window})

    assert "shipment" in found(f"{local[:10]}T00:00:00,{local}").json()
    assert found("2020-01-01T00:00:00,2020-01-02T00:00:00").json() == {}
    assert found("yesterday,today").status_code == 400
    assert house.http.get("/search/shipment", params={"actualShipDateFrom": local}).status_code == 400


def test_a_rehearsal_ships_an_order_by_a_call(house: Warehouse) -> None:
    house.world.floor.paused = True
    house.order("W-1", ("ITEM-001", 2))
    box = {"lpn": "BOX-1", "trackingNumber": "T-1"}
    line = {"itemNumber": "ITEM-001", "shippedPackQuantity": "2", "container": box}
    order = {"orderNumber": "W-1", "orderType": "Sales Order", "lines": {"line": [line]}}

    answer = house.http.put(
        "/shipments",
        params={"createAndCloseShipmentWithPickDetails": "true"},
        json={"shipment": [{"facility": "LVL", "orders": {"order": order}}]},
    )

    assert answer.json()["response"]["status"] == "HTTP/1.1 201 Created"
    assert house.shipments("W-1")[0]["trackingNumber"] == "T-1"
    assert house.read("W-1")["status"] == "Complete"


def test_a_resting_floor_moves_nothing(house: Warehouse) -> None:
    house.world.floor.paused = True
    house.order("W-1")

    house.skip(10)

    assert house.read("W-1")["status"] == "New"


@settings(max_examples=40, deadline=None)
@given(
    lines=st.lists(st.integers(min_value=1, max_value=6), min_size=1, max_size=4),
    script=st.sampled_from([name for name in SCRIPTS if name not in ("hold", "back_order", "rolled_back")]),
)
def test_whatever_the_script_every_unit_is_shipped_once_or_cancelled(lines: list[int], script: str) -> None:
    house = Warehouse(build_world(3))
    items = tuple((f"ITEM-{position:03d}", count) for position, count in enumerate(lines, start=1))
    before = {item: house.tenant.stock[item]["LVL"] for item, _ in items}

    house.order("W-1", *items, script=script)
    house.skip(12)

    order = house.tenant.orders["W-1"]
    cancelled = sum(Decimal(str(line.get("canceledPackQuantity") or 0)) for line in order.lines)
    gone = sum(before[item] - house.tenant.stock[item]["LVL"] for item, _ in items)
    assert sum(order.shipped.values()) + cancelled == sum(lines)
    assert gone == sum(order.shipped.values())
    assert order.status in ("Complete", "Canceled")
    assert house.tenant.committed("ITEM-001") == 0
