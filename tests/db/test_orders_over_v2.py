import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from core.models import CallLog, Effect
from integration.models import Channel, Warehouse
from integration.services.connect_deposco import connect_deposco
from integration.services.retry_hold import retry_hold
from sandbox.demo import PASSWORD, TENANT, UNIT, USER
from sandbox.deposco.v2.documents import rows_of
from tests.db.house import House

POSTED = ("POST", "/deposco/latest/orders/salesOrders")
CREATE, SAVE, FIND = "deposco.create_order", "v2.orders.save", "v2.orders.find"


def prepared(house: House, count: int = 1) -> None:
    house.map("SKU-001")
    for _ in range(count):
        house.place(("SKU-001", 1))
    house.poll()
    house.accept()
    house.skip(5)
    house.poll()
    assert house.prepare().prepared == count


def drain(house: House, rounds: int = 6) -> None:
    for _ in range(rounds):
        house.skip(60)
        house.create()


def effective(house: House) -> int:
    """Saves that changed something in the warehouse."""
    return sum(1 for entry in house.world.ledger if entry.operation == SAVE and entry.effective)


@pytest.mark.parametrize("shop", ["north_v2", "harbour_v2", "north_mixed"])
def test_an_order_goes_from_the_shop_to_the_warehouse_and_back_once(shop: str, request: pytest.FixtureRequest) -> None:
    house: House = request.getfixturevalue(shop)
    placed, order = house.in_warehouse(("SKU-001", 2), ("SKU-002", 1))

    house.ship(order, "two_parcels")
    house.read()
    house.plan()
    house.confirm()
    house.poll()

    order = house.order(placed)
    assert (order.stage, placed.state) == ("confirmed", "SHIPPED")
    assert (house.calls("deposco", SAVE), effective(house)) == (1, 1)
    assert house.calls("deposco", "orders.create") == house.calls("deposco", "shipments.search") == 0
    assert {parcel.state for parcel in order.parcels.all()} == {"confirmed"}
    assert house.holds() == []


@pytest.mark.parametrize(
    "fault",
    [
        "reset_before",
        "reset_after",
        "timeout_before",
        "timeout_after",
        "error_500_before",
        "error_500_after",
        "truncate",
        "wrong_body",
        "blank",
        "late_commit",
        "throttle",
    ],
)
def test_whatever_becomes_of_the_call_each_order_is_created_once(north_v2: House, fault: str) -> None:
    prepared(north_v2, 3)
    north_v2.world.faults.arm("deposco", SAVE, fault, seconds=20 if fault == "late_commit" else 0)

    north_v2.create()
    drain(north_v2)

    assert len(north_v2.tenant.orders) == 3
    assert north_v2.effects(CREATE) == ["done"] * 3
    assert effective(north_v2) == 3
    assert north_v2.holds() == []


@pytest.mark.parametrize("fault", ["reset_before", "error_500_before", "blank", "wrong_body", "truncate", "throttle"])
def test_an_order_whose_number_could_not_be_looked_for_is_not_sent_before_it_could(north_v2: House, fault: str) -> None:
    prepared(north_v2)
    north_v2.world.faults.arm("deposco", FIND, fault)

    north_v2.create()
    before = (north_v2.calls("deposco", SAVE), north_v2.effects(CREATE))
    drain(north_v2)

    assert (before, effective(north_v2)) == ((0, ["ready"]), 1)
    assert north_v2.effects(CREATE) == ["done"]


def test_an_order_is_looked_for_before_it_is_sent_and_read_back_before_it_counts(north_v2: House) -> None:
    prepared(north_v2)
    start = len(north_v2.world.ledger)

    north_v2.create()

    told = [entry.operation for entry in north_v2.world.ledger[start:] if entry.operation != "v2.token"]
    assert told == [FIND, SAVE, FIND]
    assert north_v2.effects(CREATE) == ["done"]


