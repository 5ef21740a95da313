from collections.abc import Callable
from typing import Any

import httpx
import pytest

from core.models import Breaker, Effect
from integration.models import Channel, Warehouse
from integration.services.pause_connection import pause_connection
from integration.services.retry_hold import retry_hold
from integration.services.set_lanes import set_lanes
from tests.db.house import House

CREATE = "deposco.create_order"


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
        house.skip(30)
        house.create()


@pytest.mark.parametrize(
    "fault",
    [
        "reset_before",
        "reset_after",
        "timeout_after",
        "error_500_before",
        "error_500_after",
        "truncate",
        "wrong_body",
        "blank",
    ],
)
def test_whatever_becomes_of_the_call_each_order_is_created_once(north: House, fault: str) -> None:
    prepared(north, 3)
    north.world.faults.arm("deposco", "orders.create", fault)

    north.create()
    drain(north)

    assert len(north.tenant.orders) == 3
    assert north.effects(CREATE) == ["done"] * 3
    assert north.holds() == []


def test_a_page_in_the_place_of_an_answer_is_one_failed_call_however_many_orders_it_was_for(north: House) -> None:
    prepared(north, 12)
    page = "<html><body>Back soon</body></html>"
    north.gate.before = lambda request: httpx.Response(200, text=page) if request.method == "POST" else None

    north.create()

    breaker = Breaker.objects.get(name=f"conn:{north.warehouse.connection}")
    # None where one of them was due again at once, and its look was answered.
    assert (breaker.state, breaker.failures <= 1) == ("closed", True)


def test_an_order_counts_only_when_it_was_read_back(north: House) -> None:
    prepared(north)
    north.world.faults.arm("deposco", "orders.search", "error_500_before", count=1)

    north.create()
    before = north.effects(CREATE)
    north.skip(5)
    north.create()

    assert before == ["unknown"]
    assert north.effects(CREATE) == ["done"]
    assert north.calls("deposco", "orders.create") == 1


def spoil(house: House, change: Callable[[dict[str, Any]], None]) -> None:
    """Let the warehouse keep another order than it was sent."""
    real = type(house.tenant).keep if hasattr(house.tenant, "keep") else None
    assert real is not None
    seen: set[str] = set()

    def keep(order: Any) -> Any:
        if order.number not in seen:
            seen.add(order.number)
            change(order.document)
        return real(house.tenant, order)

    house.tenant.keep = keep  # type: ignore[method-assign]


def test_an_order_that_lands_otherwise_than_it_was_sent_is_held(north: House) -> None:
    prepared(north)
    spoil(north, lambda document: document["orderLines"]["orderLine"][0].update(orderPackQuantity="7"))

    north.create()

    (hold,) = north.holds()
    assert hold[0] == "order.wms_rejected"
    assert north.effects(CREATE) == ["parked"]


def test_a_refusal_holds_its_own_order_in_the_warehouses_words_and_creates_the_others(north: House) -> None:
    north.map("SKU-001")
    north.map("SKU-002", ("ITEM-UNKNOWN", 1))
    for sku in ("SKU-001", "SKU-002", "SKU-001"):
        north.place((sku, 1))
    north.poll()
    north.accept()
    north.skip(5)
    north.poll()
    north.prepare()

    north.create()

    hold = Channel.objects.get().orders.get(is_held=True).holds.get(released_at=None)
    assert hold.kind == "order.wms_rejected"
    assert "ITEM-UNKNOWN" in hold.summary
    assert len(north.tenant.orders) == 2


def test_a_refused_order_is_prepared_anew_on_the_maps_as_they_are_when_it_is_tried_again(north: House) -> None:
    north.map("SKU-002", ("ITEM-UNKNOWN", 1))
    _, order = north.ready(("SKU-002", 1))
    north.prepare()
    north.create()
    north.map("SKU-002", ("ITEM-002", 1))

    retry_hold(hold=order.holds.get(released_at=None), by=None)
    north.prepare()
    drain(north, 3)

    (there,) = north.tenant.orders.values()
    assert there.lines[0]["itemNumber"] == "ITEM-002"
    assert north.holds() == []


