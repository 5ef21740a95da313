import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from integration.models import FeedCursor, Order, Parcel, Shipment
from integration.services.check_warehouse import check_warehouse
from integration.services.suggest_items import suggest_items
from tests.db.floor import line, send, tell, tracked
from tests.db.house import House


def test_two_boxes_are_told_as_two_parcels_each_under_its_number_with_its_address(north_v2: House) -> None:
    placed, order = north_v2.in_warehouse(("SKU-001", 3))
    there = north_v2.tenant.orders[order.wms_number]
    send(north_v2, order, ("BOX-1", "T1", {line(there): 2}), ("BOX-2", "T2", {line(there): 1}))

    tell(north_v2)

    assert tracked(north_v2, placed) == [("T1", 2), ("T2", 1)]
    addresses = set(Parcel.objects.values_list("tracking_url", flat=True))
    assert addresses == {f"https://carrier.example.com/track?n={number}" for number in ("T1", "T2")}
    assert placed.state == "SHIPPED"


def test_boxes_of_one_item_on_two_lines_fill_the_lines_in_their_order(north_v2: House) -> None:
    north_v2.map("SKU-001")
    north_v2.map("SKU-002", ("ITEM-001", 1))
    north_v2.world.floor.paused = True
    placed, _ = north_v2.ready(("SKU-001", 2), ("SKU-002", 1))
    north_v2.prepare()
    north_v2.create()
    order = north_v2.order(placed)
    there = north_v2.tenant.orders[order.wms_number]
    send(north_v2, order, ("BOX-1", "T1", {line(there, 0): 1}), ("BOX-2", "T2", {line(there, 0): 1, line(there, 1): 1}))

    tell(north_v2)

    assert tracked(north_v2, placed) == [("T1", 1), ("T2", 2)]
    assert placed.state == "SHIPPED"
    assert north_v2.holds() == []


def test_what_leaves_in_part_is_told_in_part_and_the_rest_when_it_leaves(north_v2: House) -> None:
    placed, order = north_v2.in_warehouse(("SKU-001", 3))
    there = north_v2.tenant.orders[order.wms_number]
    send(north_v2, order, ("BOX-1", "T1", {line(there): 2}))
    tell(north_v2)
    partly = (tracked(north_v2, placed), north_v2.order(placed).stage)
    send(north_v2, order, ("BOX-2", "T2", {line(there): 1}))

    tell(north_v2)

    assert partly == ([("T1", 2)], "in_wms")
    assert tracked(north_v2, placed) == [("T1", 2), ("T2", 1)]


def test_units_that_never_come_are_held_as_soon_as_the_order_is_finished_without_them(north_v2: House) -> None:
    placed, order = north_v2.in_warehouse(("SKU-001", 3))

    north_v2.ship(order, "short")
    tell(north_v2)

    assert north_v2.order(placed).stage == "in_wms"
    assert ("order.shorted", f"{order.order_id}:shorted") in north_v2.holds()


def test_a_printed_label_without_goods_is_no_parcel(north_v2: House) -> None:
    placed, order = north_v2.in_warehouse(("SKU-001", 1))

    north_v2.ship(order, "empty_label")
    tell(north_v2)

    assert Parcel.objects.count() == len(tracked(north_v2, placed)) == 1


def test_serialised_goods_are_counted_as_goods(north_v2: House) -> None:
    north_v2.tenant.serial_items.add("ITEM-001")
    placed, order = north_v2.in_warehouse(("SKU-001", 3))

    north_v2.ship(order)
    tell(north_v2)

    assert [units for _, units in tracked(north_v2, placed)] == [3]


def test_several_orders_in_one_shipment_are_each_told_of_their_own_goods(north_v2: House) -> None:
    first_placed, first = north_v2.in_warehouse(("SKU-001", 1))
    second_placed, second = north_v2.in_warehouse(("SKU-001", 2))
    one, two = north_v2.tenant.orders[first.wms_number], north_v2.tenant.orders[second.wms_number]

    send(north_v2, first, ("BOX-1", "T1", {line(one): 1, line(two): 2}), others=[two])
    tell(north_v2)

    assert tracked(north_v2, first_placed) == [("T1", 1)]
    assert tracked(north_v2, second_placed) == [("T1", 2)]


def test_a_number_that_comes_late_is_found_because_the_shipment_changed(north_v2: House) -> None:
    placed, order = north_v2.in_warehouse(("SKU-001", 1))
    north_v2.ship(order, "late_tracking")
    north_v2.read()
    waiting = Parcel.objects.get().tracking_number
    north_v2.skip(60)

    tell(north_v2)

    assert waiting == ""
    assert len(tracked(north_v2, placed)) == 1
    assert Parcel.objects.get().tracking_number.startswith("TRK")


@pytest.mark.parametrize("is_told", [False, True])
def test_a_shipment_that_is_taken_back_is_noticed_at_the_next_reading(north_v2: House, is_told: bool) -> None:
    placed, order = north_v2.in_warehouse()
    there = north_v2.ship(order)
    north_v2.read()
    north_v2.plan()
    if is_told:
        north_v2.confirm()
    north_v2.world.floor.roll_back(north_v2.tenant, there)
    north_v2.skip(30)

    north_v2.read()

    assert Shipment.objects.get().rolled_back_at is not None
    if is_told:
        assert [kind for kind, _ in north_v2.holds()] == ["shipment.rolled_back"]
    else:
        assert (Parcel.objects.get().state, tracked(north_v2, placed)) == ("withdrawn", [])


