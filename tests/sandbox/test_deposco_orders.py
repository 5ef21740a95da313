"""Orders of the warehouse: 207 with the truth inside, duplicates, replacing, statuses, and the mechanical JSON."""

from typing import Any

import httpx
import pytest

from tests.sandbox.conftest import Json, Warehouse


def _results(answer: httpx.Response) -> list[Json]:
    assert answer.status_code == 207
    rows = answer.json()["response"]
    return rows if isinstance(rows, list) else [rows]


def test_success_and_duplicate_are_both_a_207_with_the_truth_in_a_text(house: Warehouse) -> None:
    created, duplicate = (_results(house.create(house.document("W-1")))[0] for _ in range(2))

    assert (created["status"], created["entity"]) == ("HTTP/1.1 201 Created", "W-1")
    assert duplicate["status"] == "HTTP/1.1 409 Conflict"
    assert "ux_oh_bu_type_number" in duplicate["description"]
    assert "entity" not in duplicate


def test_each_order_of_a_batch_stands_alone(house: Warehouse) -> None:
    answers = _results(
        house.create(house.document("W-1"), house.document("W-2", ("NO-ITEM", 1)), house.document("W-3"))
    )

    assert [row["status"].split()[1] for row in answers] == ["201", "400", "201"]
    assert answers[1]["description"] == "missingItems: NO-ITEM"
    assert sorted(house.tenant.orders) == ["W-1", "W-3"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            {"shipToAddress": {"name": "N" * 31, "addressLine1": "1", "city": "C", "countryCode": "FR"}},
            "longer than 30",
        ),
        ({"shipToAddress": {"name": "N", "addressLine1": "1", "countryCode": "FR"}}, "shipToAddress.city is required"),
        ({"businessUnit": "OTHER"}, "Business unit OTHER is unknown"),
        ({"facility": "NOWHERE"}, "Facility NOWHERE is unknown"),
        ({"orderLines": {"orderLine": []}}, "orderLines is empty"),
        ({"type": "Shop Order"}, "number and type are mandatory"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_with_words(house: Warehouse, change: Json, words: str) -> None:
    answer = _results(house.create(house.document("W-1") | change))[0]

    assert answer["status"] == "HTTP/1.1 400 Bad Request"
    assert words in answer["description"]
    assert house.tenant.orders == {}


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"order": []}', b"<orders><order></orders>", b'{"order": [1]}'])
def test_what_the_parser_cannot_read_is_a_flat_400(house: Warehouse, body: bytes) -> None:
    answer = house.http.post("/orders", content=body)

    assert (answer.status_code, answer.text) == (400, "Bad Request")


def test_a_number_that_is_none_and_channels_are_flat_400s(house: Warehouse) -> None:
    order = house.document("W-1")
    order["orderLines"]["orderLine"][0]["orderPackQuantity"] = "two"
    with_channels = house.document("W-2") | {"channels": {"channel": {"@ref1": "x"}}}

    statuses = [house.create(document).status_code for document in (order, with_channels)]

    assert statuses == [400, 400]


def test_the_quantity_of_the_pack_is_not_the_quantity_ordered(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 7))

    line = house.read("W-1")["orderLines"]["orderLine"]

    assert (line["orderPackQuantity"], line["pack"]["quantity"]) == ("7.0", "1")


def test_orders_can_be_written_and_read_as_xml(house: Warehouse) -> None:
    order = (
        "<order><number>X-1</number><type>Sales Order</type><shipToAddress><name>Robin</name>"
        "<addressLine1>1</addressLine1><city>C</city><countryCode>FR</countryCode></shipToAddress><orderLines><orderLine>"
        "<lineNumber>X-1-1</lineNumber><orderPackQuantity>2</orderPackQuantity><itemNumber>ITEM-001</itemNumber>"
        "<pack><type>Each</type><quantity>1</quantity></pack></orderLine></orderLines></order>"
    )
    body = f'<ns2:orders xmlns:ns2="http://integration.deposco.com/order">{order}</ns2:orders>'
    headers = {"Accept": "application/xml", "Content-Type": "application/xml"}

    written = house.http.post("/orders", content=body, headers=headers)
    read = house.http.get("/search/Order", params={"number": "X-1"}, headers=headers)

    assert "HTTP/1.1 201 Created" in written.text
    assert "<orderPackQuantity>2.0</orderPackQuantity>" in read.text
    assert 'xsi:nil="true"' in read.text


def test_json_is_mechanical_numbers_are_strings_one_element_is_no_list_and_nil_is_an_object(house: Warehouse) -> None:
    house.order("W-1")
    house.order("W-2", ("ITEM-001", 1), ("ITEM-002", 1))

    one, two = house.read("W-1"), house.read("W-2")

    assert isinstance(one["orderLines"]["orderLine"], dict)
    assert isinstance(two["orderLines"]["orderLine"], list)
    assert one["shippingStatus"] == "0"
    assert one["customMappings"] == {"@nil": "true"}
    assert one["updatedDateTime"][-6:] in ("-06:00", "-05:00")


def test_a_search_refuses_a_field_that_the_tenant_does_not_have_in_it(house: Warehouse) -> None:
    answer = house.http.get("/search/Order", params={"salesOrderNumber": "W-1"})

    assert answer.status_code == 400
    assert answer.text == "[salesOrderNumber] are not found or configured for entity [Order]"


def test_the_status_search_ignores_the_number(house: Warehouse) -> None:
    house.order("W-1")
    house.order("W-2")

    rows = house.http.get("/status/order/search", params={"number": "W-1"}).json()["orderStatus"]

    assert [row["orderNumber"] for row in rows] == ["W-1", "W-2"]


