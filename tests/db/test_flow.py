import pytest

from tests.db.house import House


@pytest.mark.parametrize("shop", ["north", "harbour"])
def test_an_order_goes_from_the_shop_to_the_warehouse_and_back_once(shop: str, request: pytest.FixtureRequest) -> None:
    walk(request.getfixturevalue(shop))


def walk(house: House) -> None:
    placed, order = house.in_warehouse(("SKU-001", 2), ("SKU-002", 1))

    house.ship(order, "two_parcels")
    house.read()
    house.plan()
    house.confirm()
    house.poll()

    order = house.order(placed)
    assert order.stage == "confirmed"
    assert placed.state == "SHIPPED"
    assert placed.effective_accepts == 1
    assert house.calls("deposco", "orders.create") == 1
    assert {parcel.state for parcel in order.parcels.all()} == {"confirmed"}
    assert house.holds() == []
