"""Stock as tenants differ in it: held back, absent, in kits, in one place, activity or not; and its pages at size."""

import time
from decimal import Decimal
from typing import Any

import httpx
import pytest

from sandbox.control import handle_control
from sandbox.demo import TENANT, build_world
from sandbox.wire import Request, json_response
from sandbox.world import World
from tests.sandbox.conftest import Json, Warehouse

MEASURES = "totalOnHandQty,atpQty"


def _post(world: World, path: str, **body: Any) -> None:
    answer = handle_control(world, Request("POST", f"/sandbox/api{path}", body=json_response(body).body))
    assert answer.status < 300, answer.body


def _available(house: Warehouse, item: str) -> Json:
    params = {"measures": MEASURES, "itemNumbers": item}
    rows = house.http.get("/enterpriseinventory/availability", params=params).json()[0]["enterpriseInventory"]
    return dict(rows[0]) if rows else {}


def _places(house: Warehouse, item: str) -> dict[str, Json]:
    rows = house.http.get("/inventory/full").json()["itemInventory"]
    row = next(row for row in rows if row["itemNumber"] == item)
    places = row["facilityInventory"]
    return {place["facility"]: place["inventory"] for place in (places if isinstance(places, list) else [places])}


def _changed_since(house: Warehouse, moment: str) -> list[str]:
    rows = house.http.get("/inventory/full", params={"startActivityTime": moment}).json().get("itemInventory", [])
    return [row["itemNumber"] for row in (rows if isinstance(rows, list) else [rows])]


def _moment(house: Warehouse) -> str:
    house.world.clock.advance(5)
    moment = house.world.clock.now().isoformat()
    house.world.clock.advance(5)
    return moment


def test_units_held_back_are_a_constant_gap_of_the_tenant_or_of_an_item(house: Warehouse) -> None:
    _post(house.world, "/tenant", tenant=TENANT, safety_stock=3)
    _post(house.world, "/items", tenant=TENANT, item="ITEM-002", safety={"DOC": 7})
    house.order("W-1", ("ITEM-001", 4))

    gaps = {
        item: {
            place: float(row["unallocated"]) - float(row["availableToPromise"])
            for place, row in _places(house, item).items()
        }
        for item in ("ITEM-001", "ITEM-002")
    }
    total = _available(house, "ITEM-001")

    assert gaps["ITEM-001"] == dict.fromkeys(("BAY", "DOC", "HIL", "LVL"), 3.0)
    assert gaps["ITEM-002"] == {"BAY": 0.0, "DOC": 7.0, "HIL": 0.0, "LVL": 0.0}
    assert total["totalOnHandQty"] - total["atpQty"] == 4 + 4 * 3


def test_a_measure_is_absent_for_one_item_in_one_facility_and_in_its_totals(house: Warehouse) -> None:
    _post(
        house.world,
        "/items",
        tenant=TENANT,
        item="ITEM-001",
        absent={"DOC": ["atpQty", "availableToPromise"], "": ["atpQty"]},
    )

    row, other = _available(house, "ITEM-001"), _available(house, "ITEM-002")

    assert [place["facility"] for place in row["facilities"] if "atpQty" not in place] == ["DOC"]
    assert ("atpQty" in row, "totalOnHandQty" in row, "atpQty" in other) == (False, True, True)
    assert [place for place, figures in _places(house, "ITEM-001").items() if "availableToPromise" not in figures] == [
        "DOC"
    ]


def test_a_kit_put_together_on_order_has_no_stock_and_holds_its_components(house: Warehouse) -> None:
    parts = [["ITEM-001", 2], ["ITEM-002", 1]]
    _post(house.world, "/items", tenant=TENANT, item="KIT-1", components=parts, kit_order_only=True)
    before = _available(house, "ITEM-001")["atpQty"]

    house.order("W-1", ("KIT-1", 3))
    held = before - _available(house, "ITEM-001")["atpQty"]
    house.skip(5)

    after = _available(house, "ITEM-001")
    assert (_available(house, "KIT-1"), held) == ({}, 6)
    assert (after["atpQty"], after["totalOnHandQty"]) == (before - 6, before - 6)
    assert house.http.get("/items/KIT-1").json()["item"]["components"] == {
        "component": [
            {"componentItem": "ITEM-001", "quantity": "2"},
            {"componentItem": "ITEM-002", "quantity": "1"},
        ]
    }
    assert house.http.get("/items/KIT-1").json()["item"]["kitOrderOnly"] == "true"


def test_what_was_shipped_of_a_kit_and_taken_back_is_on_the_shelf_again(house: Warehouse) -> None:
    _post(house.world, "/items", tenant=TENANT, item="KIT-1", components=[["ITEM-001", 2]], kit_order_only=True)
    before = _available(house, "ITEM-001")["totalOnHandQty"]
    house.order("W-1", ("KIT-1", 3))
    house.skip(5)

    house.world.floor.roll_back(house.tenant, house.tenant.orders["W-1"])

    assert _available(house, "ITEM-001")["totalOnHandQty"] == before


