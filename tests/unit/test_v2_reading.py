from copy import deepcopy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import HttpError, UnknownOutcomeError
from integration.deposco.parcels import WireParcel, aggregate_parcels
from integration.deposco.profile import Profile
from integration.deposco.v2.client import DeposcoV2Client
from integration.deposco.v2.tokens import Client
from tests.unit.v2_script import PROFILE, START, Json, Script, box, client, line, order, page, shipment


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
