"""Stock of the warehouse: measures that may be absent or negative, lists in lists, pages until an empty one."""

from decimal import Decimal
from typing import Any

from tests.sandbox.conftest import Json, Warehouse

MEASURES = "totalOnHandQty,atpQty,totalAtp"


def _availability(house: Warehouse, **params: Any) -> Any:
    path = f"/enterpriseinventory/{house.tenant.business_unit}/availability"
    return house.http.get(path, params={"measures": MEASURES, **params}).json()


def _item(house: Warehouse, item: str = "ITEM-001", **params: Any) -> Json:
    row: Json = _availability(house, itemNumbers=item, **params)[0]["enterpriseInventory"][0]
    return row


def test_all_items_come_in_an_object_and_chosen_ones_in_a_list(house: Warehouse) -> None:
    everything, chosen = _availability(house), _availability(house, itemNumbers="ITEM-001,ITEM-002")

    assert isinstance(everything, dict)
    assert [row["itemNumber"] for row in chosen[0]["enterpriseInventory"]] == ["ITEM-001", "ITEM-002"]


def test_the_header_says_xml_though_the_body_is_json(house: Warehouse) -> None:
    answer = house.http.get("/enterpriseinventory/availability", params={"measures": MEASURES})

    assert answer.headers["content-type"] == "application/xml"
    assert answer.text.startswith("{")


def test_pages_are_read_until_an_empty_one(house: Warehouse) -> None:
    sizes = [len(_availability(house, pageNumber=page, pageSize=20)["enterpriseInventory"]) for page in (1, 2, 3, 4)]

    assert sizes == [20, 20, 1, 0]


def test_only_measures_that_were_asked_for_and_exist_are_told(house: Warehouse) -> None:
    house.tenant.measures = ("totalOnHandQty", "atpQty")
    house.tenant.hidden_measures = {"LVL": ["atpQty"]}

    row = _item(house)

    assert ("totalAtp" in row, "atpQty" in row) == (False, True)
    assert {place["facility"]: "atpQty" in place for place in row["facilities"]} == {
        "BAY": True,
        "DOC": True,
        "HIL": True,
        "LVL": False,
    }


def test_an_order_lowers_what_is_available_as_soon_as_it_is_placed(house: Warehouse) -> None:
    house.tenant.set_stock("ITEM-001", "LVL", Decimal(10))
    before = _item(house, facilityNumbers="LVL")

    house.order("W-1", ("ITEM-001", 4))
    after = _item(house, facilityNumbers="LVL")

    assert before["atpQty"] - after["atpQty"] == 4
    assert after["facilities"] == [{"facility": "LVL", "totalOnHandQty": 10, "atpQty": 6}]


def test_what_was_oversold_is_below_zero(house: Warehouse) -> None:
    house.tenant.set_stock("ITEM-001", "DOC", Decimal(1))

    house.create(house.document("W-1", ("ITEM-001", 5), facility="DOC"))

    assert _item(house, facilityNumbers="DOC")["facilities"][0]["atpQty"] == -4


def test_shipping_takes_from_the_stock_and_no_longer_from_what_is_promised(house: Warehouse) -> None:
    house.tenant.set_stock("ITEM-001", "LVL", Decimal(10))
    house.order("W-1", ("ITEM-001", 4))

    house.skip(5)

    place = _item(house, facilityNumbers="LVL")["facilities"][0]
    assert (place["totalOnHandQty"], place["atpQty"]) == (6, 6)


def test_a_cancelled_order_gives_back_what_it_held(house: Warehouse) -> None:
    before = _item(house)["atpQty"]
    house.order("W-1", ("ITEM-001", 4))

    house.http.post("/orders/statusUpdates", data={"status": "Canceled", "type": "Sales Order", "number": "W-1"})

    assert _item(house)["atpQty"] == before


def test_reservations_lower_what_is_available_and_failure_is_a_200_too(house: Warehouse) -> None:
    before = _item(house)["atpQty"]

    def reserve(item: str, value: int) -> str:
        body = {"company": "MAIN", "adjustments": [{"itemNumber": item, "value": value}]}
        answer = house.http.post("/ctrl/reserveInventoryAPI", json=body)
        assert answer.status_code == 200
        return str(answer.json()["status"])

    statuses = [reserve("ITEM-001", 5), reserve("NO-ITEM", 1)]
    held = before - _item(house)["atpQty"]
    statuses.append(reserve("ITEM-001", -5))

    assert statuses == ["SUCCESS", "FAILURE", "SUCCESS"]
    assert (held, _item(house)["atpQty"]) == (5, before)


def test_the_full_inventory_tells_strings_per_facility_and_only_what_moved(house: Warehouse) -> None:
    house.world.clock.advance(100)
    since = house.world.clock.now().strftime("%Y-%m-%dT%H:%M:%SZ")
    house.world.clock.advance(1)
    house.order("W-1", ("ITEM-005", 3))

    rows = house.http.get("/inventory/full", params={"pageNo": 1, "startActivityTime": since}).json()["itemInventory"]

    assert rows["itemNumber"] == "ITEM-005"
    first = next(row for row in rows["facilityInventory"] if row["facility"] == "LVL")
    assert first["inventory"] == {
        "total": "100000.0",
        "availableToPromise": "99997.0",
        "unallocated": "99997.0",
        "allocated": "3.0",
    }
    assert house.http.get("/inventory/full", params={"pageNo": 2}).json() == {}


def test_the_older_calls_know_one_item_and_answer_an_unknown_one_with_nothing(house: Warehouse) -> None:
    known = house.http.get("/items/ITEM-001/atps").text
    unknown = house.http.get("/items/NO-ITEM/atps")
    single = house.http.get("/items/ITEM-001/atp")
    restful = house.http.get("/ctrl/getRestfulATP", params={"businessUnit": "MAIN", "itemNumber": "ITEM-001"}).json()

    assert 'availableToPromise="400000"' in known
    assert (unknown.status_code, unknown.text) == (200, "<itemATPDTOes></itemATPDTOes>")
    assert (single.text, single.headers["content-type"]) == ("400000", "text/plain")
    assert restful == [{"itemNumber": "ITEM-001", "totalAvailableToPromise": "400000"}]


def test_items_are_created_updated_and_read(house: Warehouse) -> None:
    body = {"item": [{"number": "ITEM-900", "name": "New item"}, {"number": "ITEM-001", "name": "Known item"}]}

    rows = house.http.post("/items/updates", json=body).json()["response"]

    assert [row["status"].split()[1] for row in rows] == ["201", "200"]
    assert house.http.get("/items/MAIN/ITEM-900").json()["item"]["name"] == "New item"
    assert house.http.get("/items/MAIN/ITEM-404").status_code == 404