def other_order(house: House, change: Callable[[dict[str, Any]], None]) -> httpx.Response:
    """Somebody sends an order of the same number first."""
    payload = Effect.objects.get(kind=CREATE).payload
    change(payload)
    client = httpx.Client(transport=house.gate, base_url="http://127.0.0.1:1/deposco")
    form = {"grant_type": "client_credentials", "client_id": USER, "client_secret": PASSWORD}
    token = client.post("/oauth2/token", data=form).json()["access_token"]
    head = {"Authorization": f"Bearer {token}"}
    return client.post("/latest/orders/salesOrders", json=payload, headers=head)


def test_an_order_that_is_there_already_and_equal_is_ours_and_is_not_sent(north_v2: House) -> None:
    prepared(north_v2)
    assert other_order(north_v2, lambda _payload: None).status_code == 201

    north_v2.create()
    drain(north_v2, 2)

    assert north_v2.calls("deposco", SAVE) == 1
    assert north_v2.effects(CREATE) == ["done"]


def test_an_order_of_the_same_number_that_is_another_is_held_and_not_overwritten(north_v2: House) -> None:
    prepared(north_v2)
    other_order(north_v2, lambda payload: payload["orderLines"]["data"][0].update(orderPackQuantity=9))

    north_v2.create()
    drain(north_v2, 2)

    assert [kind for kind, _ in north_v2.holds()] == ["order.wms_rejected"]
    assert effective(north_v2) == 1
    (there,) = north_v2.tenant.orders.values()
    assert there.lines[0]["orderPackQuantity"] == "9"


def test_a_refusal_holds_its_own_order_in_the_warehouses_words_and_the_others_go_on(north_v2: House) -> None:
    north_v2.map("SKU-001")
    north_v2.map("SKU-002", ("ITEM-UNKNOWN", 1))
    for sku in ("SKU-001", "SKU-002", "SKU-001"):
        north_v2.place((sku, 1))
    north_v2.poll()
    north_v2.accept()
    north_v2.skip(5)
    north_v2.poll()
    north_v2.prepare()

    north_v2.create()

    hold = north_v2.channel.orders.get(is_held=True).holds.get(released_at=None)
    assert (hold.kind, "ITEM-UNKNOWN" in hold.summary) == ("order.wms_rejected", True)
    assert len(north_v2.tenant.orders) == 2


def test_a_concurrent_change_is_looked_at_and_then_sent_again(north_v2: House) -> None:
    prepared(north_v2)
    words = {"errors": [{"errorMessage": "The resource was updated by a concurrent request."}]}
    north_v2.gate.before = lambda request: (
        httpx.Response(409, json=words) if (request.method, request.url.path) == POSTED else None
    )

    north_v2.create()
    between = north_v2.effects(CREATE)
    north_v2.gate.before = lambda _request: None
    drain(north_v2)

    assert between == ["unknown"]
    assert (north_v2.effects(CREATE), effective(north_v2)) == (["done"], 1)


def test_an_order_of_many_lines_is_read_back_from_its_own_list_since_the_one_inside_is_cut(north_v2: House) -> None:
    skus = [f"SKU-{number:03d}" for number in range(1, 31)]

    placed, order = north_v2.in_warehouse(*[(sku, 1) for sku in skus])

    assert len(north_v2.tenant.orders[order.wms_number].lines) == 30
    assert north_v2.calls("deposco", "v2.orders.lines") == 2
    assert north_v2.order(placed).stage == "in_wms"


def test_a_list_that_ignores_the_number_tells_nothing_and_nothing_is_sent(north_v2: House) -> None:
    _, other = north_v2.in_warehouse(("SKU-002", 1))
    prepared(north_v2)

    def ignore(request: httpx.Request) -> httpx.Response | None:
        if request.method == "GET" and request.url.path.endswith("/orders/salesOrders"):
            row = {"number": other.wms_number, "type": "Sales Order", "orderLines": {"data": []}}
            return httpx.Response(200, json={"data": [row], "links": [], "complete": True})
        return None

    north_v2.gate.before = ignore
    north_v2.create()
    drain(north_v2, 3)

    assert effective(north_v2) == 1


