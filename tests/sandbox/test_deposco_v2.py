from typing import Any

import httpx
import pytest

from sandbox.demo import PASSWORD, TENANT, UNIT, USER
from sandbox.inprocess import SandboxTransport
from sandbox.world import World

Json = dict[str, Any]
FORM = {"grant_type": "client_credentials", "client_id": USER, "client_secret": PASSWORD}
ORDERS, SHIPMENTS = "/latest/orders/salesOrders", "/latest/shipments/outboundShipments"


class House:
    """A tenant spoken to over V2, as bare as it is."""

    def __init__(self, world: World) -> None:
        self.world, self.tenant = world, world.tenants[TENANT]
        self.http = httpx.Client(transport=SandboxTransport(world), base_url="https://sandbox.example.com/deposco")
        self.sign_in()

    def sign_in(self, **form: str) -> httpx.Response:
        """Get a token and use it from now on."""
        answer = self.http.post("/oauth2/token", data={**FORM, **form})
        if answer.status_code == 200:
            self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        return answer

    def save(self, number: str, *items: str, **more: Any) -> httpx.Response:
        """POST an order."""
        return self.http.post(ORDERS, json=body(number, *(items or ("ITEM-001",))) | more)

    def ship(self, number: str, script: str = "one_parcel") -> None:
        """Let the floor ship it."""
        order = self.tenant.orders[number]
        order.script = script
        self.world.floor.ship(self.tenant, order, self.world.clock.seconds())

    def read(self, path: str, **params: Any) -> Json:
        """GET a document."""
        answer: Json = self.http.get(path, params=params).json()
        return answer


def body(number: str, *items: str, quantity: float = 2) -> Json:
    lines = [
        {
            "lineNumber": f"{number}-{at}",
            "customerLineNumber": f"{number}-{at}",
            "item": {"businessKey": {"number": item, "businessUnit.code": UNIT}},
            "pack": {"businessKey": {"item.number": item, "quantity": 1, "item.businessUnit.code": UNIT}},
            "orderPackQuantity": quantity,
        }
        for at, item in enumerate(items, start=1)
    ]
    return {
        "businessUnit": {"businessKey": {"code": UNIT}},
        "number": number,
        "orderStatus": "New",
        "customerOrderNumber": f"{number}-A",
        "shipToContact": {"firstName": "Robin", "lastName": "Sample"},
        "shipToAddress": {"line1": "1 Sample Street", "city": "Sampletown", "country": "FR"},
        "orderLines": {"data": lines},
    }


@pytest.fixture
def v2(world: World) -> House:
    world.floor.paused = True
    return House(world)


def errors(answer: httpx.Response) -> list[str]:
    return [row["errorMessage"] for row in answer.json()["errors"]]


def test_nothing_is_answered_without_a_token_or_with_one_that_is_over(v2: House) -> None:
    good = v2.http.get(ORDERS).status_code
    v2.world.clock.advance(3601)
    over = v2.http.get(ORDERS)
    del v2.http.headers["Authorization"]

    assert (good, over.status_code, v2.http.get(ORDERS).status_code) == (200, 401, 401)
    assert errors(over) != []


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({}, 200),
        ({"company": TENANT}, 200),
        ({"client_secret": "wrong"}, 401),
        ({"company": "OTHER"}, 400),
        ({"businessUnitId": "1"}, 400),
        ({"grant_type": "password"}, 400),
        ({"grant_type": "refresh_token", "refresh_token": "none was given"}, 400),
    ],
)
def test_a_token_is_given_for_what_is_documented(v2: House, form: dict[str, str], status: int) -> None:
    assert v2.sign_in(**form).status_code == status


def test_a_refresh_token_and_a_client_of_its_own_are_taken_where_the_tenant_has_them(v2: House) -> None:
    v2.tenant.client_id, v2.tenant.client_secret, v2.tenant.refresh_token = "app", "hush", "keep"

    refused = v2.sign_in().status_code
    form = {"client_id": "app", "client_secret": "hush", "grant_type": "refresh_token", "refresh_token": "keep"}

    assert (refused, v2.sign_in(**form).status_code) == (401, 200)


