from typing import Any

import pytest

from core.http import Reply, UnknownOutcomeError
from integration.deposco.normalise import body_of
from integration.deposco.reading import orders_in, shipments_in

PAGE = "<html><head><title>Maintenance</title></head><body><p>Back soon</p></body></html>"


def rows(body: Any) -> list[Any]:
    return [row["number"] for row in orders_in(body)]


@pytest.mark.parametrize(
    "body",
    [
        {"order": {"number": "1"}},
        {"order": [{"number": "1"}]},
        {"Order": {"number": "1"}},
        {"orders": {"order": {"number": "1"}}},
        {"orders": {"order": [{"number": "1"}]}},
        {"orders": [{"number": "1"}]},
        [{"order": {"number": "1"}}],
        [{"number": "1"}],
        {"number": "1"},
    ],
)
def test_orders_are_found_whatever_they_are_wrapped_in(body: Any) -> None:
    assert rows(body) == ["1"]


@pytest.mark.parametrize("body", [{}, [], {"orders": ""}, {"orders": None}, {"orders": {}}, {"order": []}])
def test_an_empty_list_of_orders_holds_none(body: Any) -> None:
    assert orders_in(body) == []


@pytest.mark.parametrize(
    "text", [PAGE, '{"message": "try later"}', '["busy"]', '[{"errors": []}]', "<status>ok</status>"]
)
def test_an_answer_that_is_no_list_does_not_say_that_there_is_nothing(text: str) -> None:
    body = body_of(Reply(200, {}, text.encode()))

    with pytest.raises(UnknownOutcomeError):
        orders_in(body)
    with pytest.raises(UnknownOutcomeError):
        shipments_in(body)


def test_shipments_are_found_in_the_same_way() -> None:
    one = {"shipmentNumber": "7"}

    found = [
        shipments_in(body)
        for body in ({"shipments": {"shipment": one}}, {"shipment": [one]}, {"shipments": [one]}, one)
    ]

    assert found == [[one]] * 4
