import pytest

from integration.errors import InvalidInputError
from integration.models import Parcel, Shipment
from integration.services.settle_hold import settle_hold
from tests.db.floor import tell, tracked
from tests.db.house import House


def test_a_shipment_that_is_taken_back_before_it_was_told_is_withdrawn_and_told_when_it_leaves_again(
    north: House,
) -> None:
    placed, order = north.in_warehouse()
    there = north.ship(order)
    north.read()
    north.plan()
    north.world.floor.roll_back(north.tenant, there)
    north.skip(700)
    north.read()
    after = (north.order(placed).stage, Parcel.objects.get().state, north.effects("mirakl.confirm_parcel"))
    north.confirm()
    nothing = tracked(north, placed)

    there.script = "one_parcel"
    north.world.floor.ship(north.tenant, there, north.world.clock.seconds())
    north.skip(1)
    tell(north)

    assert after == ("in_wms", "withdrawn", ["cancelled"])
    assert nothing == []
    assert len(tracked(north, placed)) == 1
    assert placed.state == "SHIPPED"


def test_the_same_shipment_that_leaves_again_after_it_was_taken_back_is_told(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.ship(order)
    north.read()
    north.plan()
    (shipment,) = north.tenant.shipments_of(there)
    shipment.status = "Rolled Back"
    north.skip(700)
    north.read()
    shipment.status = "Shipped"
    north.skip(700)

    tell(north)

    assert len(tracked(north, placed)) == 1
    assert Shipment.objects.get().rolled_back_at is None


def test_a_shipment_that_is_taken_back_after_it_was_told_is_held_until_a_person_settles_it(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.ship(order)
    tell(north)
    north.world.floor.roll_back(north.tenant, there)
    north.skip(700)
    north.read()
    hold = north.order(placed).holds.get(released_at=None)

    with pytest.raises(InvalidInputError):
        settle_hold(hold=hold, note=" ", by=None)
    settle_hold(hold=hold, note="told the buyer", by=None)

    assert hold.kind == "shipment.rolled_back"
    assert north.holds() == []


def test_a_shipment_that_vanishes_from_the_list_is_looked_at_by_itself(north: House) -> None:
    placed, order = north.in_warehouse()
    there = north.ship(order)
    north.read()
    north.plan()
    (shipment,) = north.tenant.shipments_of(there)
    shipment.status = "Rolled Back"
    shipment.shipped_at = 0.0
    north.skip(700)

    north.read()

    assert Parcel.objects.get().state == "withdrawn"
    assert north.order(placed).stage == "in_wms"
