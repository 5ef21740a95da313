import httpx
import pytest

from core.http import AuthError, StatusError, UnknownOutcomeError
from integration.deposco.fingerprint import order_fingerprint
from tests.unit.v2_script import client, order, page


def test_rows_of_another_business_unit_or_number_are_somebody_elses() -> None:
    other = {"businessUnit": {"businessKey": {"code": "OTHER"}}}
    made, _ = client(page(order("N-1", **other), order("N-1")), page(order("N-2")), page())

    assert [row.number for row in made.find_orders("N-1") or []] == ["N-1"]
    assert made.find_orders("N-1") is None
    assert made.find_orders("N-1") == []


def test_lines_that_may_have_been_cut_are_read_from_their_own_list() -> None:
    rows = [
        {
            "self": {"id": at},
            "lineNumber": f"N-1-{at}",
            "item": {"businessKey": {"number": f"I{at}"}},
            "orderPackQuantity": 1,
        }
        for at in range(1, 13)
    ]
    cut = {"data": rows[:10], "links": [], "complete": True, "pages": 1}
    made, script = client(page(order("N-1", orderLines=cut)), page(*rows[6:], key="K"), page(*rows[:7]))

    (found,) = made.find_orders("N-1") or []

    assert len(found.lines) == 12
    assert script.asked[1].path == "/latest/orders/salesOrders/5/orderLines"


def test_a_short_list_inside_that_says_it_is_not_whole_is_read_from_its_own_list() -> None:
    told = {"lineNumber": "N-1-1", "item": {"businessKey": {"number": "I1"}}, "orderPackQuantity": 1}
    cut = {"data": [told], "links": [], "complete": False, "pages": 2}
    rows = [told | {"self": {"id": at}, "lineNumber": f"N-1-{at}"} for at in (1, 2)]
    made, _ = client(page(order("N-1", orderLines=cut)), page(*rows))

    (found,) = made.find_orders("N-1") or []

    assert [one.line_number for one in found.lines] == ["N-1-1", "N-1-2"]


def test_an_order_reads_back_equal_in_another_form_of_its_numbers_and_differs_in_items_or_units() -> None:
    sent = {
        "number": "N-1",
        "orderLines": {"data": [{"item": {"businessKey": {"number": "I1"}}, "orderPackQuantity": 2}]},
    }
    forms = [("I1", 2.0), ("I1", "2"), ("I1", 3), ("I2", 2)]
    rows = [
        order("N-1", orderLines=page({"item": {"businessKey": {"number": i}}, "orderPackQuantity": q}))
        for i, q in forms
    ]
    made, _ = client(*(page(row) for row in rows))

    found = [order_fingerprint((made.find_orders("N-1") or [])[0]) == order_fingerprint(sent) for _ in forms]

    assert found == [True, True, False, False]


def test_a_line_whose_item_is_gone_makes_the_order_another() -> None:
    sent = {
        "number": "N-1",
        "orderLines": {"data": [{"item": {"businessKey": {"number": "I1"}}, "orderPackQuantity": 2}]},
    }
    made, _ = client(page(order("N-1", orderLines=page({"item": None, "orderPackQuantity": 2}))))

    (found,) = made.find_orders("N-1") or []

    assert order_fingerprint(found) != order_fingerprint(sent)


def test_a_refused_token_is_renewed_once_and_a_missing_scope_is_not() -> None:
    made, script = client(httpx.Response(401), page(order("N-1")), httpx.Response(401), httpx.Response(401))

    assert len(made.find_orders("N-1") or []) == 1
    with pytest.raises(AuthError):
        made.find_orders("N-1")
    assert len(script.asked) == 4

    scopeless, asked = client(httpx.Response(403))
    with pytest.raises(AuthError):
        scopeless.find_orders("N-1")
    assert len(asked.asked) == 1


@pytest.mark.parametrize(
    ("status", "words", "result"),
    [
        (404, "Item with business key number = [X] was not found", 404),
        (400, "salesOrder.shipToContact.lastName size must be between 0 and 30", 400),
        (400, "Order cannot be updated while in the status of [Picking].", 409),
        (400, "Order status updates are not accepted for order at this API Endpoint", 409),
    ],
)
def test_a_refusal_is_a_result_in_the_warehouses_words(status: int, words: str, result: int) -> None:
    made, _ = client(page(), httpx.Response(status, json={"errors": [{"errorMessage": words}]}))

    (found,) = made.create_orders([{"number": "N-1"}])

    assert (found.status_code, found.text) == (result, words)


@pytest.mark.parametrize("status", [409, 500, 502])
def test_what_may_have_been_done_is_raised(status: int) -> None:
    made, _ = client(page(), httpx.Response(status, json={"errors": [{"errorMessage": "concurrent request"}]}))

    with pytest.raises(StatusError):
        made.create_orders([{"number": "N-1"}])


def test_an_answer_about_another_order_is_no_answer() -> None:
    made, _ = client(page(), {"salesOrder": {"number": "N-2"}})

    with pytest.raises(UnknownOutcomeError):
        made.create_orders([{"number": "N-1"}])