def test_statuses_are_read_by_day_and_by_number(house: Warehouse) -> None:
    house.tenant.spaces_in_path = True
    house.order("W-1")

    today = house.http.get("/status/order/20200101,20991231").json()["orderStatus"]
    past = house.http.get("/status/order/20200101,20200102").json()
    one = house.http.get("/status/order/Sales Order/W-1").json()["orderStatus"]

    assert (today["orderNumber"], past, one["orderStatus"]) == ("W-1", {}, "New")


def test_a_space_in_the_path_is_a_flat_400_unless_the_host_takes_it(house: Warehouse) -> None:
    house.order("W-1")

    refused = house.http.get("/orders/Sales%20Order/W-1")
    house.tenant.spaces_in_path = True
    taken = house.http.get("/orders/Sales%20Order/W-1")
    missing = house.http.get("/orders/Sales%20Order/W-9")

    assert (refused.status_code, refused.text) == (400, "Bad Request")
    assert taken.json()["order"]["number"] == "W-1"
    assert (missing.status_code, missing.headers["content-type"]) == (404, "text/plain")


def test_an_update_changes_an_order_that_was_not_released_yet(house: Warehouse) -> None:
    house.order("W-1", ("ITEM-001", 2))
    house.order("W-2", ("ITEM-001", 2))
    house.skip(1)
    house.tenant.orders["W-1"].status = "New"
    documents = [house.document(number, ("ITEM-001", 5), status="") for number in ("W-1", "W-2", "W-3")]

    answers = _results(house.http.post("/orders/updates", json={"order": documents}))

    assert [row["status"].split()[1] for row in answers] == ["200", "400", "201"]
    assert house.read("W-1")["orderLines"]["orderLine"]["orderPackQuantity"] == "5.0"


def test_putting_an_order_replaces_it_with_its_lines(house: Warehouse) -> None:
    house.tenant.spaces_in_path = True
    house.order("W-1", ("ITEM-001", 2), ("ITEM-002", 1))

    updated = house.http.put("/orders/Sales%20Order/W-1", json={"order": house.document("W-1", ("ITEM-003", 1))})
    created = house.http.put("/orders/Sales%20Order/W-2", json={"order": house.document("W-2")})

    assert (updated.status_code, created.status_code) == (200, 201)
    assert created.headers["location"].endswith("/orders/Sales%20Order/W-2")
    assert house.read("W-1")["orderLines"]["orderLine"]["itemNumber"] == "ITEM-003"


def test_single_fields_are_changed_by_form_but_no_lines(house: Warehouse) -> None:
    house.tenant.spaces_in_path = True
    house.order("W-1")

    simple = house.http.post("/orders/Sales%20Order/W-1", data={"shipVia": "DHL Express"})
    lines = house.http.post("/orders/Sales%20Order/W-1", data={"orderLines": "none"})
    missing = house.http.post("/orders/Sales%20Order/W-9", data={"shipVia": "DHL Express"})

    assert [answer.status_code for answer in (simple, lines, missing)] == [200, 400, 404]
    assert house.read("W-1")["shipVia"] == "DHL Express"


def _set_status(house: Warehouse, status: str, *numbers: str, types: int | None = None) -> httpx.Response:
    kinds = ["Sales Order"] * (len(numbers) if types is None else types)
    form: dict[str, Any] = {"status": status, "type": kinds, "number": list(numbers)}
    return house.http.post("/orders/statusUpdates", data=form)


def test_orders_are_cancelled_and_held_until_they_are_released(house: Warehouse) -> None:
    house.order("W-1")
    house.order("W-2")

    held = _set_status(house, "Hold", "W-1")
    cancelled = _set_status(house, "Canceled", "W-1", "W-2")

    assert (held.status_code, cancelled.status_code) == (200, 200)
    assert [house.read(number)["status"] for number in ("W-1", "W-2")] == ["Canceled", "Canceled"]


def test_a_released_order_cannot_be_cancelled_and_keeps_the_others_from_it(house: Warehouse) -> None:
    house.order("W-1")
    house.skip(1)
    house.order("W-2")

    answer = _set_status(house, "Canceled", "W-2", "W-1")

    assert (answer.status_code, answer.text) == (400, "Order W-1 is Released and cannot become Canceled")
    assert house.read("W-2")["status"] == "New"


def test_a_status_update_needs_a_known_status_known_orders_and_lists_of_one_length(house: Warehouse) -> None:
    house.order("W-1")

    answers = [
        _set_status(house, "Gone", "W-1"),
        _set_status(house, "Hold", "W-9"),
        _set_status(house, "Hold", "W-1", types=2),
    ]

    assert [answer.status_code for answer in answers] == [400, 400, 400]


def test_an_order_on_hold_stays_where_it_is(house: Warehouse) -> None:
    house.create(house.document("W-1", status="Hold"))

    house.skip(10)

    assert house.read("W-1")["status"] == "Hold"


def test_the_wrong_password_unit_or_company_is_refused(house: Warehouse) -> None:
    answers = [
        house.http.get("/search/Order", auth=("holdpoint", "wrong")),
        house.http.get("/items/OTHER/ITEM-001"),
        house.http.get("https://sandbox.example.com/deposco/integration/NOBODY/search/Order"),
    ]

    assert [answer.status_code for answer in answers] == [401, 404, 404]


def test_too_many_calls_a_second_are_answered_429(house: Warehouse) -> None:
    house.tenant.rate_per_second = 2

    statuses = [house.http.get("/items/ITEM-001").status_code for _ in range(3)]
    house.world.clock.advance(1.1)

    assert statuses == [200, 200, 429]
    assert house.http.get("/items/ITEM-001").status_code == 200
