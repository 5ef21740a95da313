"""The hand on stock and offers in bulk: seeding, changing many numbers, buying what is shown, reading what came of it."""

import time
from typing import Any

import pytest

from sandbox.control import handle_control
from sandbox.mirakl.book import Landing, Landings
from sandbox.wire import Request, json_response
from sandbox.world import World
from tests.sandbox.conftest import Json, Marketplace, Warehouse

SHOPS = [{"operator": "north", "shop_id": 2001}, {"operator": "island", "shop_id": 4001, "name": "Island"}]
NORTH = {"operator": "north", "shop_id": "2001"}


def _post(world: World, path: str, **body: Any) -> Json:
    answer = handle_control(world, Request("POST", f"/sandbox/api{path}", body=json_response(body).body))
    assert answer.status < 300, answer.body
    return dict(Request("GET", "/", body=answer.body).json())


def _get(world: World, path: str, **query: str) -> Json:
    answer = handle_control(world, Request("GET", f"/sandbox/api{path}", tuple(query.items())))
    assert answer.status == 200, answer.body
    return dict(Request("GET", "/", body=answer.body).json())


def _seed(world: World, items: int = 50, **more: Any) -> Json:
    return _post(world, "/seed", tenant="DEMO", items=items, facilities=["A1", "A2"], shops=SHOPS, **more)


def _buy(world: World, *buys: list[Any]) -> list[Json]:
    rows: list[Json] = _post(world, "/buy", operator="north", shop_id=2001, tenant="DEMO", buys=list(buys))["tries"]
    return rows


def test_a_seed_makes_items_facilities_shops_and_offers_and_the_same_ones_again(world: World) -> None:
    answer = _seed(world, seed=3)
    first = _get(world, "/stock/final", tenant="DEMO", prefix="STK-")
    _seed(world, seed=3)
    again = _get(world, "/stock/final", tenant="DEMO", prefix="STK-")
    _seed(world, seed=4)

    assert (answer["items"], answer["skus"]) == (["STK-000001", "STK-000050"], ["OFR-000001", "OFR-000050"])
    assert (len(first["items"]), first["facilities"][-2:]) == (50, ["A1", "A2"])
    assert first["items"] == again["items"]
    assert first["items"] != _get(world, "/stock/final", tenant="DEMO", prefix="STK-")["items"]
    assert world.operators["island"].keys[answer["shops"][1]["api_key"]].shops[0].id == 4001
    assert len(world.operators["island"].shops[4001].offers) == 50


def test_a_share_of_what_is_seeded_is_scarce(world: World) -> None:
    _seed(world, items=200, scarce=1.0)

    numbers = _get(world, "/stock/final", tenant="DEMO", prefix="STK-")["items"].values()

    assert {unit for row in numbers for unit in row if unit is not None} == set(range(6))


def test_many_numbers_change_in_one_call_set_or_added(house: Warehouse) -> None:
    changes = [["ITEM-001", "LVL", 5], ["ITEM-001", "DOC", -2], ["ITEM-002", "LVL", 7]]

    _post(house.world, "/stock/changes", tenant="DEMO", changes=changes)
    _post(house.world, "/stock/changes", tenant="DEMO", changes=[["ITEM-002", "LVL", -3]], relative=True)

    items = _get(house.world, "/stock/final", tenant="DEMO")["items"]
    assert items["ITEM-001"][:2] == [5, -2]
    assert items["ITEM-002"][0] == 4


def test_a_facility_that_is_none_refuses_the_whole_change(house: Warehouse) -> None:
    body = {"tenant": "DEMO", "changes": [["ITEM-001", "LVL", 5], ["ITEM-001", "MOON", 5]]}
    request = Request("POST", "/sandbox/api/stock/changes", body=json_response(body).body)

    assert handle_control(house.world, request).status == 400
    assert house.tenant.stock["ITEM-001"]["LVL"] == 100_000


