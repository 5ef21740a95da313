"""Shipments of the marketplace: several parcels, errors beside successes, and what is left."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Json, Marketplace

Message = Callable[[httpx.Response], str]
TRACKING = {"carrier_code": "DHL", "tracking_number": "T1"}


def _parcel(order_id: str, *lines: tuple[str, int], **more: Any) -> Json:
    rows = [{"order_line_id": line, "quantity": quantity} for line, quantity in lines]
    return {"order_id": order_id, "shipment_lines": rows, "tracking": TRACKING, **more}


def _create(market: Marketplace, *parcels: Json) -> httpx.Response:
    return market.http.post("/api/shipments", json={"shipments": list(parcels)})


def test_an_order_is_shipped_when_its_last_unit_left(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 2))
    line = order.lines[0]["order_line_id"]

    _create(market, _parcel(order.id, (line, 1), shipped=True))
    between = market.read(order)["order_state"]
    _create(market, _parcel(order.id, (line, 1), shipped=True))

    assert (between, market.read(order)["order_state"]) == ("SHIPPING", "SHIPPED")
    assert len(market.http.get("/api/shipments", params={"order_id": order.id}).json()["data"]) == 2


def test_errors_stand_beside_successes_in_a_201(market: Marketplace) -> None:
    order, other = market.shipping(("SKU-001", 1)), market.place()
    line = order.lines[0]["order_line_id"]

    answer = _create(
        market,
        _parcel(order.id, (line, 5)),
        _parcel(order.id, (line, 1)),
        _parcel(other.id, (other.lines[0]["order_line_id"], 1)),
        {**_parcel("NONE-A", ("x", 1))},
        {**_parcel(order.id, (line, 1)), "tracking": {"carrier_code": "NOBODY"}},
    )

    assert answer.status_code == 201
    assert len(answer.json()["shipment_success"]) == 1
    assert [error["message"] for error in answer.json()["shipment_errors"]] == [
        "Shipment quantity is invalid.",
        "The order status must be 'SHIPPING' but it is 'WAITING_ACCEPTANCE'.",
        "Order with id 'NONE-A' not found.",
        "Shipment quantity is invalid.",
    ]


def test_what_is_left_to_ship_is_told_with_the_address(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 3), ("SKU-002", 1))
    first, second = (line["order_line_id"] for line in order.lines)
    _create(market, _parcel(order.id, (first, 1), (second, 1)))

    row = market.http.get("/api/shipments/items_to_ship", params={"order_id": order.id}).json()["data"][0]

    assert [(line["order_line_id"], line["quantity"]) for line in row["shipment_lines"]] == [(first, 2)]
    assert row["shipping_address"]["city"] == "Sampletown"


def test_units_that_were_cancelled_are_not_left_to_ship(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 3))
    line = order.lines[0]
    one = {
        "order_line_id": line["order_line_id"],
        "amount": 0,
        "shipping_amount": 0,
        "quantity": 1,
        "reason_code": "34",
    }
    market.http.put("/api/orders/cancel", json={"cancelations": [one]})

    too_many = _create(market, _parcel(order.id, (line["order_line_id"], 3), shipped=True)).json()
    fitting = _create(market, _parcel(order.id, (line["order_line_id"], 2), shipped=True)).json()

    assert (len(too_many["shipment_errors"]), len(fitting["shipment_success"])) == (1, 1)
    assert market.read(order)["order_state"] == "SHIPPED"


def test_a_shipment_is_prepared_tracked_and_then_shipped(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 1))
    made = _create(market, {**_parcel(order.id, (order.lines[0]["order_line_id"], 1)), "tracking": None}).json()
    number = made["shipment_success"][0]["id"]

    tracked = market.http.post("/api/shipments/tracking", json={"shipments": [{"id": number, "tracking": TRACKING}]})
    states = [market.read(order)["order_state"]]
    shipped = [market.http.put("/api/shipments/ship", json={"shipments": [{"id": number}]}).json() for _ in range(2)]
    states.append(market.read(order)["order_state"])

    assert states == ["SHIPPING", "SHIPPED"]
    assert tracked.json()["shipment_success"] == [{"id": number}]
    assert [len(answer["shipment_success"]) for answer in shipped] == [1, 0]
    row = market.http.get("/api/shipments", params={"order_id": order.id}).json()["data"][0]
    assert (row["status"], row["tracking"]["tracking_url"]) == ("SHIPPED", "https://dhl.example.com/T1")


def test_a_shipment_that_is_not_there_is_an_error_of_its_own(market: Marketplace) -> None:
    answer = market.http.put("/api/shipments/ship", json={"shipments": [{"id": "none"}]})

    assert answer.status_code == 200
    assert answer.json()["shipment_errors"] == [{"id": "none", "message": "No shipment with id 'none'."}]


@pytest.mark.parametrize("number", [0, 1001])
def test_a_batch_is_neither_empty_nor_larger_than_a_thousand(market: Marketplace, number: int) -> None:
    assert _create(market, *[_parcel("O", ("L", 1))] * number).status_code == 400


def test_without_multi_shipment_every_shipment_call_is_a_404(plain_market: Marketplace, message_of: Message) -> None:
    answers = [
        _create(plain_market, _parcel("O", ("L", 1))),
        plain_market.http.get("/api/shipments"),
        plain_market.http.get("/api/shipments/items_to_ship"),
        plain_market.http.post("/api/shipments/tracking", json={"shipments": [{"id": "1"}]}),
        plain_market.http.put("/api/shipments/ship", json={"shipments": [{"id": "1"}]}),
    ]

    assert [(answer.status_code, message_of(answer)) for answer in answers] == [(404, "Not Found")] * 5
