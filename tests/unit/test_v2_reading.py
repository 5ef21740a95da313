from collections.abc import Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import AuthError, HttpError, StatusError, UnknownOutcomeError
from integration.deposco.fingerprint import order_fingerprint
from integration.deposco.parcels import WireParcel, aggregate_parcels
from integration.deposco.profile import Profile, Transport, default_v1_profile
from integration.deposco.v2.client import DeposcoV2Client
from integration.deposco.v2.tokens import Client

PROFILE = default_v1_profile().model_copy(update={"transport": Transport(api="v2")})
START = datetime(2026, 11, 1, 12, tzinfo=UTC)
Json = dict[str, Any]


class Script(httpx.BaseTransport):
    """Answers calls one after another, as they stand in the script."""

    def __init__(self, answers: Sequence[Json | httpx.Response]) -> None:
        self.answers, self.asked = list(answers), list[httpx.URL]()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/oauth2/token"):
            return httpx.Response(200, json={"access_token": "t", "expires_in": 3600})
        self.asked.append(request.url)
        answer = self.answers.pop(0)
        return answer if isinstance(answer, httpx.Response) else httpx.Response(200, json=answer)


def client(*answers: Json | httpx.Response, profile: Profile = PROFILE) -> tuple[DeposcoV2Client, Script]:
    script = Script(answers)
    made = DeposcoV2Client(
        "https://wms.example.com", "ACME", "MAIN", Client("i", "s"), profile=profile, transport=script
    )
    return made, script


def page(*rows: Json, key: str = "", complete: bool | None = None) -> Json:
    links = (
        [{"rel": "next", "href": f"https://elsewhere.example.com/other/path?searchId={key}&pageSize=9"}] if key else []
    )
    return {"data": list(rows), "links": links, "complete": not key if complete is None else complete, "pages": 1}


def order(number: str, **more: Any) -> Json:
    unit = {"businessKey": {"code": "MAIN"}}
    return {
        "self": {"id": 5},
        "number": number,
        "businessUnit": unit,
        "orderStatus": "New",
        "orderLines": page(),
    } | more


def shipment(number: str, **more: Any) -> Json:
    row: Json = {"self": {"id": 9}, "number": number, "status": "Shipped", "trackingUrl": "https://c.example.com/?n="}
    row |= {
        "shipmentDates": {"actualShipDate": "2026-11-01T06:30:00-06:00"},
        "updatedDate": "2026-11-01T06:31:00-06:00",
    }
    return (
        row
        | {"orderHeaders": page({"id": 5}), "shipmentLines": page(line("I1", 1)), "shippedContainers": page()}
        | more
    )


def line(item: str, units: float, customer: str | None = "N-1-1", **more: Any) -> Json:
    details = {"customerLineNumber": customer}
    head: Json = {"number": "9--1", "orderLine": {"id": 501}, "orderLineDetails": details}
    return head | {"item": {"businessKey": {"number": item}}, "shippedPackQuantity": units} | more


def box(lpn: str, tracking: str | None, *items: tuple[str, float], **more: Any) -> Json:
    rows = [{"item": {"businessKey": {"number": item}}, "shippedPackQuantity": units} for item, units in items]
    return {"lpnNumber": lpn, "trackingNumber": tracking, "status": "Shipped", "shippedContainerLines": rows} | more


def parcels(row: Json, *answers: Json, profile: Profile = PROFILE) -> tuple[WireParcel, ...]:
    made, _ = client(page(row), *answers, profile=profile)
    found = made.shipment(row["number"])
    assert found is not None
    return aggregate_parcels(found, profile).parcels


def test_only_the_key_of_a_link_is_followed_and_a_row_that_comes_twice_counts_once() -> None:
    first, second = shipment("1"), shipment("2")
    made, script = client(page(second, key="K1"), page(second, first))

    found = made.shipments_between(START, START + timedelta(hours=1))

    assert [row.shipment_number for row in found] == ["2", "1"]
    assert script.asked[1].host == "wms.example.com"
    assert script.asked[1].path == "/latest/shipments/outboundShipments"
    assert dict(script.asked[1].params) == {"searchId": "K1"}