def test_the_final_stock_is_what_may_be_promised_and_null_where_an_item_is_not_kept(house: Warehouse) -> None:
    house.tenant.stock["ITEM-001"] = {}
    _post(house.world, "/stock/changes", tenant="DEMO", changes=[["ITEM-001", "DOC", 10]])
    _post(house.world, "/items", tenant="DEMO", item="ITEM-001", safety={"*": 1})
    house.order("W-1", ("ITEM-001", 3))

    assert _get(house.world, "/stock/final", tenant="DEMO")["items"]["ITEM-001"] == [None, 6, None, None]


def test_a_buyer_buys_only_what_the_offer_shows(market: Marketplace) -> None:
    enough, too_many, unknown = _buy(market.world, ["SKU-001", 5], ["SKU-001", 6], ["SKU-404", 1])

    assert [row["bought"] for row in (enough, too_many, unknown)] == [True, False, False]
    assert list(market.operator.orders) == [enough["order_id"]]
    assert _get(market.world, "/buy")["shops"]["north/2001"] == {"tries": 3, "bought": 1, "oversold": 0, "withheld": 0}


def test_an_inactive_offer_is_not_bought(market: Marketplace) -> None:
    _post(market.world, "/offers", **NORTH, offers=[{"sku": "SKU-001", "reasons": ["PRODUCT_DISABLED"]}])

    assert _buy(market.world, ["SKU-001", 1])[0]["bought"] is False


def test_what_was_bought_counts_until_the_warehouse_knows_it_and_more_than_is_left_is_an_oversell(
    market: Marketplace, house: Warehouse
) -> None:
    house.tenant.stock["ITEM-001"] = {}
    _post(market.world, "/stock/changes", tenant="DEMO", changes=[["ITEM-001", "LVL", 4], ["ITEM-001", "DOC", -9]])

    first, second = _buy(market.world, ["SKU-001", 3, "ITEM-001"], ["SKU-001", 2, "ITEM-001"])
    house.create(house.document("W-1", ("ITEM-001", 3), customerOrderNumber=first["order_id"]))
    market.accept(market.operator.orders[second["order_id"]], 0)
    (third,) = _buy(market.world, ["SKU-001", 1, "ITEM-001"])

    assert [(row["atp"]["ITEM-001"], row["unseen"]["ITEM-001"], row["free"]) for row in (first, second, third)] == [
        (4, 0, 4),
        (4, 3, 1),
        (1, 0, 1),
    ]
    assert [row["oversold"] for row in (first, second, third)] == [False, True, False]
    assert _get(market.world, "/buy")["shops"]["north/2001"]["oversold"] == 1


def test_a_kit_is_as_free_as_its_scarcest_part_and_what_was_not_shown_was_withheld(market: Marketplace) -> None:
    _post(market.world, "/stock/changes", tenant="DEMO", changes=[["ITEM-A", "LVL", 7], ["ITEM-B", "LVL", 2]])
    market.shop.offers["SKU-001"]["quantity"] = 0

    (row,) = _buy(market.world, ["SKU-001", 2, [["ITEM-A", 3], ["ITEM-B", 1]]])

    assert (row["free"], row["bought"]) == (2, False)
    assert _get(market.world, "/buy")["shops"]["north/2001"]["withheld"] == 1


def test_many_orders_are_placed_whatever_the_offers_show(market: Marketplace) -> None:
    answer = _post(market.world, "/orders/many", **NORTH, orders=[[["SKU-001", 50]], [["SKU-002", 1], ["SKU-003", 2]]])

    assert [len(market.operator.orders[number].lines) for number in answer["order_ids"]] == [1, 2]
    assert market.shop.offers["SKU-001"]["quantity"] == 5


