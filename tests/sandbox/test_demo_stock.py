"""The demo's stock: plenty in front, something to see behind, and it moves by itself."""

import random

import pytest

from sandbox.demo import UNMAPPED, build_world
from sandbox.demo_stock import KIT, MOVING, NOBODYS, liven_stock, move_stock
from sandbox.world import World
from tests.sandbox.conftest import Json, Marketplace, Warehouse


@pytest.fixture
def lively() -> World:
    world = build_world(7)
    liven_stock(world)
    return world


def test_the_first_twenty_items_have_plenty_everywhere(lively: World) -> None:
    house = Warehouse(lively)

    assert min(min(house.tenant.atp(f"ITEM-{number:03d}").values()) for number in range(1, 21)) >= 100_000


def test_there_is_one_of_everything_worth_seeing(lively: World) -> None:
    house = Warehouse(lively)
    params = {"measures": "totalOnHandQty,atpQty", "pageSize": "500"}

    rows = house.http.get("/enterpriseinventory/availability", params=params).json()["enterpriseInventory"]
    items = {row["itemNumber"]: row["facilities"] for row in rows}

    assert max(place["atpQty"] for place in items["ITEM-021"]) <= 30
    assert [place["facility"] for place in items["ITEM-031"]] == ["DOC"]
    assert [place["facility"] for place in items["ITEM-033"] if "atpQty" not in place] == ["HIL"]
    assert {place["totalOnHandQty"] - place["atpQty"] for place in items["ITEM-034"]} == {5}
    assert min(place["atpQty"] for place in items["ITEM-035"]) == -4
    assert KIT not in items


def test_offers_need_looking_after_in_every_shop(lively: World) -> None:
    market = Marketplace(lively)
    rows: dict[str, Json] = {}
    for offset in (0, 100):
        page = market.http.get("/api/offers", params={"max": 100, "offset": offset}).json()["offers"]
        rows |= {row["shop_sku"]: row for row in page}

    assert {*NOBODYS, UNMAPPED} <= set(rows)
    assert [sku for sku, row in rows.items() if not row["active"]] == ["SKU-036"]
    assert rows["SKU-001"]["product_references"] == [{"reference": "2000000000015", "reference_type": "EAN"}]


def test_stock_moves_a_little_and_stays_within_the_shelf(lively: World) -> None:
    house, rng = Warehouse(lively), random.Random(1)  # noqa: S311 -- a repeatable run, no secret
    before = {item: dict(places) for item, places in house.tenant.stock.items()}

    for _ in range(500):
        move_stock(lively, rng)

    changed = {item for item, places in house.tenant.stock.items() if places != before[item]}
    counts = [count for item in MOVING for count in house.tenant.stock[item].values()]
    assert changed == set(MOVING)
    assert max(counts) <= 120