def test_a_change_whose_time_has_no_offset_is_taken_along() -> None:
    old = shipment("2", updatedDate="2026-10-01T06:31:00-06:00")
    made, _ = client(page(shipment("1", updatedDate="2026-11-01T06:31:00"), old))

    found = made.shipments_between(START, START)

    assert [row.shipment_number for row in found] == ["1"]


def test_a_list_that_says_it_is_complete_is_at_its_end_whatever_its_links_say() -> None:
    made, script = client(page(shipment("1"), key="K1", complete=True))

    assert len(made.shipments_between(START, START)) == 1
    assert len(script.asked) == 1


@pytest.mark.parametrize(
    "answers",
    [
        [page(shipment("1"), key="K1"), page(shipment("2"), key="K1")],
        [{"data": [shipment("1")], "complete": False, "links": [{"rel": "next", "href": "/x?pageSize=1035"}]}],
        [{"message": "maintenance"}],
        [httpx.Response(200, text="<html><body>Maintenance</body></html>")],
        [httpx.Response(200)],
        [httpx.Response(200, json=[shipment("1")])],
    ],
    ids=["goes round", "no key", "no list", "html", "blank", "bare list"],
)
def test_a_list_that_cannot_be_read_to_its_end_is_no_answer(answers: list[Any]) -> None:
    made, _ = client(*answers)

    with pytest.raises(UnknownOutcomeError):
        made.shipments_between(START, START)


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


def test_every_call_but_the_first_waits_for_its_turn_and_shipments_are_urgent() -> None:
    turns: list[int] = []
    script = Script([page(), {"number": "N-1"}, page(shipment("1"), key="K"), page(shipment("2")), page(order("N-1"))])
    made = DeposcoV2Client(
        "https://wms.example.com",
        "ACME",
        "MAIN",
        Client("i", "s"),
        profile=PROFILE,
        transport=script,
        pace=turns.append,
    )

    made.create_orders([{"number": "N-1"}])
    after_create = list(turns)
    made.shipments_between(START, START)
    made.find_orders("N-1")

    assert (after_create, turns) == ([100], [100, 0])
    assert script.answers == []


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


def test_the_number_is_put_behind_the_beginning_of_an_address_unless_the_tenant_sends_it_whole() -> None:
    row = shipment(
        "1", trackingNumber="T1", shipmentLines=page(line("I1", 2)), shippedContainers=page(box("B", "T1", ("I1", 2)))
    )
    whole = PROFILE.model_copy(update={"v2": PROFILE.v2.model_copy(update={"tracking_url": "full"})})

    (based,) = parcels(row)
    (full,) = parcels(row | {"trackingUrl": "https://c.example.com/?n=T1"}, profile=whole)

    assert based.tracking_url == full.tracking_url == "https://c.example.com/?n=T1"


def test_boxes_are_filled_from_the_lines_and_what_no_box_holds_is_a_parcel_of_its_own() -> None:
    row = shipment(
        "1",
        shipmentLines=page(line("I1", 3), line("I1", 2, "N-1-2", orderLine={"id": 502}, number="9--2")),
        shippedContainers=page(box("B1", "T1", ("I1", 2)), box("B2", "T2", ("I1", 2)), box("B3", "T3", ("I1", 0))),
    )

    found = parcels(row)

    told = {one.parcel_key: [(part.customer_line_number, part.quantity) for part in one.lines] for one in found}
    assert told == {
        "B1": [("N-1-1", Decimal(2))],
        "B2": [("N-1-1", Decimal(1)), ("N-1-2", Decimal(1))],
        "1": [("N-1-2", Decimal(1))],
    }
    assert [one.tracking_number for one in found] == ["T1", "T2", None]


