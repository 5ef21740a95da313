from collections.abc import Callable

import pytest

from core.models import Effect
from integration.models import Order, OrderEvent
from sandbox.mirakl.state import SandboxOrder
from tests.db.house import House

CREATE = "deposco.create_order"


def cancel(house: House, placed: SandboxOrder) -> None:
    house.operator.cancel(placed, house.world.clock.seconds())
    house.poll()


def cancel_units(house: House, placed: SandboxOrder, line: int = 0, units: int = 1) -> None:
    placed.lines[line]["cancelations"].append({"id": "C1", "quantity": units, "amount": 1})
    placed.touch(house.world.clock.seconds())
    house.poll()


def move_house(house: House, placed: SandboxOrder) -> None:
    address = {**placed.body["customer"]["shipping_address"], "street_1": "2 Other Street"}
    placed.body["customer"] = {**placed.body["customer"], "shipping_address": address}
    placed.touch(house.world.clock.seconds())
    house.poll()


def test_an_order_that_is_cancelled_before_it_was_sent_is_withdrawn(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready()
    north.prepare()

    cancel(north, placed)
    north.create()

    assert north.order(placed).stage == "cancelled"
    assert north.effects(CREATE) == ["cancelled"]
    assert north.tenant.orders == {}
    assert north.holds() == []


def test_an_order_that_is_cancelled_while_held_is_no_longer_held(north: House) -> None:
    placed, _ = north.ready(("SKU-NEW-1", 1))
    north.prepare()
    assert north.holds() == [("order.sku_unmapped", "SKU-NEW-1")]

    cancel(north, placed)

    assert north.holds() == []
    assert not north.order(placed).is_held


def test_an_order_that_is_cancelled_while_the_warehouse_has_it_is_held_for_a_person_once(north: House) -> None:
    placed, order = north.in_warehouse()

    cancel(north, placed)
    placed.touch(north.world.clock.seconds())
    north.poll()

    assert north.holds() == [("order.cancelled_after_release", order.order_id)]


def test_an_order_that_is_cancelled_after_it_left_is_said_too_and_is_not_confirmed(north: House) -> None:
    placed, order = north.in_warehouse()
    north.ship(order)
    north.read()

    cancel(north, placed)
    planned = north.plan()

    assert planned.planned == 0
    assert north.holds() == [("order.cancelled_after_release", order.order_id)]
    assert "left" in north.order(placed).holds.get(released_at=None).summary


def test_a_create_whose_fate_is_unknown_is_not_sent_again_for_a_cancelled_order(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready()
    north.prepare()
    north.world.faults.arm("deposco", "orders.create", "reset_before")
    north.create()
    assert north.effects(CREATE) == ["unknown"]

    cancel(north, placed)
    held = north.holds()
    north.skip(200)
    north.create()

    assert held == [("order.cancelled_after_release", placed.id)]
    assert north.tenant.orders == {}
    assert north.effects(CREATE) == ["done"]
    assert north.holds() == []
    assert OrderEvent.objects.filter(kind="closed", summary__contains="Not sent").count() == 1


def test_an_order_that_landed_although_it_was_lost_on_the_way_and_cancelled_is_held(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready()
    north.prepare()
    north.world.faults.arm("deposco", "orders.create", "reset_after")
    north.create()

    cancel(north, placed)
    north.skip(200)
    north.create()

    assert len(north.tenant.orders) == 1
    assert north.holds() == [("order.cancelled_after_release", placed.id)]


def test_units_that_are_cancelled_before_the_import_are_not_sent(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready(("SKU-001", 3))

    cancel_units(north, placed, units=2)
    north.prepare()
    north.create()

    (there,) = north.tenant.orders.values()
    assert [line["orderPackQuantity"] for line in there.lines] == ["1"]


def test_a_line_that_is_cancelled_wholly_or_refused_before_the_import_is_left_out(north: House) -> None:
    for sku in ("SKU-001", "SKU-002", "SKU-003"):
        north.map(sku)
    placed, _ = north.ready(("SKU-001", 1), ("SKU-002", 1), ("SKU-003", 2))
    placed.lines[0]["order_line_state"] = "CANCELED"

    cancel_units(north, placed, line=2, units=2)
    north.prepare()
    north.create()

    (there,) = north.tenant.orders.values()
    assert [line["itemNumber"] for line in there.lines] == ["ITEM-002"]
    assert north.holds() == []


def test_an_order_that_changes_between_preparing_and_sending_is_sent_as_it_is_now(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready(("SKU-001", 3))
    north.prepare()

    cancel_units(north, placed)
    north.create()
    before = dict(north.tenant.orders)
    north.prepare()
    north.create()

    (there,) = north.tenant.orders.values()
    assert before == {}
    assert [line["orderPackQuantity"] for line in there.lines] == ["2"]
    assert north.effects(CREATE) == ["done"]


@pytest.mark.parametrize(
    ("change", "cause"), [(cancel_units, "lines"), (move_house, "address")], ids=["fewer units", "another address"]
)
def test_a_change_after_the_warehouse_has_the_order_is_held_for_a_person(
    north: House, change: Callable[[House, SandboxOrder], None], cause: str
) -> None:
    placed, order = north.in_warehouse(("SKU-001", 3))

    change(north, placed)

    assert north.holds() == [("order.changed_after_release", f"{order.order_id}:{cause}")]
    detail = str(north.order(placed).holds.get(released_at=None).detail)
    assert "Other Street" not in detail


def test_an_address_that_is_mended_at_the_marketplace_frees_the_order_by_itself(north: House) -> None:
    north.map("SKU-001")
    placed, order = north.ready(lastname="Sample-Longname of the Very Long Example")
    north.prepare()
    assert [kind for kind, _ in north.holds()] == ["order.invalid_data"]

    address = {**placed.body["customer"]["shipping_address"], "lastname": "Sample"}
    placed.body["customer"] = {**placed.body["customer"], "shipping_address": address, "billing_address": address}
    placed.touch(north.world.clock.seconds())
    north.poll()
    north.prepare()

    assert north.holds() == []
    assert north.effects(CREATE) == ["ready"]
    assert Order.objects.get(pk=order.pk).is_held is False


def test_an_order_that_somebody_shipped_at_the_marketplace_is_not_sent_to_the_warehouse(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready()
    north.prepare()

    north.operator.ship(placed, north.world.clock.seconds())
    north.poll()
    north.create()

    assert north.order(placed).stage == "confirmed"
    assert north.tenant.orders == {}
    assert north.holds() == []


def test_an_order_whose_money_was_given_back_before_shipping_is_not_sent(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready()
    placed.body["fully_refunded"] = True
    placed.touch(north.world.clock.seconds())
    north.poll()

    north.prepare()

    assert north.order(placed).stage == "refunded"
    assert not Effect.objects.filter(kind=CREATE).exists()


def test_units_that_are_cancelled_after_the_rest_has_left_complete_the_order(north: House) -> None:
    placed, order = north.in_warehouse(("SKU-001", 3))
    there = north.tenant.orders[order.wms_number]
    there.script = "short"
    north.world.floor.ship(north.tenant, there, north.world.clock.seconds())
    north.skip(1)
    north.read()
    north.plan()
    north.confirm()
    assert north.order(placed).stage == "in_wms"
    assert ("order.shorted", f"{order.order_id}:shorted") in north.holds()

    cancel_units(north, placed)

    assert north.order(placed).stage == "confirmed"
    assert ("order.shorted", f"{order.order_id}:shorted") not in north.holds()
