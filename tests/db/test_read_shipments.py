import json
from datetime import datetime, timedelta

import httpx
import pytest

from core.clock import db_now
from core.http import StatusError
from core.limits import take
from core.models import Breaker, Bucket
from integration.models import FeedCursor, Order, Parcel, Shipment, UnreadableRecord
from tests.db.floor import line, send, tell
from tests.db.house import House


def test_a_shipment_that_cannot_be_stored_is_kept_aside_and_costs_no_other(north: House) -> None:
    bad_placed, bad = north.in_warehouse(("SKU-001", 1))
    placed, order = north.in_warehouse(("SKU-002", 1))
    there = north.tenant.orders[bad.wms_number]
    send(north, bad, ("B" * 200, "T1", {line(there): 1}))
    north.ship(order)

    tell(north)

    assert placed.state == "SHIPPED"
    assert bad_placed.state == "SHIPPING"
    assert UnreadableRecord.objects.get().feed == "shipments"


def test_the_offset_of_the_tenants_clock_is_learned_and_windows_become_narrow(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)
    north.read()
    cursor = FeedCursor.objects.get(feed="shipments")
    windows: list[str] = []

    def watch(request: httpx.Request) -> None:
        windows.append(request.url.params.get("actualShipDate", ""))

    north.gate.before = watch
    north.skip(10)

    north.read()

    start, end = windows[0].split(",")
    assert cursor.memory["offset_minutes"] in (-300, -360)
    assert (north.tenant.time_zone, start < end) == ("America/Chicago", True)
    assert datetime.fromisoformat(end) - datetime.fromisoformat(start) < timedelta(minutes=30)
    assert placed.state == "SHIPPING"


def test_an_answer_of_as_many_rows_as_lists_are_cut_at_is_asked_again_in_halves(north: House) -> None:
    orders = [north.in_warehouse(("SKU-001", 1))[1]]
    for _ in range(29):
        north.place(("SKU-001", 1))
    north.poll()
    north.accept()
    north.skip(5)
    north.poll()
    north.prepare()
    north.create()
    orders = list(Order.objects.order_by("id"))
    for order in orders:
        north.ship(order)

    def cut(request: httpx.Request) -> httpx.Response | None:
        if "/search/shipment" not in request.url.path:
            return None
        body = north.gate.behind.handle_request(request)
        rows = json.loads(body.read()).get("shipment") or []
        rows = rows if isinstance(rows, list) else [rows]
        return httpx.Response(200, json={"shipment": rows[:25]})

    north.gate.before = cut

    result = north.read()

    assert result.read == 30
    assert Parcel.objects.count() == 30


def test_reading_what_left_has_a_call_kept_for_it(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)
    name = f"{north.warehouse.connection}:calls"
    Bucket.objects.filter(name=name).update(rate=0.001, tokens=1.5, updated_at=db_now())
    writes = take(name, priority=100)

    result = north.read()

    assert writes > 0
    assert result.read == 1
    assert north.order(placed).stage == "shipped"


def test_a_shipment_without_a_ship_date_is_found_by_asking_for_its_order(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.ship(order)
    (shipment,) = north.tenant.shipments_of(there)
    shipment.shipped_at = 0.0
    north.skip(31 * 60)

    north.read()
    north.plan()
    north.confirm()

    assert placed.state == "SHIPPED"


def test_a_tenant_that_knows_no_search_by_date_is_asked_order_by_order_and_goes_on_taking_orders(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)

    def refuse(request: httpx.Request) -> httpx.Response | None:
        words = "actualShipDate are not found or configured for entity [Shipment]"
        return httpx.Response(400, text=words) if "actualShipDate" in request.url.params else None

    north.gate.before = refuse
    for _ in range(12):
        north.skip(10)
        with pytest.raises(StatusError):
            north.read()
    north.plan()
    north.confirm()

    assert placed.state == "SHIPPED"
    assert not Breaker.objects.filter(state="open").exists()


def test_an_order_that_is_cancelled_in_the_warehouse_is_held_until_the_marketplace_cancels_it_too(
    north: House,
) -> None:
    placed, order = north.in_warehouse()
    north.tenant.orders[order.wms_number].status = "Canceled"
    north.read()
    too_early = north.holds()
    north.skip(2 * 60)

    north.read()

    assert too_early == []
    assert north.holds(north.order(placed)) == [("order.shorted", f"{order.order_id}:shorted")]


def test_what_is_not_ours_is_left_alone(north: House) -> None:
    _, order = north.in_warehouse()
    north.ship(order)
    Order.objects.filter(pk=order.pk).update(wms_number="SOMEBODY-ELSE")

    result = north.read()

    assert result.read == 1
    assert not Shipment.objects.exists()