def many(house: House, count: int) -> list[Order]:
    """Orders that have left, and a tenant whose pages are short."""
    house.warehouse.profile["v2"]["shipment_page"] = 5
    house.warehouse.save()
    house.in_warehouse(("SKU-001", 1))
    for _ in range(count - 1):
        house.place(("SKU-001", 1))
    house.poll()
    house.accept()
    house.skip(5)
    house.poll()
    house.prepare()
    house.create()
    orders = list(Order.objects.order_by("id"))
    for order in orders:
        house.ship(order)
    return orders


def test_a_reading_of_several_pages_stores_every_shipment_and_moves_on_once(north_v2: House) -> None:
    orders = many(north_v2, 12)

    result = north_v2.read()

    assert len(orders) == result.read == Parcel.objects.count() == 12
    assert north_v2.calls("deposco", "v2.shipments.find") == 3


@pytest.mark.parametrize("fault", ["repeated_page", "error_500_before", "reset_after", "wrong_body", "truncate"])
def test_a_page_that_goes_wrong_costs_no_shipment(north_v2: House, fault: str) -> None:
    many(north_v2, 12)
    north_v2.world.faults.arm("deposco", "v2.shipments.find", fault, count=2)

    north_v2.read()

    assert Parcel.objects.count() == 12


def test_shipments_of_somebody_else_cost_no_call_and_are_left_alone(north_v2: House) -> None:
    _, order = north_v2.in_warehouse()
    there = north_v2.ship(order)
    there.document["orderLines"]["orderLine"][0]["customerLineNumber"] = "15"
    Order.objects.filter(pk=order.pk).update(wms_number="SOMEBODY-ELSE", stage="ready")

    result = north_v2.read()

    assert result.read == 1
    assert north_v2.calls("deposco", "v2.orders.get") == 0
    assert not Shipment.objects.exists()


def test_where_our_line_numbers_do_not_come_back_the_order_is_asked_for_by_its_id(north_v2: House) -> None:
    placed, order = north_v2.in_warehouse(("SKU-001", 1), ("SKU-002", 2))
    there = north_v2.ship(order)
    for row in there.lines:
        del row["customerLineNumber"]

    tell(north_v2)

    assert north_v2.calls("deposco", "v2.orders.get") == 1
    assert sum(units for _, units in tracked(north_v2, placed)) == 3
    assert north_v2.holds() == []


def test_a_shipment_of_more_boxes_and_lines_than_a_list_inside_holds_loses_nothing(north_v2: House) -> None:
    skus = [f"SKU-{number:03d}" for number in range(1, 16)]
    placed, order = north_v2.in_warehouse(*[(sku, 1) for sku in skus])
    there = north_v2.tenant.orders[order.wms_number]
    boxes = [(f"BOX-{at}", f"T{at:02d}", {line(there, at): 1}) for at in range(15)]
    send(north_v2, order, *boxes)

    tell(north_v2)

    told = tracked(north_v2, placed)
    assert sum(units for _, units in told) == 15
    assert len({number for number, _ in told}) == 10
    assert north_v2.order(placed).stage == "shipped" or placed.state == "SHIPPED"


def test_windows_need_no_tenant_time_and_are_narrow_from_the_first_reading(north_v2: House) -> None:
    asked: list[str] = []

    def watch(request: httpx.Request) -> httpx.Response | None:
        asked.extend(request.url.params.get_list("updatedAfter"))
        return None

    north_v2.read()
    north_v2.gate.before = watch
    north_v2.skip(10)

    north_v2.read()

    (since,) = asked
    assert since.endswith("Z")
    assert north_v2.world.clock.now() - datetime.fromisoformat(since) < timedelta(minutes=5)
    assert FeedCursor.objects.get(feed="shipments").memory["not_before"] is None


def test_a_server_that_ignores_the_window_is_not_read_to_its_beginning(north_v2: House) -> None:
    _, order = north_v2.in_warehouse()
    north_v2.ship(order)
    north_v2.skip(4 * 86_400)
    seen: list[str] = []

    def ignore(request: httpx.Request) -> httpx.Response | None:
        if "updatedAfter" not in request.url.params:
            return None
        url = request.url.copy_remove_param("updatedAfter")
        answer = north_v2.gate.behind.handle_request(httpx.Request("GET", url, headers=request.headers))
        if answer.status_code != 200:
            return answer
        seen.append(str(request.url))
        body: dict[str, Any] = json.loads(answer.read())
        more = {"rel": "next", "href": f"https://elsewhere.example.com/x?searchId=KEY{len(seen)}"}
        return httpx.Response(200, json=body | {"complete": False, "links": [more]})

    north_v2.gate.before = ignore

    result = north_v2.read()

    assert (result.read, len(seen)) == (0, 1)


def test_the_probe_tells_facilities_by_name_and_that_stock_needs_v1(north_v2: House, north_mixed: House) -> None:
    alone, mixed = (check_warehouse(warehouse=house.warehouse, by=None) for house in (north_v2, north_mixed))

    assert (alone.ok, mixed.ok) == (True, True)
    assert any("Stock cannot be read over V2" in words for words in alone.problems)
    assert mixed.problems == ()
    assert north_v2.warehouse.facilities.get(number="LVL").name == "Level Street"


def test_an_item_and_a_barcode_are_suggested(north_v2: House) -> None:
    north_v2.tenant.items["ITEM-007"] = {"upcs": {"upc": [{"value": "4006381333931"}]}}

    (found, *_) = suggest_items(channel=north_v2.channel, offer_sku="ITEM-007")

    assert (found.item_number, found.units_per_offer) == ("ITEM-007", Decimal(1))
    assert suggest_items(channel=north_v2.channel, offer_sku="NO-SUCH-THING") == ()
