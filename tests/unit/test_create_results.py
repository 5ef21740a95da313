from typing import Any

import pytest

from core.effects import Claimed
from integration.deposco.reading import create_result
from integration.deposco.schemas import CreateResult
from integration.services.effects.create_order import _pair


def claimed(number: str) -> Claimed:
    return Claimed(
        id=1,
        kind="deposco.create_order",
        connection="deposco:X",
        business_key=number,
        subject_id=1,
        payload={},
        fence=1,
        attempts=1,
        crash_attempts=1,
        failures=0,
        first_sent_at=None,
        last_sent_at=None,
        last_class="",
        deadline_at=None,
    )


def texts(numbers: list[str], results: list[CreateResult]) -> list[str | None]:
    paired = _pair([claimed(number) for number in numbers], results)
    return [None if one is None else one.text for one in paired]


@pytest.mark.parametrize(
    ("row", "status"),
    [
        ({"status": "HTTP/1.1 201 Created", "entity": "A"}, 201),
        ({"status": "HTTP/1.1 409 Conflict", "description": "Duplicate entry"}, 409),
        ({"status": "200"}, 200),
        ({"status": "HTTP/1.1 200 OK", "description": "missingItems: ITEM-9"}, 422),
        ({"status": "HTTP/1.1 200 OK", "missingItems": "ITEM-9"}, 422),
        ({"status": "HTTP/1.1 200 OK", "errors": {"message": ["missingPacks: ITEM-9 Each"]}}, 422),
        ({"status": "fine"}, 0),
        ({}, 0),
    ],
)
def test_the_status_is_read_out_of_the_text(row: dict[str, Any], status: int) -> None:
    assert create_result(row).status_code == status


def test_the_words_for_staff_hold_everything_that_was_said() -> None:
    row = {"status": "HTTP/1.1 400 Bad Request", "description": "no", "errors": {"message": ["first", "second"]}}

    assert create_result(row).text == "HTTP/1.1 400 Bad Request no first second"


def test_results_go_to_the_orders_they_name_in_whatever_order_they_come() -> None:
    results = [CreateResult("B", 201, "b"), CreateResult("A", 201, "a")]

    assert texts(["A", "B"], results) == ["a", "b"]


def test_a_duplicate_that_names_its_order_only_in_words_goes_to_that_order() -> None:
    words = "Duplicate entry '181-Sales Order-N-12' for key 'ux_oh_bu_type_number'"
    results = [CreateResult("", 409, words), CreateResult("N-1", 201, "one")]

    assert texts(["N-1", "N-12"], results) == ["one", words]


def test_a_number_that_is_the_beginning_of_another_is_not_taken_for_it() -> None:
    words = "Duplicate entry '181-Sales Order-N-12' for key"
    results = [CreateResult("", 409, words), CreateResult("", 400, "other")]

    assert texts(["N-1", "N-12"], results) == ["other", words]


def test_results_without_any_name_go_by_position_only_when_there_are_as_many_as_orders() -> None:
    assert texts(["A", "B"], [CreateResult("", 201, "x"), CreateResult("", 400, "y")]) == ["x", "y"]
    assert texts(["A", "B"], [CreateResult("", 201, "x")]) == [None, None]


def test_a_result_for_an_order_of_somebody_else_is_given_to_nobody() -> None:
    assert texts(["A"], [CreateResult("Z", 201, "z")]) == [None]
