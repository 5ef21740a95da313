"""Orders of the marketplace: states, visibility, decisions, references and custom fields."""

from collections.abc import Callable

import httpx
import pytest

from sandbox.demo import build_world
from tests.sandbox.conftest import Marketplace

Message = Callable[[httpx.Response], str]


def test_an_accepted_order_waits_for_its_debit_and_then_may_be_shipped(market: Marketplace) -> None:
    order = market.place()

    market.accept(order)
    states = [market.read(order)["order_state"]]
    for _ in range(2):
        market.skip(0.3)
        states.append(market.read(order)["order_state"])

    assert states == ["WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING"]


@pytest.mark.parametrize("workflow", ["PAY_ON_DELIVERY", "PAY_ON_SHIPMENT", "NO_CUSTOMER_PAYMENT_CONFIRMATION"])
def test_an_order_that_is_paid_later_may_be_shipped_at_once(market: Marketplace, workflow: str) -> None:
    order = market.place(payment_workflow=workflow)

    market.accept(order)

    assert market.read(order)["order_state"] == "SHIPPING"
    assert market.read(order).get("customer_debited_date") is None


def test_no_address_is_told_before_shipping_and_every_address_from_then_on(market: Marketplace) -> None:
    order = market.place()

    seen = []
    for act in (lambda: None, lambda: market.accept(order), lambda: market.skip(0.3), lambda: market.skip(1)):
        act()
        row = market.read(order)
        seen.append((row["order_state"], row["customer"]["shipping_address"] is None))

    assert seen == [
        ("WAITING_ACCEPTANCE", True),
        ("WAITING_DEBIT", True),
        ("WAITING_DEBIT_PAYMENT", True),
        ("SHIPPING", False),
    ]


def test_an_operator_may_show_addresses_before_acceptance(market: Marketplace) -> None:
    market.operator.addresses_early = True

    order = market.place()

    assert market.read(order)["customer"]["shipping_address"]["city"] == "Sampletown"


def test_a_refused_order_never_shows_an_address_and_keeps_its_deadline(market: Marketplace) -> None:
    order = market.place()

    market.accept(order, 0)

    row = market.read(order)
    assert (row["order_state"], row["customer"]["shipping_address"]) == ("REFUSED", None)
    assert row["shipping_deadline"]


def test_a_partly_accepted_order_goes_on_with_what_was_accepted(market: Marketplace) -> None:
    order = market.place(("SKU-001", 1), ("SKU-002", 1))

    market.accept(order, 1)
    market.skip(10)

    row = market.read(order)
    assert row["order_state"] == "SHIPPING"
    assert [line["order_line_state"] for line in row["order_lines"]] == ["SHIPPING", "REFUSED"]


def test_a_second_decision_is_refused_and_changes_nothing(market: Marketplace, message_of: Message) -> None:
    order = market.place()
    market.accept(order)

    second = market.accept(order, 0)

    assert second.status_code == 400
    assert message_of(second).startswith("ORDER_INVALID_STATE")
    assert (order.accept_calls, order.effective_accepts) == (2, 1)


def test_a_decision_must_name_every_line_once(market: Marketplace, message_of: Message) -> None:
    order = market.place(("SKU-001", 1), ("SKU-002", 1))
    first, second = ({"id": line["order_line_id"], "accepted": True} for line in order.lines)
    cases = {
        "ORDER_LINE_ACCEPTANCE_DECISION_MISSING": [first],
        "ORDER_LINE_DUPLICATE_ID": [first, first, second],
        "ORDER_LINE_NOT_FOUND": [first, second, {"id": "none", "accepted": True}],
        "ORDER_LINE_NULL_ELEMENT": [first, None],
        "VALIDATION_ERROR: order_lines": [first, {**second, "accepted": "yes"}],
    }

    answers = {
        code: market.http.put(f"/api/orders/{order.id}/accept", json={"order_lines": lines})
        for code, lines in cases.items()
    }

    assert {code: message_of(answer) for code, answer in answers.items()} == {code: code for code in cases}
    assert order.state == "WAITING_ACCEPTANCE"


def test_partial_acceptance_can_be_switched_off(market: Marketplace, message_of: Message) -> None:
    market.operator.partial_acceptance = False
    order = market.place(("SKU-001", 1), ("SKU-002", 1))

    assert message_of(market.accept(order, 1)) == "ORDER_PARTIAL_ACCEPTANCE_DISABLED"


