"""Items and kits of V2: what changed, by id downwards, and what a kit is made of."""

from typing import Any

import httpx
import pytest

from sandbox.demo import PASSWORD, USER
from sandbox.inprocess import SandboxTransport
from tests.sandbox.conftest import Json, Warehouse

HOST = "https://sandbox.example.com/deposco"
PARTS = {"component": [{"componentItem": "ITEM-001", "quantity": 2}, {"componentItem": "ITEM-002", "quantity": 1}]}


@pytest.fixture
def v2(house: Warehouse) -> httpx.Client:
    transport = SandboxTransport(house.world)
    form = {"grant_type": "client_credentials", "client_id": USER, "client_secret": PASSWORD}
    token = httpx.Client(transport=transport).post(f"{HOST}/oauth2/token", data=form).json()["access_token"]
    return httpx.Client(transport=transport, base_url=f"{HOST}/latest", headers={"Authorization": f"Bearer {token}"})


def _rows(v2: httpx.Client, path: str, **params: Any) -> list[Json]:
    """Every row of a list, page by page."""
    found: list[Json] = []
    while True:
        body = v2.get(path, params=params).json()
        found += body["data"]
        if body["complete"]:
            return found
        params = {"searchId": body["links"][0]["href"].partition("searchId=")[2]}


def test_every_item_comes_once_by_id_downwards(v2: httpx.Client, house: Warehouse) -> None:
    rows = _rows(v2, "/items", pageSize=20)

    ids = [row["self"]["id"] for row in rows]
    assert ids == sorted(ids, reverse=True)
    assert {row["number"] for row in rows} == set(house.tenant.stock)


def test_items_that_changed_since_are_told_alone(v2: httpx.Client, house: Warehouse) -> None:
    house.tenant.describe("ITEM-004", {"name": "Before"})
    house.world.clock.advance(10)
    since = house.world.clock.now().isoformat()
    house.world.clock.advance(10)
    house.tenant.describe("ITEM-003", {"upcs": {"upc": ["2000000000015"]}, "active": False})

    (row,) = _rows(v2, "/items", updatedAfter=since)

    assert (row["number"], row["active"]) == ("ITEM-003", False)
    assert [code["value"] for code in row["upcs"]["data"]] == ["2000000000015"]


def test_a_kit_tells_its_components_and_how_it_is_kept(v2: httpx.Client, house: Warehouse) -> None:
    house.tenant.describe("KIT-1", {"components": PARTS, "kitOrderOnly": True})

    (row,) = _rows(v2, "/items", number="KIT-1")

    parts = [(part["subComponent"]["businessKey"]["number"], part["quantity"]) for part in row["components"]]
    assert parts == [("ITEM-001", 2), ("ITEM-002", 1)]
    assert (row["kitOrderOnly"], row["kitStockOnly"]) == (True, False)


def test_kit_headers_list_kits_alone_with_what_goes_in_and_comes_out(v2: httpx.Client, house: Warehouse) -> None:
    house.tenant.describe("KIT-1", {"components": PARTS, "kitStockOnly": True})
    house.tenant.describe("ITEM-001", {"name": "No kit"})

    (header,) = _rows(v2, "/kitHeaders")
    details = _rows(v2, f"/kitHeaders/{header['self']['id']}/kitDetails")

    rows = {(row["type"], row["item"]["businessKey"]["number"], row["quantity"]) for row in details}
    assert header["name"] == "KIT-1"
    assert rows == {("Output", "KIT-1", 1), ("Input", "ITEM-001", 2), ("Input", "ITEM-002", 1)}
    assert len(header["kitDetails"]["data"]) == 3


def test_a_kit_that_is_none_is_not_found(v2: httpx.Client, house: Warehouse) -> None:
    item = house.tenant.item_id("ITEM-001")

    assert [v2.get(f"/kitHeaders/{number}/kitDetails").status_code for number in (item, 999999)] == [404, 404]