def test_a_token_that_ran_out_is_renewed_and_the_call_made_once(north_v2: House) -> None:
    prepared(north_v2)
    before = north_v2.calls("deposco", "v2.token")
    north_v2.tenant.tokens.clear()

    north_v2.create()

    assert north_v2.calls("deposco", "v2.token") == before + 1
    assert (north_v2.effects(CREATE), effective(north_v2)) == (["done"], 1)


@pytest.mark.parametrize("fault", ["reset_before", "error_500_before", "wrong_body", "blank"])
def test_without_a_token_nothing_is_sent_and_nothing_is_unclear(north_v2: House, fault: str) -> None:
    prepared(north_v2)
    north_v2.tenant.tokens.clear()
    north_v2.world.faults.arm("deposco", "v2.token", fault)

    north_v2.create()
    between = north_v2.effects(CREATE)
    drain(north_v2, 3)

    assert between == ["ready"]
    assert (north_v2.effects(CREATE), effective(north_v2)) == (["done"], 1)


def test_a_client_that_is_refused_stops_the_connection_and_holds_no_order(north_v2: House) -> None:
    prepared(north_v2, 2)
    north_v2.tenant.tokens.clear()
    north_v2.tenant.client_secret = "another"
    before = north_v2.calls("deposco", "v2.token")

    north_v2.create()
    calls = north_v2.calls("deposco", "v2.token")
    north_v2.create()

    assert north_v2.holds() == []
    assert north_v2.effects(CREATE) == ["ready", "ready"]
    assert north_v2.calls("deposco", "v2.token") == calls == before + 1
    assert north_v2.tenant.orders == {}


def test_neither_tokens_nor_secrets_are_kept_of_any_call(north_v2: House) -> None:
    north_v2.tenant.tokens.clear()
    north_v2.in_warehouse()

    rows = list(CallLog.objects.filter(connection=north_v2.warehouse.connection).values())

    kept = json.dumps(rows, default=str)
    assert any(row["operation"] == "v2.token" for row in rows)
    assert "sandbox-token" not in kept
    assert PASSWORD not in kept
    assert "Bearer" not in kept


def test_an_order_that_was_written_for_v1_is_held_when_v2_is_spoken_and_written_anew_when_it_is_tried_again(
    north: House,
) -> None:
    prepared(north)
    connect_deposco(
        code="HOUSE",
        name="House",
        url=north.warehouse.url,
        tenant_code=TENANT,
        business_unit=UNIT,
        username=USER,
        password="",
        api="v2",
        by=None,
    )

    north.create()
    (hold,) = north.channel.orders.get().holds.filter(released_at=None)
    sent = north.calls("deposco", SAVE) + north.calls("deposco", "orders.create")
    retry_hold(hold=hold, by=None)
    north.channel = Channel.objects.get()
    north.prepare()
    drain(north, 3)

    assert (hold.kind, sent) == ("order.wms_rejected", 0)
    assert (north.effects(CREATE), effective(north)) == (["done"], 1)


def test_the_document_is_what_v2_documents(north_v2: House) -> None:
    north_v2.map("SKU-001")
    north_v2.ready(("SKU-001", 2))

    north_v2.prepare()

    body = Effect.objects.get(kind=CREATE).payload
    (line,) = rows_of(body["orderLines"])
    assert body["businessUnit"] == {"businessKey": {"code": UNIT}}
    assert body["shipToAddress"]["country"] == "FR"
    assert (line["orderPackQuantity"], line["unitPrice"]) == (2, 9.9)
    assert line["item"] == {"businessKey": {"number": "ITEM-001", "businessUnit.code": UNIT}}
    pack = {"item.number": "ITEM-001", "quantity": 1, "item.businessUnit.code": UNIT}
    assert line["pack"] == {"businessKey": pack}
    assert line["customerLineNumber"] == line["lineNumber"] == f"{body['number']}-1"
    assert Warehouse.objects.get().api == "v2"