def test_a_box_names_its_line_where_it_can_and_a_box_that_was_taken_back_is_none() -> None:
    second = line("I1", 1, "N-1-2", orderLine={"id": 502}, number="9--2")
    named = box("B1", "T1")
    named["shippedContainerLines"] = [
        {"item": {"businessKey": {"number": "I1"}}, "externalLineNumber": "N-1-2", "shippedPackQuantity": 1}
    ]
    back = box("B2", "T2", ("I1", 1), status="Rolled Back")

    found = parcels(shipment("1", shipmentLines=page(line("I1", 1), second), shippedContainers=page(named, back)))

    assert [(one.parcel_key, one.lines[0].customer_line_number) for one in found] == [("B1", "N-1-2"), ("1", "N-1-1")]


def test_more_in_a_box_than_its_lines_tell_is_shown_and_not_swallowed() -> None:
    row = shipment(
        "1", shipmentLines=page(line("I1", 1)), shippedContainers=page(box("B1", "T1", ("I1", 3), ("I9", 1)))
    )

    (found,) = parcels(row)

    assert sum(part.quantity for part in found.lines if part.item_number == "I1") == Decimal(3)
    assert [part.quantity for part in found.lines if part.item_number == "I9"] == [Decimal(1)]


def test_lines_without_our_number_are_found_by_the_lines_of_the_shipments_orders() -> None:
    listed = page({"self": {"id": 501}, "lineNumber": "N-1-1"}, {"self": {"id": 777}, "lineNumber": "N-1-7"})

    (found,) = parcels(shipment("1", shipmentLines=page(line("I1", 1, None))), listed, order("N-1"))

    assert [(part.order_number, part.line_number) for part in found.lines] == [("N-1", "N-1-1")]


def test_a_line_under_a_strange_number_is_in_the_one_order_of_its_shipment() -> None:
    strange = line("I9", 1, "9", orderLine={"id": 900}, number="9--2")

    (found,) = parcels(shipment("1", shipmentLines=page(line("I1", 1), strange)))

    assert [(part.order_number, part.item_number) for part in found.lines] == [("N-1", "I1"), ("N-1", "I9")]


def test_a_shipment_that_was_taken_back_and_emptied_still_names_its_order() -> None:
    made, _ = client(page(shipment("1", status="Rolled Back", shipmentLines=page())), order("N-1"))

    found = made.shipment("1")

    assert found is not None
    assert found.order_numbers == ("N-1",)
    assert aggregate_parcels(found, PROFILE).is_retraction


def test_an_item_is_read_with_its_barcodes_and_another_number_is_none() -> None:
    row = {"number": "I1", "upcs": page({"value": "4006381333931"})}
    made, _ = client(page(row), page(row))

    found = made.item("I1")

    assert found is not None
    assert found["upcs"] == {"upc": [{"value": "4006381333931"}]}
    assert made.item("I2") is None


FULL = shipment(
    "1",
    businessUnit={"businessKey": {"code": "MAIN"}},
    shipFromFacility={"businessKey": {"number": "LVL"}},
    shippedContainers=page(box("B1", "T1", ("I1", 1))),
)
NONSENSE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.text(max_size=3), st.just([]), st.just([[None]]), st.just({})
)


def spots(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a document."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] * bool(way) + [spot for key, part in inner for spot in spots(part, (*way, key))]


@given(st.sampled_from(spots(FULL)), NONSENSE)
def test_nonsense_anywhere_in_a_shipment_is_read_over_or_no_answer(spot: tuple[Any, ...], nonsense: Any) -> None:
    row = deepcopy(FULL)
    place = row
    for key in spot[:-1]:
        place = place[key]
    place[spot[-1]] = nonsense
    made, _ = client(page(row), *[order("N-1")] * 3)

    try:
        found = made.shipments_between(START, START)
    except HttpError:
        return

    for one in found:
        aggregate_parcels(one, PROFILE)