def test_a_marketplace_that_takes_sold_units_off_its_offers_does_so_and_notes_it(market: Marketplace) -> None:
    market.operator.orders_take_stock = True
    _post(market.world, "/offers", **NORTH, offers=[{"sku": "SKU-002", "quantity": 1}])
    market.shop.offers["SKU-003"]["warehouses"] = {"LVL": 2, "DOC": 3}

    market.place(("SKU-001", 2), ("SKU-002", 3), ("SKU-003", 4))

    assert [market.shop.offers[sku]["quantity"] for sku in ("SKU-001", "SKU-002", "SKU-003")] == [3, 0, 1]
    assert market.shop.offers["SKU-003"]["warehouses"] == {"LVL": 0, "DOC": 1}
    assert _get(market.world, "/landings", **NORTH, sku="SKU-001")["offers"]["SKU-001"][-1][1:] == [-1, "", 3]


def test_a_refusal_sets_the_offer_to_zero_where_the_operator_does_so(market: Marketplace) -> None:
    market.operator.refusal_zeroes_stock = True

    market.accept(market.place(("SKU-001", 2)), 0)

    assert market.shop.offers["SKU-001"]["quantity"] == 0
    assert market.shop.landings.of("SKU-001")[-1].import_id == -1


def test_the_book_tells_every_landing_of_an_offer_in_order(market: Marketplace) -> None:
    for quantity in (7, 9):
        file = ("s.csv", f"offer-sku;quantity\nSKU-001;{quantity}\n".encode(), "text/csv")
        market.http.post("/api/offers/stock/imports", files={"file": file})
        market.skip(1)

    answer = _get(market.world, "/landings", **NORTH, sku="SKU-001,SKU-002")

    assert [row[1:] for row in answer["offers"]["SKU-001"]] == [[0, "", 5], [1, "", 7], [2, "", 9]]
    assert [row[0] for row in answer["offers"]["SKU-001"]] == sorted(row[0] for row in answer["offers"]["SKU-001"])
    assert (len(answer["offers"]["SKU-002"]), answer["landings"], answer["backwards"]) == (1, 43, 0)
    assert _get(market.world, "/offers", **NORTH)["offers"]["SKU-001"] == 9


def test_the_book_holds_a_million_landings_and_finds_those_of_one_offer() -> None:
    book = Landings()

    started = time.process_time()
    for at in range(1_000_000):
        book.note(f"SKU-{at % 1000}", Landing(float(at), at // 1000 + 1, "", at % 7), sent=float(at))
    seconds = time.process_time() - started

    assert [row.at for row in book.of("SKU-1")[:2]] == [1.0, 1001.0]
    assert (len(book), len(book.of("SKU-999")), book.backwards) == (1_000_000, 1000, 0)
    assert seconds < 20


def test_offers_show_what_the_hand_set(market: Marketplace) -> None:
    offer = {
        "sku": "SKU-050",
        "quantity": 3,
        "eans": ["2000000000015"],
        "min_quantity_alert": 2,
        "min_order_quantity": 4,
        "max_order_quantity": 8,
        "package_quantity": 2,
    }

    _post(market.world, "/offers", **NORTH, offers=[offer])

    (row,) = market.http.get("/api/offers", params={"sku": "SKU-050"}).json()["offers"]
    assert (row["quantity"], row["min_quantity_alert"], row["package_quantity"]) == (3, 2, 2)
    assert row["product_references"] == [{"reference": "2000000000015", "reference_type": "EAN"}]
    assert (row["active"], row["inactivity_reasons"]) == (False, ["AVAILABLE_QUANTITY_LESS_THAN_MIN_ORDER_QUANTITY"])


@pytest.mark.parametrize("row", [{"sku": "SKU-001", "colour": "red"}, {"quantity": 3}])
def test_an_offer_that_cannot_be_set_is_refused(market: Marketplace, row: Json) -> None:
    body = json_response({**NORTH, "offers": [row]}).body

    assert handle_control(market.world, Request("POST", "/sandbox/api/offers", body=body)).status == 400
