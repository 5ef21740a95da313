"""Refunds, cancelled quantities, and the transaction log, whose sums must agree with invoices and payouts."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Json, Marketplace

Message = Callable[[httpx.Response], str]


def _refund(market: Marketplace, line: Json, amount: float, **more: Any) -> httpx.Response:
    item = {"order_line_id": line["order_line_id"], "amount": amount, "shipping_amount": 0, "reason_code": "15", **more}
    return market.http.put("/api/orders/refund", json={"refunds": [item]})


def _logs(market: Marketplace, **params: Any) -> list[Json]:
    answer = market.http.get("/api/sellerpayment/transactions_logs", params={"limit": 2000, **params})
    rows: list[Json] = answer.json()["data"]
    return rows


def test_a_refund_is_paid_by_the_operator_later_and_leaves_the_line_as_it_was(market: Marketplace) -> None:
    order = market.shipping()
    answer = _refund(market, order.lines[0], 5.0)

    states = []
    for _ in range(3):
        line = market.read(order)["order_lines"][0]
        states.append((line["refunds"][0]["refund_state"], line["order_line_state"]))
        market.skip(0.6)

    assert answer.json()["refunds"][0]["amount"] == 5.0
    assert states == [
        ("WAITING_REFUND", "SHIPPING"),
        ("WAITING_REFUND_PAYMENT", "SHIPPING"),
        ("REFUNDED", "SHIPPING"),
    ]


def test_every_refund_call_makes_new_refunds(market: Marketplace) -> None:
    order = market.shipping()

    numbers = [_refund(market, order.lines[0], 1.0).json()["refunds"][0]["refund_id"] for _ in range(2)]

    assert len(set(numbers)) == 2
    assert [row["id"] for row in market.read(order)["order_lines"][0]["refunds"]] == numbers


def test_refunds_are_refused_before_the_debit_after_closing_and_above_what_is_left(market: Marketplace) -> None:
    waiting, shipping, closed = market.place(), market.shipping(), market.shipping()
    market.operator.close(closed, market.world.clock.seconds())

    answers = [
        _refund(market, waiting.lines[0], 1.0),
        _refund(market, closed.lines[0], 1.0),
        _refund(market, shipping.lines[0], 10_000.0),
        _refund(market, shipping.lines[0], 1.0, reason_code="34"),
        _refund(market, shipping.lines[0], 1.0),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400, 400, 200]


def test_a_refund_needs_a_balance_where_the_operator_looks_at_it(market: Marketplace, message_of: Message) -> None:
    market.operator.check_balance = True
    order = market.shipping()

    answer = _refund(market, order.lines[0], 1.0)

    assert message_of(answer) == "The shop does not have a sufficient payable balance for the refund"


def test_one_refund_that_does_not_fit_keeps_all_of_the_call_from_happening(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 1), ("SKU-002", 1))
    rows = [
        {"order_line_id": line["order_line_id"], "amount": amount, "shipping_amount": 0, "reason_code": "15"}
        for line, amount in zip(order.lines, (1.0, 10_000.0), strict=True)
    ]

    answer = market.http.put("/api/orders/refund", json={"refunds": rows})

    assert answer.status_code == 400
    assert [line["refunds"] for line in market.read(order)["order_lines"]] == [[], []]


def test_a_line_without_units_is_cancelled_and_an_order_without_lines_too(market: Marketplace) -> None:
    order = market.shipping(("SKU-001", 1), ("SKU-002", 1))
    states = []

    for line in order.lines:
        row = {"order_line_id": line["order_line_id"], "amount": line["price"], "shipping_amount": 0, "quantity": 1}
        market.http.put("/api/orders/cancel", json={"cancelations": [{**row, "reason_code": "34"}]})
        states.append((order.lines[0]["order_line_state"], market.read(order)["order_state"]))

    assert states == [("CANCELED", "SHIPPING"), ("CANCELED", "CANCELED")]


def test_cancelling_quantities_can_be_switched_off(market: Marketplace) -> None:
    market.operator.partial_cancelation = False

    assert market.http.put("/api/orders/cancel", json={"cancelations": [{}]}).status_code == 404


def test_the_log_needs_the_accountancy_role(market: Marketplace, message_of: Message) -> None:
    admin = market.operator.add_key([2001], frozenset({"ROLE_SHOP_ADMIN"}))

    answer = market.http.get("/api/sellerpayment/transactions_logs", headers={"Authorization": admin})

    assert (answer.status_code, message_of(answer)) == (403, "Access is denied")


def test_lines_become_payable_when_the_order_was_received(market: Marketplace) -> None:
    order = market.shipping(shipping_type="ECO")
    states = [{row["payment_state"] for row in _logs(market)}]

    market.ship(order)
    market.operator.receive(order, market.world.clock.seconds())
    states.append({row["payment_state"] for row in _logs(market)})

    assert states == [{"PENDING"}, {"PAYABLE"}]


def test_a_cycle_its_invoice_and_its_lines_come_to_the_same_sums(market: Marketplace) -> None:
    orders = [market.shipping(("SKU-001", 2), shipping_price=4.9, shipping_type="ECO") for _ in range(3)]
    _refund(market, orders[0].lines[0], 3.0)
    for order in orders:
        market.ship(order)
        market.operator.receive(order, market.world.clock.seconds())
    market.operator.log.manual(market.shop, "MANUAL_CREDIT", 2.5, "Goodwill", market.world.clock.seconds())

    market.operator.log.close_cycle(market.shop, market.world.clock.seconds())

    cycle = market.http.get("/api/seller-billing-cycles").json()["data"][0]
    lines = _logs(market, seller_billing_cycle_id=cycle["id"])
    invoice = market.http.get("/api/invoices").json()["invoices"][0]
    payment = next(line for line in lines if line["type"] == "PAYMENT")
    rest = sum(line["amount"] for line in lines if line["type"] != "PAYMENT")
    assert round(rest, 2) == payment["amount_debited"] == cycle["amount_transferred_to_seller"]
    assert invoice["summary"]["amount_transferred"] == cycle["amount_transferred_to_seller"]
    assert invoice["seller_billing_cycle_id"] == cycle["id"]
    totals = [name for name in cycle["summary"] if name.endswith("_incl_tax")]
    assert round(sum(cycle["summary"][name] for name in totals), 2) == cycle["amount_transferred_to_seller"]
    assert _logs(market, sort="dateCreated,ASC")[-1]["balance"] == 0


def test_a_balance_below_zero_is_carried_into_the_next_cycle(market: Marketplace) -> None:
    market.operator.log.manual(market.shop, "MANUAL_INVOICE", 9.0, "Advertising", market.world.clock.seconds())

    cycle = market.operator.log.close_cycle(market.shop, market.world.clock.seconds())

    assert cycle is None
    assert market.http.get("/api/account").json()["payment_details"]["payable_balance"] == -9.0


def test_manual_documents_are_hidden_unless_all_are_asked_for(market: Marketplace) -> None:
    market.operator.log.manual(market.shop, "MANUAL_INVOICE", 9.0, "Advertising", market.world.clock.seconds())

    counts = [market.http.get("/api/invoices", params=params).json()["total_count"] for params in ({}, {"type": "ALL"})]

    assert counts == [0, 1]


@pytest.mark.parametrize(("path", "largest"), [("/api/sellerpayment/transactions_logs", 2000), ("/api/shipments", 100)])
def test_each_list_has_its_own_largest_page(market: Marketplace, path: str, largest: int) -> None:
    for number in range(2100):
        market.operator.log.add(market.shop, "MANUAL_CREDIT", 1.0, market.world.clock.seconds())
        row = {"id": str(number), "order_id": "O", "created_date": "", "last_updated_date": ""}
        market.operator.shipments[str(number)] = {**row, "status": "SHIPPED", "status_customer_debit": "DEBIT_OK"}
    market.operator.orders["O"] = market.place()

    assert len(market.http.get(path, params={"limit": 9999}).json()["data"]) == largest


def test_lines_are_found_by_their_last_change(market: Marketplace) -> None:
    market.shipping(shipping_type="ECO")
    changed = market.shipping(shipping_type="ECO")
    market.skip(100)
    since = market.world.clock.now().isoformat()
    market.skip(1)
    market.ship(changed)
    market.operator.receive(changed, market.world.clock.seconds())

    rows = _logs(market, last_updated_from=since, sort="lastUpdated,ASC")

    assert {row["entities"]["order"]["id"] for row in rows} == {changed.id}
