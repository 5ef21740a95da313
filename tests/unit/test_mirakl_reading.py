import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import Reply, UnknownOutcomeError
from integration.mirakl.client import MiraklClient
from integration.mirakl.reading import orders_page, read_list
from integration.mirakl.schemas import Carrier, Order, OrderLine, OrdersPage, Platform

LEAST = {"order_id": "1-A", "order_state": "SHIPPING", "order_lines": [{"order_line_id": "1-A-1"}]}


def page(*rows: Any, **more: Any) -> OrdersPage:
    body = {"orders": list(rows), "total_count": len(rows), **more}
    headers = {"date": "Thu, 01 Jan 2026 12:00:00 GMT", "link": '</api/orders?offset=1>; rel="next"'}
    return orders_page(Reply(200, headers, json.dumps(body).encode()))


def only(row: Any) -> Order:
    found = page(row)
    assert not found.unreadable, found.unreadable
    return found.orders[0]


def test_an_id_a_state_and_the_ids_of_its_lines_are_enough_for_an_order() -> None:
    order = only(LEAST)

    assert (order.order_id, order.currency_iso_code, order.total_price) == ("1-A", "", None)
    assert (order.order_lines[0].quantity, order.order_lines[0].offer_sku) == (0, "")
    assert order.customer == {}


@pytest.mark.parametrize(
    ("told", "units"),
    [(2, 2), ("2", 2), (2.0, 2), ("2.0", 2), (1.5, 0), ("0.9", 0), (-1, 0), ("many", 0), ("Infinity", 0)],
)
def test_a_count_that_is_no_whole_number_is_none_rather_than_less_than_was_sold(told: object, units: int) -> None:
    line = OrderLine.model_validate({"order_line_id": "1", "quantity": told})

    assert line.quantity == units


junk = st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.lists(st.integers(), max_size=2)


@given(
    st.dictionaries(
        st.sampled_from(
            ["commercial_id", "currency_iso_code", "total_price", "can_shop_ship", "created_date", "customer",
             "fulfillment", "shipping_deadline", "last_updated_date", "shipping_type_code", "field_of_tomorrow"]
        ),
        junk,
    ),
    st.dictionaries(st.sampled_from(["quantity", "price_unit", "cancelations", "offer_sku", "product_title"]), junk),
)  # fmt: skip
def test_nothing_beside_the_ids_can_make_an_order_unreadable(header: dict[str, Any], line: dict[str, Any]) -> None:
    order = only({**LEAST, **header, "order_lines": [{"order_line_id": "1-A-1", **line}]})

    assert order.order_id == "1-A"
    assert order.order_lines[0].quantity >= 0


@pytest.mark.parametrize("row", [None, "x", [], {}, {"order_id": "1"}, {**LEAST, "order_state": None}])
def test_a_row_that_is_no_order_is_put_aside_and_the_page_goes_on(row: Any) -> None:
    found = page(row, LEAST)

    assert [order.order_id for order in found.orders] == ["1-A"]
    assert len(found.unreadable) == 1
    assert found.rows == 2


def test_why_a_row_is_unreadable_names_fields_and_no_values() -> None:
    found = page({"order_id": "1-A", "order_state": "SHIPPING", "order_lines": [{"customer_name": "Robin Sample"}]})

    assert "order_line_id" in found.unreadable[0].problem
    assert "Robin" not in found.unreadable[0].problem


def test_an_unknown_state_and_unknown_fields_go_through() -> None:
    order = only({**LEAST, "order_state": "A_STATE_OF_TOMORROW", "something_new": {"a": [1]}})

    assert order.order_state == "A_STATE_OF_TOMORROW"
    assert order.raw["something_new"] == {"a": [1]}


def test_amounts_are_exact_and_moments_aware_with_and_without_milliseconds() -> None:
    order = only(
        {
            **LEAST,
            "total_price": 24.10,
            "created_date": "2021-08-04T15:12:50Z",
            "shipping_deadline": "2021-08-04T15:12:50.652",
        }
    )

    assert order.total_price == Decimal("24.1")
    assert order.created_date == datetime(2021, 8, 4, 15, 12, 50, tzinfo=UTC)
    assert order.shipping_deadline == datetime(2021, 8, 4, 15, 12, 50, 652000, tzinfo=UTC)


def test_characters_that_no_database_keeps_do_not_cost_the_order() -> None:
    order = only({**LEAST, "customer": {"lastname": "Sam\u0000ple"}})

    assert "\x00" not in order.customer["lastname"]


def test_a_page_knows_the_far_clock_its_total_and_whether_more_follows() -> None:
    found = page(LEAST, total_count=7)

    assert found.server_time == datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert (found.total_count, found.names_next) == (7, True)
    assert page(LEAST, total_count=None).total_count is None


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"orders": null}', b'{"orders": {"a": 1}}'])
def test_an_answer_that_holds_no_list_is_an_unknown_outcome(body: bytes) -> None:
    with pytest.raises(UnknownOutcomeError):
        orders_page(Reply(200, {}, body))


def test_flags_of_the_operator_that_are_not_told_are_unknown() -> None:
    platform = Platform.of({"features": {"order_workflows": {"order_acceptance": "BOTH"}, "shipment": None}})

    assert (platform.order_acceptance, platform.multi_shipment) == ("BOTH", None)


def test_published_examples_and_recorded_orders_are_readable(contracts: Path) -> None:
    files = [path for path in (contracts / "mirakl" / "samples").rglob("*.json") if "order" in str(path).lower()]
    bodies = [json.loads(path.read_text(encoding="utf-8")) for path in files]
    lists = [body["orders"] for body in bodies if isinstance(body, dict) and isinstance(body.get("orders"), list)]
    rows = [
        row for rows in lists for row in rows if isinstance(row, dict) and "order_lines" in row and "order_state" in row
    ]

    found = page(*rows)

    assert len(found.orders) >= 3
    assert found.unreadable == ()


def test_a_setting_that_cannot_be_read_does_not_cost_the_others() -> None:
    body = {"carriers": [{"label": "no code"}, None, {"code": "DHL", "label": None, "new": 1}]}

    assert [carrier.code for carrier in read_list(Carrier, body, "carriers")] == ["DHL"]
    assert read_list(Carrier, {"carriers": None}, "carriers") == []


class Recorder(httpx.BaseTransport):
    """Answers everything with 204 and keeps what came."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        return httpx.Response(204)


def test_every_call_bears_the_raw_key_and_the_shop_and_an_empty_put_its_length() -> None:
    wire = Recorder()
    client = MiraklClient("https://shop.example.com", "the-key", shop_id=2001, transport=wire)

    client.accept("1/2 A", {"L1": True})
    client.ship("1-A")
    client.set_tracking("1-A", carrier_code="DHL", tracking_number="T1", tracking_url="https://x.example.com")

    assert {request.headers["authorization"] for request in wire.requests} == {"the-key"}
    assert {request.url.params["shop_id"] for request in wire.requests} == {"2001"}
    assert wire.requests[0].url.raw_path.startswith(b"/api/orders/1%2F2%20A/accept")
    assert wire.requests[1].headers["content-length"] == "0"
    assert wire.requests[1].content == b""
    assert json.loads(wire.requests[2].content) == {"carrier_code": "DHL", "tracking_number": "T1"}