def test_a_token_is_good_for_its_scopes_only(v2: House) -> None:
    v2.sign_in(scope="items/read")

    assert (v2.http.get("/latest/items").status_code, v2.http.get(ORDERS).status_code) == (200, 403)


def test_an_order_is_made_once_and_changed_by_its_number(v2: House) -> None:
    first = v2.save("A-1")
    again = v2.http.post(ORDERS, json={**body("A-1", "ITEM-001", quantity=3), "orderStatus": None})

    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json()["self"]["id"] == again.json()["self"]["id"]
    assert again.json()["orderLines"]["data"][0]["orderPackQuantity"] == 3
    assert len(v2.tenant.orders) == 1


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        ({"shipToContact": {"firstName": "R", "lastName": "S" * 31}}, 400, "lastName size must be between 0 and 30"),
        ({"shipToAddress": None}, 400, "shipToAddress must not be null"),
        ({"businessUnit": {"businessKey": {"code": "NO"}}}, 404, "[NO]"),
        ({"orderLines": {"data": []}}, 400, "orderLines"),
        ({"orderLines": body("A-1", "NO-ITEM")["orderLines"]}, 404, "Item with business key number = [NO-ITEM]"),
        ({"orderLines": body("A-1", "ITEM-001", quantity=-1)["orderLines"]}, 400, "greater than 0"),
    ],
)
def test_an_order_that_cannot_be_is_refused_in_the_envelope_of_errors(
    v2: House, change: Json, status: int, words: str
) -> None:
    answer = v2.save("A-1", **change)

    assert answer.status_code == status
    assert words in " ".join(errors(answer))
    assert v2.tenant.orders == {}


def test_an_order_that_is_picked_or_would_become_smaller_or_change_its_status_is_not_changed(v2: House) -> None:
    v2.save("A-1")
    smaller = v2.http.post(ORDERS, json={**body("A-1", "ITEM-001", quantity=1), "orderStatus": None})
    held = v2.save("A-1", orderStatus="Hold")
    v2.tenant.orders["A-1"].status = "Picking"
    late = v2.save("A-1", orderStatus=None)

    assert [answer.status_code for answer in (smaller, held, late)] == [400, 400, 400]
    assert "Order status updates are not accepted" in errors(held)[0]
    assert "cannot be updated while in the status of [Picking]" in errors(late)[0]


def test_lists_go_down_by_id_a_page_at_a_time_to_their_end(v2: House) -> None:
    for at in range(30):
        v2.save(f"A-{at}")

    first = v2.read(ORDERS)
    key = first["links"][0]["href"].partition("searchId=")[2]
    second = v2.read(ORDERS, searchId=key, number="overridden")

    ids = [row["self"]["id"] for page in (first, second) for row in page["data"]]
    assert (len(first["data"]), first["complete"], second["complete"]) == (25, False, True)
    assert ids == sorted(ids, reverse=True)
    assert len(set(ids)) == 30


def test_a_parameter_that_is_not_known_is_ignored_without_a_word(v2: House) -> None:
    v2.save("A-1")
    v2.save("A-2")

    by_number, by_nonsense = v2.read(ORDERS, number="A-1"), v2.read(ORDERS, salesOrderNumber="A-1")

    assert [row["number"] for row in by_number["data"]] == ["A-1"]
    assert len(by_nonsense["data"]) == 2


def test_lists_inside_are_cut_at_ten_and_have_no_link_to_the_rest(v2: House) -> None:
    v2.save("A-1", *(f"ITEM-{at:03d}" for at in range(1, 31)))
    (order,) = v2.read(ORDERS, number="A-1")["data"]

    lines = v2.read(f"{ORDERS}/{order['self']['id']}/orderLines")

    assert (len(order["orderLines"]["data"]), order["orderLines"]["complete"], order["orderLines"]["links"]) == (
        10,
        False,
        [],
    )
    assert (len(lines["data"]), lines["complete"]) == (25, False)