def test_a_kit_kept_in_stock_has_numbers_of_its_own(house: Warehouse) -> None:
    _post(house.world, "/items", tenant=TENANT, item="KIT-2", components=[["ITEM-001", 2]], kit_stock_only=True)
    house.tenant.set_stock("KIT-2", "LVL", Decimal(9))

    house.order("W-1", ("KIT-2", 3))

    assert _available(house, "KIT-2")["atpQty"] == 6
    assert _available(house, "ITEM-001")["atpQty"] == 400_000


def test_an_order_is_sent_where_all_of_it_is(house: Warehouse) -> None:
    house.tenant.stock["ITEM-001"] = {"HIL": Decimal(5), "DOC": Decimal(2)}
    house.tenant.stock["ITEM-002"] = {"LVL": Decimal(1)}

    house.order("W-1", ("ITEM-001", 4))
    house.order("W-2", ("ITEM-002", 3))

    assert [house.tenant.facility_of(house.tenant.orders[number]) for number in ("W-1", "W-2")] == ["HIL", "LVL"]
    assert house.tenant.atp("ITEM-001") == {"HIL": 1, "DOC": 2}
    assert house.tenant.atp("ITEM-002") == {"LVL": -2}


@pytest.mark.parametrize("counts", [True, False])
def test_orders_and_reservations_are_activity_where_the_tenant_counts_them(house: Warehouse, counts: bool) -> None:
    _post(house.world, "/tenant", tenant=TENANT, allocations_touch=counts)
    moment = _moment(house)

    house.order("W-1", ("ITEM-003", 1))
    body = {"company": "MAIN", "adjustments": [{"itemNumber": "ITEM-005", "value": 2}]}
    house.http.post("/ctrl/reserveInventoryAPI", json=body)
    house.tenant.set_stock("ITEM-007", "LVL", Decimal(1))

    assert _changed_since(house, moment) == (["ITEM-003", "ITEM-005", "ITEM-007"] if counts else ["ITEM-007"])


def test_a_cancellation_and_a_short_pick_are_activity(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-003", 1))
    house.order("W-2", ("ITEM-004", 2))
    moment = _moment(house)

    house.http.post("/orders/statusUpdates", data={"status": "Canceled", "type": "Sales Order", "number": "W-1"})
    _post(house.world, "/short", tenant=TENANT, number="W-2")

    assert _changed_since(house, moment) == ["ITEM-003", "ITEM-004"]


def test_an_item_that_one_facility_keeps_is_no_list_there(house: Warehouse) -> None:
    house.tenant.stock["ITEM-001"] = {"DOC": Decimal(4)}

    row = house.http.get("/inventory/full").json()["itemInventory"][0]

    assert row["facilityInventory"]["facility"] == "DOC"
    assert _available(house, "ITEM-001")["facilities"] == [{"facility": "DOC", "totalOnHandQty": 4, "atpQty": 4}]


def test_one_page_fails_and_those_around_it_do_not(house: Warehouse) -> None:
    fault = {"side": "deposco", "operation": "availability", "kind": "error_500_before", "page": 2, "count": 2}
    _post(house.world, "/faults", **fault)

    def page(number: int) -> int:
        params: dict[str, Any] = {"measures": MEASURES, "pageNumber": number, "pageSize": 10}
        return house.http.get("/enterpriseinventory/availability", params=params).status_code

    assert [page(number) for number in (1, 2, 3, 2, 2)] == [200, 500, 200, 500, 200]


def test_a_fault_lets_as_many_calls_pass_as_it_was_told(house: Warehouse) -> None:
    _post(house.world, "/faults", side="deposco", operation="inventory.full", kind="reset_before", skip=2)

    statuses = [house.http.get("/inventory/full", params={"pageNo": page}).status_code for page in (1, 2)]

    with pytest.raises(httpx.ReadError):
        house.http.get("/inventory/full", params={"pageNo": 3})
    assert statuses == [200, 200]


def test_a_page_of_twenty_thousand_items_costs_no_more_than_one_of_a_thousand() -> None:
    def seconds(items: int) -> float:
        house = Warehouse(build_world(7))
        _post(house.world, "/seed", tenant=TENANT, items=items, facilities=["A1", "A2", "A3", "A4"])
        params: dict[str, Any] = {"measures": MEASURES, "pageSize": 500, "pageNumber": 1}
        paths = (("/enterpriseinventory/availability", params), ("/inventory/full", {"pageNo": 1}))
        for path, query in paths:
            house.http.get(path, params=query)
        times = []
        for _ in range(5):
            started = time.process_time()
            for path, query in paths:
                assert len(house.http.get(path, params=query).content) > 100_000
            times.append(time.process_time() - started)
        return min(times)

    assert seconds(20_000) < 3 * seconds(1_000)
