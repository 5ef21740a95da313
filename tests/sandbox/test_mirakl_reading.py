"""Reading from the marketplace: filters, both ways of paging, keys and shops, forms of the answer."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Json, Marketplace

Message = Callable[[httpx.Response], str]


def _listed(market: Marketplace, **params: Any) -> list[str]:
    rows = market.http.get("/api/orders", params={"max": 100, **params}).json()["orders"]
    return [row["order_id"] for row in rows]


def test_a_page_holds_ten_orders_unless_asked_and_a_hundred_at_most(market: Marketplace) -> None:
    for _ in range(120):
        market.place()

    sizes = [
        len(market.http.get("/api/orders", params=params).json()["orders"])
        for params in ({}, {"max": 50}, {"max": 1000}, {"max": "many"})
    ]

    assert sizes == [10, 50, 100, 10]


def test_pages_follow_their_links_and_hold_every_order_once(market: Marketplace) -> None:
    placed = [market.place().id for _ in range(25)]

    seen, page = [], market.http.get("/api/orders", params={"max": 10, "order_state_codes": "WAITING_ACCEPTANCE"})
    while True:
        seen += [row["order_id"] for row in page.json()["orders"]]
        if "next" not in page.links:
            break
        page = market.http.get(page.links["next"]["url"].replace("http://", "https://"))

    assert seen == placed
    assert page.json()["total_count"] == 25
    assert "previous" in page.links


def test_orders_are_sorted_by_creation_both_ways(market: Marketplace) -> None:
    placed = []
    for _ in range(3):
        placed.append(market.place().id)
        market.skip(1)

    assert _listed(market) == placed
    assert _listed(market, order="desc", sort="dateCreated") == placed[::-1]


def test_every_filter_of_orders_filters(market: Marketplace) -> None:
    plain, shipping = market.place(), market.shipping()
    special = market.place(channel="WEB", center="OPERATOR-1", payment_workflow="PAY_ON_DELIVERY")
    special.body["has_incident"] = True
    special.body["references"]["order_reference_for_seller"] = "W-1"
    chosen = {
        "order_state_codes": ("SHIPPING", [shipping.id]),
        "order_ids": (plain.id, [plain.id]),
        "channel_codes": ("WEB", [special.id]),
        "only_null_channel": ("true", [plain.id, shipping.id]),
        "customer_debited": ("true", [shipping.id]),
        "has_incident": ("true", [special.id]),
        "payment_workflow": ("PAY_ON_DELIVERY", [special.id]),
        "fulfillment_center_code": ("OPERATOR-1", [special.id]),
        "order_references_for_seller": ("W-1,W-2", [special.id]),
    }

    found = {name: sorted(_listed(market, **{name: value})) for name, (value, _) in chosen.items()}

    assert found == {name: sorted(wanted) for name, (_, wanted) in chosen.items()}


def test_orders_are_found_by_what_changed_since_and_the_window_is_widened(market: Marketplace) -> None:
    old, new = market.place(), market.place()
    market.skip(100)
    before = market.world.clock.now()
    market.skip(0.5)
    market.accept(new)

    assert _listed(market, start_update_date=before.isoformat().replace("+00:00", "Z")) == [new.id]
    assert _listed(market, end_update_date=before.isoformat().replace("+00:00", "Z")) == [old.id]
    market.operator.update_delta_seconds = 200
    assert _listed(market, start_update_date=before.isoformat().replace("+00:00", "Z")) == [old.id, new.id]


def test_a_parameter_that_does_not_exist_is_ignored(market: Marketplace) -> None:
    order = market.place()

    assert _listed(market, updated_since="2099-01-01T00:00:00Z") == [order.id]


@pytest.mark.parametrize("name", ["order_ids", "channel_codes", "order_references_for_customer"])
def test_a_list_of_more_than_a_hundred_is_refused(market: Marketplace, message_of: Message, name: str) -> None:
    answer = market.http.get("/api/orders", params={name: ",".join(str(one) for one in range(101))})

    assert message_of(answer) == f"The limit of 100 is exceeded for the parameter : {name}"


def test_a_date_that_is_none_is_refused(market: Marketplace, message_of: Message) -> None:
    answer = market.http.get("/api/orders", params={"start_update_date": "yesterday"})

    assert message_of(answer) == "Invalid value for parameter 'start_update_date'"


def test_seek_pages_hold_every_row_once_and_their_token_outweighs_the_other_parameters(market: Marketplace) -> None:
    wanted = [market.shipping().id for _ in range(7)]
    market.place()
    address = "/api/shipments/items_to_ship"

    first = market.http.get(address, params={"limit": 3}).json()
    second = market.http.get(address, params={"page_token": first["next_page_token"], "limit": 1}).json()
    third = market.http.get(address, params={"page_token": second["next_page_token"]}).json()

    assert [row["order_id"] for page in (first, second, third) for row in page["data"]] == wanted
    assert ("previous_page_token" in first, "next_page_token" in third) == (False, False)
    assert "previous_page_token" in second


def test_a_seek_token_carries_the_filters_of_the_first_page(market: Marketplace) -> None:
    orders = [market.shipping().id for _ in range(4)]
    chosen: list[tuple[str, str | int | float | bool | None]] = [
        ("order_id", orders[0]),
        ("order_id", orders[1]),
        ("order_id", orders[2]),
        ("limit", "2"),
    ]

    first = market.http.get("/api/shipments/items_to_ship", params=chosen).json()
    rest = market.http.get("/api/shipments/items_to_ship", params={"page_token": first["next_page_token"]}).json()

    assert [row["order_id"] for row in first["data"] + rest["data"]] == orders[:3]


def test_a_token_that_nobody_gave_is_refused(market: Marketplace) -> None:
    assert market.http.get("/api/shipments", params={"page_token": "bm9uc2Vuc2U="}).status_code == 400


def test_the_key_goes_in_raw_and_only_the_health_check_does_without(market: Marketplace) -> None:
    def status(path: str, key: str | None) -> int:
        request = market.http.build_request("GET", path)
        del request.headers["authorization"]
        if key is not None:
            request.headers["authorization"] = key
        return market.http.send(request).status_code

    key = market.shop.api_key

    assert [status("/api/account", value) for value in (key, f"Bearer {key}", "", None)] == [200, 401, 401, 401]
    assert status("/api/version", None) == 200


def test_a_key_of_several_shops_uses_its_default_unless_told(market: Marketplace) -> None:
    key = market.operator.add_key([2002, 2001])

    def shop(**params: Any) -> Json:
        body: Json = market.http.get("/api/account", params=params, headers={"Authorization": key}).json()
        return body

    assert shop()["shop_id"] == 2002
    assert shop(shop_id=2001)["shop_id"] == 2001
    assert shop(shop_id=3001)["status"] == 403
    assert shop(shop_id="one")["status"] == 400


def test_a_call_of_the_wrong_form_is_told_apart(market: Marketplace) -> None:
    answers = {
        "unknown path": market.http.get("/api/nothing"),
        "wrong method": market.http.delete("/api/orders"),
        "wrong accept": market.http.get("/api/orders", headers={"Accept": "image/png"}),
        "wrong content": market.http.put("/api/orders", content=b"a=1", headers={"Content-Type": "text/plain"}),
        "no object": market.http.put("/api/orders", json=[1]),
    }

    assert {name: answer.status_code for name, answer in answers.items()} == {
        "unknown path": 404,
        "wrong method": 405,
        "wrong accept": 406,
        "wrong content": 415,
        "no object": 400,
    }


def test_optional_fields_are_sometimes_null_and_sometimes_missing(market: Marketplace) -> None:
    rows = [market.read(market.place()) for _ in range(2)]

    assert sorted("shipping_tracking" in row for row in rows) == [False, True]
    assert all(row.get("shipping_tracking") is None for row in rows)


def test_moments_come_with_and_without_milliseconds(market: Marketplace) -> None:
    row = market.read(market.place())

    assert ("." in row["created_date"], "." in row["shipping_deadline"]) == (True, False)


def test_a_later_version_may_add_fields_and_values(market: Marketplace) -> None:
    market.operator.unknown_fields = True

    row = market.read(market.place())

    assert "a_field_of_a_later_version" in row
    assert row["payment_type"] == "A_LATER_PAYMENT_TYPE"


def test_the_configuration_tells_the_operator_s_switches(market: Marketplace) -> None:
    market.operator.auto_accept, market.operator.multi_shipment = True, False

    features = market.http.get("/api/platform/configuration").json()["features"]

    assert features["order_workflows"]["order_acceptance"] == "AUTOMATIC"
    assert features["shipment"]["multi_shipment"] is False