@pytest.mark.parametrize(
    ("script", "boxes", "units"), [("one_parcel", 1, [2]), ("two_parcels", 2, [1, 1]), ("empty_label", 2, [2, 0])]
)
def test_a_shipment_tells_its_boxes_and_orders_by_their_ids(
    v2: House, script: str, boxes: int, units: list[int]
) -> None:
    v2.save("A-1")
    v2.ship("A-1", script)

    (shipment,) = v2.read(SHIPMENTS, orderNumber="A-1")["data"]

    held = shipment["shippedContainers"]["data"]
    assert len(held) == boxes
    assert [box["shippedContainerLines"][0]["shippedPackQuantity"] for box in held] == units
    assert shipment["orderHeaders"]["data"] == [{"id": v2.tenant.orders["A-1"].id}]
    assert shipment["trackingUrl"].endswith("=")
    assert shipment["trackingNumber"] == held[0]["trackingNumber"]


def test_a_number_that_comes_late_and_a_taking_back_are_changes(v2: House) -> None:
    v2.save("A-1")
    v2.ship("A-1", "late_tracking")
    v2.world.clock.advance(5)
    since = v2.world.clock.now().isoformat()
    before = v2.read(SHIPMENTS, updatedAfter=since)["data"]
    v2.world.clock.advance(20)
    (tracked,) = v2.read(SHIPMENTS, updatedAfter=since)["data"]
    v2.world.clock.advance(20)
    since = v2.world.clock.now().isoformat()
    v2.world.floor.roll_back(v2.tenant, v2.tenant.orders["A-1"])

    (back,) = v2.read(SHIPMENTS, updatedAfter=since)["data"]

    assert before == []
    assert tracked["trackingNumber"].startswith("TRK")
    assert back["status"] == "Rolled Back"


def test_both_generations_tell_of_the_same_orders(v2: House) -> None:
    v2.save("A-1")
    v1 = httpx.Client(
        transport=SandboxTransport(v2.world),
        base_url=f"https://sandbox.example.com/deposco/integration/{TENANT}",
        auth=(USER, PASSWORD),
    )
    sent = {**v1.get("/search/Order", params={"number": "A-1"}).json()["order"], "number": "A-2"}
    lines = {"orderLine": {**sent["orderLines"]["orderLine"], "lineNumber": "A-2-1", "pack": {"type": "Each"}}}
    v1.post("/orders", json={"order": [{**sent, "orderLines": lines, "id": None}]})

    (back,) = v2.read(ORDERS, number="A-2")["data"]

    assert sent["orderLines"]["orderLine"]["itemNumber"] == "ITEM-001"
    assert back["orderLines"]["data"][0]["item"]["businessKey"]["number"] == "ITEM-001"
    assert back["shipToContact"] == {"firstName": "Robin", "lastName": "Sample"}


def test_the_rate_of_the_account_counts_both_generations_and_may_name_no_wait(v2: House) -> None:
    v2.tenant.rate_per_second = 3

    answers = [v2.http.get("/latest/facilities") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert (answers[-1].content, "retry-after" in answers[-1].headers) == (b"", False)


@pytest.mark.parametrize(("kind", "saved"), [("error_500_before", 0), ("error_500_after", 1)])
def test_faults_strike_v2_by_the_names_of_its_calls(v2: House, kind: str, saved: int) -> None:
    v2.world.faults.arm("deposco", "v2.orders.save", kind)

    assert v2.save("A-1").status_code == 500
    assert len(v2.tenant.orders) == saved


def test_beta_is_not_there(v2: House) -> None:
    assert v2.http.get("/beta/orders/salesOrders").status_code == 404