def test_a_number_that_is_there_already_with_the_same_order_is_our_order(north: House) -> None:
    prepared(north)
    payload = Effect.objects.get(kind=CREATE).payload
    http = httpx.Client(transport=north.gate, base_url="http://127.0.0.1:1/deposco/integration/DEMO")
    answer = http.post("/orders", json={"order": [payload]}, auth=(north.tenant.username, north.tenant.password))
    assert answer.status_code == 207

    north.create()
    drain(north, 2)

    assert len(north.tenant.orders) == 1
    assert north.effects(CREATE) == ["done"]


def test_a_number_that_is_there_already_with_another_order_is_held(north: House) -> None:
    prepared(north)
    payload = Effect.objects.get(kind=CREATE).payload
    payload["orderLines"]["orderLine"][0]["orderPackQuantity"] = "9"
    http = httpx.Client(transport=north.gate, base_url="http://127.0.0.1:1/deposco/integration/DEMO")
    http.post("/orders", json={"order": [payload]}, auth=(north.tenant.username, north.tenant.password))

    north.create()
    drain(north, 2)

    assert [kind for kind, _ in north.holds()] == ["order.wms_rejected"]
    assert len(north.tenant.orders) == 1


def test_an_order_that_was_cancelled_in_the_warehouse_does_not_count(north: House) -> None:
    prepared(north)
    north.world.faults.arm("deposco", "orders.create", "reset_after")
    north.create()
    (there,) = north.tenant.orders.values()
    there.status = "Canceled"

    drain(north, 2)

    assert [kind for kind, _ in north.holds()] == ["order.wms_rejected"]


def test_a_search_that_ignores_the_number_and_a_refused_address_tell_nothing_and_nothing_is_sent_twice(
    north: House,
) -> None:
    prepared(north, 2)
    first, second = Effect.objects.filter(kind=CREATE).order_by("id")
    Effect.objects.filter(pk=second.pk).update(next_attempt_at="2100-01-01T00:00:00Z")
    north.create()
    Effect.objects.filter(pk=second.pk).update(next_attempt_at=first.created_at)

    def ignore_the_number(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/search/Order"):
            return httpx.Response(200, json={"order": {"number": first.business_key, "type": "Sales Order"}})
        return None

    north.gate.before = ignore_the_number
    north.create()
    drain(north, 3)
    creates = north.calls("deposco", "orders.create")
    north.gate.before = lambda _request: None
    drain(north, 6)

    assert creates == 2
    assert north.effects(CREATE) == ["done", "done"]


def test_throttling_of_a_look_keeps_everybody_from_calling(north: House) -> None:
    prepared(north, 2)
    north.gate.before = lambda request: (
        httpx.Response(429, headers={"retry-after": "20"}) if request.url.path.endswith("/search/Order") else None
    )

    north.create()
    calls = len(north.world.ledger)
    north.gate.before = lambda _request: None
    north.skip(5)
    skipped = north.read()

    assert skipped.skipped == "no call is free yet"
    assert len(north.world.ledger) == calls


@pytest.mark.parametrize("stop", ["lane", "warehouse"])
def test_switching_off_stops_what_was_prepared_and_switching_on_sends_it(north: House, stop: str) -> None:
    prepared(north)
    if stop == "lane":
        set_lanes(channel=north.channel, lanes=["acceptance"], by=None)
    else:
        pause_connection(connection=north.warehouse, paused=True, by=None)

    north.create()
    before = len(north.tenant.orders)
    set_lanes(channel=north.channel, lanes=["import"], by=None)
    pause_connection(connection=Warehouse.objects.get(), paused=False, by=None)
    drain(north, 2)

    assert (before, len(north.tenant.orders)) == (0, 1)