def test_an_order_of_another_fulfilment_centre_is_listed_but_not_ours_to_move(
    market: Marketplace, message_of: Message
) -> None:
    order = market.place(center="OPERATOR-1")

    answer = market.accept(order)

    assert market.read(order)["can_shop_ship"] is False
    assert message_of(answer) == "ORDER_FULFILLED_UNAUTHORIZED"


def test_an_order_that_nobody_decides_is_refused_in_time(market: Marketplace) -> None:
    order = market.place()

    market.skip(market.operator.acceptance_seconds + 1)

    row = market.read(order)
    assert (row["order_state"], row["acceptance_decision_date"]) == ("REFUSED", None)


def test_an_operator_that_accepts_by_itself_leaves_no_decision_date(market: Marketplace) -> None:
    market.operator.auto_accept = True

    order = market.place()

    row = market.read(order)
    assert (row["order_state"], row["acceptance_decision_date"]) == ("WAITING_DEBIT", None)


def test_an_order_in_staging_is_not_shown(market: Marketplace) -> None:
    market.operator.staging_seconds = 60
    order = market.place()

    before = market.http.get("/api/orders").json()["total_count"]
    market.skip(61)

    assert before == 0
    assert market.read(order)["order_state"] == "WAITING_ACCEPTANCE"


def test_a_debit_that_fails_cancels_the_order(market: Marketplace) -> None:
    order = market.place()
    order.debit_refused = True

    market.accept(order)
    market.skip(10)

    assert market.read(order)["order_state"] == "CANCELED"


def test_an_order_that_is_shipped_too_late_is_cancelled_by_the_operator(market: Marketplace) -> None:
    market.operator.late_shipment_seconds = 3600
    order = market.shipping()

    market.skip(3601)

    row = market.read(order)
    assert (row["order_state"], row["order_state_reason_code"]) == ("CANCELED", "SYSTEM_LATE_SHIPMENT_CANCELATION")


def test_an_order_goes_on_to_received_and_closed_by_itself_where_the_operator_wants_it(market: Marketplace) -> None:
    market.operator.reception_seconds, market.operator.closing_seconds = 100, 100
    order = market.shipping()
    market.track(order)
    market.ship(order)

    states = [order.state]
    for _ in range(2):
        market.skip(101)
        states.append(order.state)

    assert states == ["SHIPPED", "RECEIVED", "CLOSED"]


def test_a_seller_reference_is_kept_and_null_removes_it(market: Marketplace) -> None:
    order = market.place()

    def patch(number: str | None) -> httpx.Response:
        references = {"order_reference_for_seller": number}
        return market.http.put("/api/orders", json={"orders": [{"order_id": order.id, "references": references}]})

    seen = []
    for number in ("W-1", "  ", None):
        errors = patch(number).json()["updated_orders"][0].get("errors", [])
        seen.append((len(errors), market.read(order)["references"]["order_reference_for_seller"]))

    assert seen == [(0, "W-1"), (1, "W-1"), (0, None)]


def test_custom_fields_are_checked_and_only_the_named_ones_change(market: Marketplace) -> None:
    order = market.place()

    def put(*fields: tuple[str, str]) -> dict[str, object]:
        rows = [{"code": code, "type": "STRING", "value": value} for code, value in fields]
        path = f"/api/orders/{order.id}/additional_fields"
        body: dict[str, object] = market.http.put(path, json={"order_additional_fields": rows}).json()
        return body

    put(("gift-note", "Enjoy"), ("wms-number", "W-1"))
    answers = [put(("gift-note", "")), put(("wms-number", "")), put(("dock", "Z")), put(("none", "1"))]

    assert ["order_update_errors" in answer for answer in answers] == [False, True, True, True]
    assert market.read(order)["order_additional_fields"] == [{"code": "wms-number", "type": "STRING", "value": "W-1"}]


def test_an_order_of_another_shop_is_not_found(market: Marketplace) -> None:
    other = Marketplace(market.world, "north", 2002).place()

    answer = market.accept(other)

    assert answer.status_code == 404
    assert market.http.get("/api/orders").json()["total_count"] == 0


def test_two_worlds_of_one_seed_are_the_same() -> None:
    first, second = (Marketplace(build_world(11)) for _ in range(2))

    assert first.shop.api_key == second.shop.api_key
    assert first.place().id == second.place().id
