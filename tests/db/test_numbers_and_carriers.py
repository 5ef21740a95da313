from typing import Any

import httpx
import pytest

from integration.errors import InvalidInputError
from integration.models import Parcel, Shipment
from integration.services.enter_tracking import enter_tracking
from integration.services.map_carrier import map_carrier
from integration.services.retry_hold import retry_hold
from integration.services.settle_hold import settle_hold
from tests.db.floor import line, send, tell, tracked
from tests.db.house import House


def test_a_number_that_comes_late_is_followed_up_and_told(north: House) -> None:
    placed, order = north.in_warehouse()
    north.world.floor.late_seconds = 120
    north.ship(order, "late_tracking")
    north.read()
    north.plan()
    waiting = Parcel.objects.get().state

    north.skip(300)
    tell(north)

    assert waiting == "waiting"
    assert placed.state == "SHIPPED"
    assert north.holds() == []


def test_a_number_that_does_not_come_is_held_and_freed_when_it_comes_or_a_person_enters_it(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order, "no_tracking")
    north.read()
    north.plan()
    north.skip(16 * 60)
    north.plan()
    parcel = Parcel.objects.get()
    held = north.holds()

    enter_tracking(parcel=parcel, tracking_number=" T-BY-HAND ", wms_carrier="", by=None)
    north.plan()
    north.confirm()

    assert held == [("shipment.tracking_missing", f"{parcel.shipment.number}:{parcel.key}")]
    assert tracked(north, placed) == [("T-BY-HAND", 2)]
    assert north.holds() == []
    with pytest.raises(InvalidInputError):
        enter_tracking(parcel=parcel, tracking_number="T2", wms_carrier="", by=None)


def test_a_carrier_that_nobody_knows_is_held_and_mapping_it_frees_every_parcel(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.tenant.orders[order.wms_number]
    send(north, order, ("B1", "T1", {line(there): 2}), ship_vendor="ODD", ship_via="Odd Ground")
    tell(north)
    held = north.holds()

    with pytest.raises(InvalidInputError):
        map_carrier(channel=north.channel, wms_carrier="ODD", carrier_code="NOBODY", by=None)
    north.channel.refresh_from_db()
    released = map_carrier(channel=north.channel, wms_carrier="ODD", carrier_code="DPD", by=None)
    north.plan()
    north.confirm()

    assert held == [("shipment.carrier_unmapped", "ODD")]
    assert released.freed_orders == 1
    (told,) = north.shipments(placed)
    assert told["tracking"]["carrier_code"] == "DPD"


def test_the_service_tells_the_carrier_when_the_vendor_does_not(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.tenant.orders[order.wms_number]
    send(north, order, ("B1", "T1", {line(there): 2}), ship_vendor="FEDEX2", ship_via="FedEx Ground")

    tell(north)

    (told,) = north.shipments(placed)
    assert told["tracking"]["carrier_code"] == "FDX"


def test_a_free_carrier_is_told_by_name_with_its_address_filled(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.tenant.orders[order.wms_number]
    url = "https://odd.example.com/{trackingId}"
    map_carrier(channel=north.channel, wms_carrier="ODD", carrier_name="Odd Courier", tracking_url=url, by=None)
    shipment = send(north, order, ("B1", "T1", {line(there): 2}), ship_vendor="ODD", ship_via="")

    north.read()
    Parcel.objects.update(tracking_url="")
    north.plan()
    north.confirm()

    (told,) = north.shipments(placed)
    assert told["tracking"]["carrier_name"] == "Odd Courier"
    assert told["tracking"]["tracking_url"] == "https://odd.example.com/T1"
    assert Shipment.objects.get().number == shipment.number


def test_a_confirmation_that_mirakl_refuses_is_held_and_can_be_tried_again(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)
    north.gate.before = lambda request: (
        httpx.Response(
            201,
            json={"shipment_success": [], "shipment_errors": [{"order_id": placed.id, "message": "Not today."}]},
        )
        if request.method == "POST" and request.url.path.endswith("/api/shipments")
        else None
    )
    tell(north)
    hold = north.order(placed).holds.get(released_at=None)
    north.gate.before = lambda _request: None

    retry_hold(hold=hold, by=None)
    north.plan()
    for _ in range(3):
        north.skip(60)
        north.confirm()

    assert (hold.kind, "Not today." in hold.summary) == ("shipment.confirmation_failed", True)
    assert placed.state == "SHIPPED"
    assert north.holds() == []


def test_a_parcel_that_a_person_told_of_by_hand_is_not_told_again(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)
    north.operator.ship(placed, north.world.clock.seconds())
    tell(north)
    hold = north.order(placed).holds.get(released_at=None)

    settle_hold(hold=hold, note="shipped by hand", by=None)
    planned = north.plan()

    assert planned.planned == 0
    assert north.order(placed).stage == "confirmed"
    assert north.holds() == []


def test_a_shipment_made_by_hand_and_not_shipped_is_shipped(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.tenant.orders[order.wms_number]
    send(north, order, ("B1", "T1", {line(there): 2}))
    north.read()
    north.plan()
    http = httpx.Client(transport=north.gate, base_url="http://127.0.0.1:1/mirakl/north")
    lines = [{"order_line_id": placed.lines[0]["order_line_id"], "quantity": 2}]
    tracking = {"carrier_code": "DHL", "tracking_number": "T1"}
    body = {"shipments": [{"order_id": placed.id, "shipment_lines": lines, "tracking": tracking}]}
    answer = http.post("/api/shipments", json=body, headers={"Authorization": north.shop.api_key})
    assert answer.status_code == 201
    assert placed.state == "SHIPPING"

    for _ in range(3):
        north.confirm()
        north.skip(60)

    assert len(north.shipments(placed)) == 1
    assert placed.state == "SHIPPED"
    assert north.effects("mirakl.ship_shipment") == ["done"]


def test_items_that_the_order_does_not_have_are_held_and_the_rest_is_told(north: House) -> None:
    placed, order = north.in_warehouse(("SKU-001", 1), ("SKU-002", 1))
    there = north.tenant.orders[order.wms_number]
    north.ship(order)
    north.gate.before = _strange_item(north, line(there, 1))

    tell(north)

    number = Shipment.objects.get().number
    assert ("shipment.unmatched", f"{order.order_id}:{number}") in north.holds()
    assert [units for _, units in tracked(north, placed)] == [1]


def _strange_item(house: House, number: str) -> Any:
    def before(request: httpx.Request) -> httpx.Response | None:
        if "/search/shipment" not in request.url.path:
            return None
        answer = house.gate.behind.handle_request(request)
        text = answer.read().decode().replace(f'"lineNumber":"{number}"', '"lineNumber":"X-9"')
        text = text.replace(f'"customerLineNumber":"{number}"', '"customerLineNumber":"9"')
        return httpx.Response(200, text=text.replace('"ITEM-002"', '"ITEM-OTHER"'))

    return before
