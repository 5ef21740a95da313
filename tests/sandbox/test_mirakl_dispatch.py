"""Orders leaving the marketplace: tracking, shipping, cancelling, without shipments of their own."""

from collections.abc import Callable

import httpx
import pytest

from tests.sandbox.conftest import Marketplace

Message = Callable[[httpx.Response], str]


def test_tracking_comes_before_shipping_where_it_is_mandatory(market: Marketplace, message_of: Message) -> None:
    order = market.shipping()

    without = market.ship(order)
    market.track(order)
    answer = market.ship(order)

    assert message_of(without) == "Tracking details are mandatory for this shipping method."
    assert answer.status_code == 204
    assert market.read(order)["shipping_tracking_url"] == "https://dhl.example.com/T1"


def test_an_order_is_shipped_once(market: Marketplace, message_of: Message) -> None:
    order = market.shipping(shipping_type="ECO")
    market.ship(order)

    again = market.ship(order)

    assert message_of(again) == "The order status must be 'SHIPPING' but it is 'SHIPPED'."
    assert order.ships == 1


def test_an_order_to_be_collected_waits_for_its_customer(market: Marketplace) -> None:
    order = market.shipping(shipping_type="PUP")

    market.ship(order)

    assert market.read(order)["order_state"] == "TO_COLLECT"


@pytest.mark.parametrize("call", ["ship", "cancel"])
def test_a_put_without_body_must_say_that_its_length_is_zero(market: Marketplace, call: str) -> None:
    order = market.shipping(shipping_type="ECO")
    request = market.http.build_request("PUT", f"/api/orders/{order.id}/{call}")
    del request.headers["content-length"]

    answer = market.http.send(request)

    assert answer.status_code == 411
    assert order.state == "SHIPPING"


@pytest.mark.parametrize(
    ("tracking", "message"),
    [
        ({"carrier_code": "NOBODY", "tracking_number": "1"}, "Invalid value for field 'carrierCode'"),
        ({"carrier_code": "DHL"}, "Tracking number is mandatory for this carrier"),
        ({"tracking_number": "1"}, "Invalid value for field 'carrierCode'"),
    ],
)
def test_a_carrier_that_does_not_fit_is_refused(
    market: Marketplace, message_of: Message, tracking: dict[str, str], message: str
) -> None:
    order = market.shipping()

    assert message_of(market.track(order, **tracking)) == message


def test_a_carrier_by_name_is_taken_only_where_the_operator_allows_it(market: Marketplace) -> None:
    order = market.shipping()
    by_name = {"carrier_name": "A courier", "tracking_number": "1"}

    allowed = market.track(order, **by_name)
    market.operator.free_carriers = False
    refused = market.track(order, **by_name)

    assert (allowed.status_code, refused.status_code) == (204, 400)


def test_an_order_is_cancelled_only_before_it_left(market: Marketplace) -> None:
    waiting, shipping, shipped = market.place(), market.shipping(), market.shipping(shipping_type="ECO")
    market.ship(shipped)

    answers = [
        market.http.put(f"/api/orders/{order.id}/cancel", headers={"Content-Length": "0"}).status_code
        for order in (waiting, shipping, shipped)
    ]

    assert answers == [400, 204, 400]
    assert market.read(shipping)["order_state"] == "CANCELED"
