from decimal import Decimal

import httpx
import pytest

from integration.models import Channel, OrderEvent, Parcel
from integration.services.plan_confirmations import plan_confirmations
from sandbox.deposco.state import WmsParcel
from tests.db.floor import line, send, tell, tracked
from tests.db.house import House


def test_two_boxes_are_told_as_two_parcels_each_under_its_number(north: House) -> None:
    placed, order = north.in_warehouse(("SKU-001", 3))
    there = north.tenant.orders[order.wms_number]
    send(north, order, ("B1", "T1", {line(there): 1}), ("B2", "T2", {line(there): 2}))

    tell(north)
    tell(north)

    assert tracked(north, placed) == [("T1", 1), ("T2", 2)]
    assert placed.state == "SHIPPED"


def test_two_boxes_under_one_number_with_equal_goods_are_both_told(north: House) -> None:
    placed, order = north.in_warehouse(("SKU-001", 2))
    there = north.tenant.orders[order.wms_number]
    send(north, order, ("B1", "T1", {line(there): 1}), ("B2", "T1", {line(there): 1}))
    asked: list[httpx.Request] = []

    def lose_both(request: httpx.Request) -> httpx.Response | None:
        """The first takes effect and its answer is lost; the second never arrives."""
        if request.method != "POST" or not request.url.path.endswith("/api/shipments") or len(asked) > 1:
            return None
        asked.append(request)
        if len(asked) == 1:
            north.gate.behind.handle_request(request)
        raise httpx.ReadError("gone", request=request)

    north.gate.before = lose_both

    tell(north)
    for _ in range(4):
        north.skip(60)
        north.confirm()

    assert tracked(north, placed) == [("T1", 1), ("T1", 1)]
    assert north.order(placed).stage == "confirmed"


def test_what_leaves_in_part_is_told_in_part_and_the_rest_when_it_leaves(north: House) -> None:
    placed, order = north.in_warehouse(("SKU-001", 2), ("SKU-002", 1))
    north.ship(order, "two_shipments")
    tell(north)
    first = (placed.state, len(north.shipments(placed)), north.order(placed).stage)

    north.ship(order, "two_shipments")
    tell(north)

    assert first == ("SHIPPING", 1, "in_wms")
    assert placed.state == "SHIPPED"
    assert north.order(placed).stage == "confirmed"


def test_a_shop_without_multi_shipment_is_told_once_when_all_has_left(harbour: House) -> None:
    placed, order = harbour.in_warehouse(("SKU-001", 1), ("SKU-002", 1))
    harbour.ship(order, "two_shipments")
    tell(harbour)
    first = (placed.state, harbour.calls("mirakl", "OR24"))

    harbour.ship(order, "two_shipments")
    tell(harbour)

    assert first == ("SHIPPING", 0)
    assert placed.state == "SHIPPED"
    assert (harbour.calls("mirakl", "OR23"), harbour.calls("mirakl", "OR24")) == (1, 1)
    assert {parcel.state for parcel in Parcel.objects.all()} == {"confirmed"}


def test_orders_that_wait_for_their_rest_do_not_keep_others_from_being_told(harbour: House) -> None:
    _, waiting = harbour.in_warehouse(("SKU-001", 1), ("SKU-002", 1))
    harbour.ship(waiting, "two_shipments")
    harbour.read()
    harbour.plan()
    harbour.skip(3600)
    placed, order = harbour.in_warehouse(("SKU-003", 1))
    harbour.ship(order)
    harbour.read()
    harbour.channel.refresh_from_db()

    planned = plan_confirmations(channel=harbour.channel, limit=1)
    harbour.confirm()

    assert planned.planned == 1
    assert placed.state == "SHIPPED"


def test_a_feature_that_turns_out_to_be_off_is_done_without(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)
    north.operator.multi_shipment = False
    north.read()
    north.plan()
    north.confirm()
    assert not Channel.objects.get(pk=north.channel.pk).multi_shipment

    north.plan()
    north.confirm()

    assert placed.state == "SHIPPED"
    assert north.holds() == []
    assert north.effects("mirakl.confirm_parcel") == ["done"]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after", "error_500_after", "truncate", "wrong_body", "blank"])
@pytest.mark.parametrize("shop", ["north", "harbour"])
def test_whatever_becomes_of_the_call_a_parcel_is_told_once(
    shop: str, fault: str, request: pytest.FixtureRequest
) -> None:
    house: House = request.getfixturevalue(shop)
    placed, order = house.in_warehouse()
    house.ship(order)
    house.read()
    house.plan()
    house.world.faults.arm("mirakl", "ST01" if shop == "north" else "OR24", fault)

    house.confirm()
    for _ in range(5):
        house.skip(60)
        house.confirm()

    assert placed.state == "SHIPPED"
    assert house.order(placed).stage == "confirmed"
    assert len(house.shipments(placed)) == (1 if shop == "north" else 0)
    assert house.holds() == []


def test_kits_count_in_the_parcel_that_makes_them_whole(north: House) -> None:
    north.world.floor.paused = True
    north.map("SKU-001", ("ITEM-001", 1), ("ITEM-002", 2))
    placed, order = north.ready(("SKU-001", 2))
    north.prepare()
    north.create()
    there = north.tenant.orders[order.wms_number]
    send(north, order, ("B1", "T1", {line(there, 0): 2, line(there, 1): 1}))
    tell(north)
    first = tracked(north, placed)

    send(north, order, ("B2", "T2", {line(there, 1): 3}))
    tell(north)

    assert first == []
    assert tracked(north, placed) == [("T2", 2)]
    assert OrderEvent.objects.filter(kind="parcel.nothing_to_confirm").count() == 1
    assert placed.state == "SHIPPED"


def test_packs_are_told_in_the_units_that_were_sold(north: House) -> None:
    north.world.floor.paused = True
    north.map("SKU-001", ("ITEM-001", 6))
    placed, order = north.ready(("SKU-001", 2))
    north.prepare()
    north.create()
    there = north.tenant.orders[order.wms_number]

    send(north, order, ("B1", "T1", {line(there): 12}))
    tell(north)

    assert tracked(north, placed) == [("T1", 2)]


def test_a_printed_label_without_goods_is_no_parcel(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order, "empty_label")

    tell(north)

    assert len(north.shipments(placed)) == 1
    assert Parcel.objects.count() == 1


def test_a_repacked_order_is_told_in_the_boxes_it_left_in(north: House) -> None:
    placed, order = north.in_warehouse(("SKU-001", 2))
    there = north.tenant.orders[order.wms_number]
    shipment = send(north, order, ("B1", "", {line(there): 2}))
    north.read()
    north.plan()
    shipment.parcels[:] = [
        WmsParcel("B2", "T2", {line(there): Decimal(1)}),
        WmsParcel("B3", "T3", {line(there): Decimal(1)}),
    ]
    north.skip(30)

    tell(north)

    assert tracked(north, placed) == [("T2", 1), ("T3", 1)]
    assert Parcel.objects.get(key="B1").state == "withdrawn"
    assert placed.state == "SHIPPED"


def test_several_orders_in_one_shipment_are_each_told_of_their_own_goods(north: House) -> None:
    first_placed, first = north.in_warehouse(("SKU-001", 1))
    second_placed, second = north.in_warehouse(("SKU-002", 2))
    one, other = north.tenant.orders[first.wms_number], north.tenant.orders[second.wms_number]
    send(north, first, ("B1", "T1", {line(one): 1, line(other): 2}), others=[other])

    tell(north)

    assert tracked(north, first_placed) == [("T1", 1)]
    assert tracked(north, second_placed) == [("T1", 2)]
