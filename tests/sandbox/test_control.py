"""The hand on the world: calls for tests and scripts, and a ledger that stays quick to ask."""

from typing import Any

import pytest

from sandbox.control import handle_control
from sandbox.ledger import Ledger, LedgerEntry, Question
from sandbox.wire import Request, json_response
from sandbox.world import World
from tests.sandbox.conftest import Json, Marketplace, Warehouse


def _hand(world: World, method: str, path: str, body: Any = None, **query: str) -> tuple[int, Json]:
    answer = handle_control(
        world,
        Request(method, f"/sandbox/api{path}", tuple(query.items()), body=json_response(body).body if body else b""),
    )
    return answer.status, Request("GET", "/", body=answer.body).json()


def test_orders_are_placed_as_described(world: World) -> None:
    body = {
        "operator": "north",
        "shop_id": 2001,
        "lines": [["SKU-001", 2], ["SKU-002", 1]],
        "order_id": "MINE-1-A",
        "lastname": "Example",
        "address": {"city": ""},
        "shipping_type": "EXP",
        "payment_workflow": "PAY_ON_DELIVERY",
        "channel": "WEB",
    }

    status, answer = _hand(world, "POST", "/orders", body)

    order = world.operators["north"].orders["MINE-1-A"]
    assert (status, answer) == (201, {"order_ids": ["MINE-1-A"]})
    assert (order.address["city"], order.address["lastname"]) == ("", "Example")
    assert (order.body["shipping_type_code"], order.body["channel"]["code"]) == ("EXP", "WEB")


def test_orders_come_as_they_come_where_no_lines_are_given(world: World) -> None:
    _, answer = _hand(world, "POST", "/orders", {"operator": "harbour", "shop_id": 3001, "count": 5})

    assert len(answer["order_ids"]) == len(set(answer["order_ids"])) == 5


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/orders", {"operator": "nobody", "shop_id": 1, "lines": []}),
        ("/orders", {"operator": "north", "shop_id": 2001, "lines": [["SKU-001", "many"]]}),
        ("/operator", {"operator": "north", "no_such_switch": True}),
        ("/tenant", {"tenant": "DEMO", "password": "other"}),
        ("/script", {"tenant": "DEMO", "number": "NONE", "script": "one_parcel"}),
        ("/faults", {"side": "mirakl", "kind": "thunder"}),
        ("/advance", {}),
        ("/document", {"operator": "north", "shop_id": 2001, "kind": "GIFT", "amount": 1}),
    ],
)
def test_what_it_cannot_use_is_answered_with_what_was_wrong(world: World, path: str, body: Json) -> None:
    status, answer = _hand(world, "POST", path, body)

    assert status == 400
    assert answer["error"]


def test_an_order_id_is_taken_once(world: World) -> None:
    body = {"operator": "north", "shop_id": 2001, "lines": [["SKU-001", 1]], "order_id": "MINE-1-A"}

    statuses = [_hand(world, "POST", "/orders", body)[0] for _ in range(2)]

    assert statuses == [201, 400]


def test_the_operator_cancels_receives_closes_and_opens_incidents(market: Marketplace) -> None:
    cancelled, received = market.shipping(), market.shipping(shipping_type="ECO")
    market.ship(received)

    def act(what: str, order_id: str) -> Json:
        return _hand(market.world, "POST", f"/orders/{what}", {"operator": "north", "order_id": order_id})[1]

    incident = act("incident", received.id)
    states = [act(what, received.id)["state"] for what in ("receive", "close")]

    assert act("cancel", cancelled.id) == {"state": "CANCELED"}
    assert (incident, states) == ({"has_incident": True}, ["RECEIVED", "CLOSED"])


def test_the_floor_is_worked_by_hand(house: Warehouse) -> None:
    _hand(house.world, "POST", "/floor", {"paused": True})
    house.order("W-1", ("ITEM-001", 3))
    named = {"tenant": "DEMO", "number": "W-1"}

    answers = [
        _hand(house.world, "POST", "/script", {**named, "script": "one_parcel"})[1],
        _hand(house.world, "POST", "/short", {**named, "units": 1})[1],
        _hand(house.world, "POST", "/step", {**named, "steps": 4})[1],
        _hand(house.world, "POST", "/rollback", named)[1],
    ]

    assert answers == [{"ok": True}, {"left": {"W-1-1": "2"}}, {"status": "Complete"}, {"status": "Packed"}]
    shown = _hand(house.world, "GET", "/warehouse", tenant="DEMO")[1]
    assert [row["status"] for row in shown["shipments"]] == ["Rolled Back"]


def test_a_cycle_is_closed_and_a_document_written_by_hand(market: Marketplace) -> None:
    shop = {"operator": "north", "shop_id": 2001}
    _hand(market.world, "POST", "/document", {**shop, "kind": "MANUAL_CREDIT", "amount": 12.5})

    _, answer = _hand(market.world, "POST", "/cycle", {**shop, "paid": True})

    assert answer["cycle"]["amount_transferred_to_seller"] == 12.5
    assert market.http.get("/api/seller-billing-cycles").json()["data"][0]["pay_out"]["state"] == "PAID"


def test_one_fault_is_cleared_and_the_others_stay(world: World) -> None:
    first, second = (
        _hand(world, "POST", "/faults", {"side": "mirakl", "operation": name, "kind": "blank"})[1]["id"]
        for name in ("OR11", "OR21")
    )

    _hand(world, "DELETE", "/faults", id=str(first))

    assert [fault["id"] for fault in _hand(world, "GET", "/faults")[1]["faults"]] == [second]


def test_the_ledger_is_read_from_a_position_on_and_narrowed(market: Marketplace) -> None:
    order = market.place()
    market.http.get("/api/account")
    market.accept(order)
    market.accept(order)

    everything = _hand(market.world, "GET", "/ledger")[1]
    later = _hand(market.world, "GET", "/ledger", **{"from": "2"})[1]["calls"]
    narrow = _hand(market.world, "GET", "/ledger", key=order.id, effective="true")[1]["calls"]
    counts = _hand(market.world, "GET", "/ledger/counts", side="mirakl")[1]["operations"]

    assert [call["operation"] for call in everything["calls"]] == ["A01", "OR21", "OR21"]
    assert (everything["total"], [call["position"] for call in later]) == (3, [2])
    assert [call["position"] for call in narrow] == [1]
    assert counts == {"A01": {"calls": 1, "effective": 0}, "OR21": {"calls": 2, "effective": 1}}


def test_a_long_ledger_looks_only_at_the_calls_of_the_operation_asked_for() -> None:
    ledger = Ledger()
    for number in range(120_000):
        operation = "OR21" if number % 1000 == 0 else "OR11"
        ledger.note(LedgerEntry(float(number), "mirakl", "north/2001", operation, f"O-{number}", 200, effective=True))

    looked_at = list(ledger._positions(Question(operation="OR21"), 60_000))
    found = ledger.find(Question(operation="OR21", since=100_000.0), limit=5)

    assert len(looked_at) == 60
    assert [position for position, _ in found] == [100_000, 101_000, 102_000, 103_000, 104_000]
