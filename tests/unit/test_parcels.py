from datetime import UTC
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.http import Reply
from integration.deposco.normalise import body_of, inside
from integration.deposco.parcels import WireParcel, aggregate_parcels
from integration.deposco.profile import Profile, ShipmentMap, default_v1_profile
from integration.deposco.reading import wms_shipment
from integration.deposco.schemas import Shipment


def line(number: str = "N-1-1", quantity: str | None = "1.0", **more: Any) -> dict[str, Any]:
    return {"lineNumber": number, "itemNumber": "ITEM-1", "shippedPackQuantity": quantity, **more}


def box(lpn: str, tracking: str | None = None) -> dict[str, Any]:
    return {"container": {"lpn": lpn, "trackingNumber": tracking}}


def shipment(*lines: dict[str, Any], orders: tuple[str, ...] = ("N-1",), **more: Any) -> Shipment:
    row = {
        "shipmentNumber": "S1",
        "shipmentStatus": "Shipped",
        "shipVendor": "FEDEX2",
        "shipVia": "FedEx Ground",
        "orders": {"order": [{"orderNumber": number} for number in orders]},
        "lines": {"line": list(lines)},
        **more,
    }
    return wms_shipment(row, UTC)


def parcels(given_shipment: Shipment, profile: Profile | None = None) -> tuple[WireParcel, ...]:
    return aggregate_parcels(given_shipment, profile or default_v1_profile()).parcels


def test_serialised_units_of_one_box_add_up() -> None:
    found = parcels(shipment(*[line(**box("B1", "T1"), serialNumber=str(n)) for n in range(3)]))

    assert [(parcel.parcel_key, parcel.tracking_number) for parcel in found] == [("B1", "T1")]
    assert found[0].lines[0].quantity == Decimal(3)


def test_each_box_is_a_parcel_with_its_own_number() -> None:
    found = parcels(shipment(line(**box("B1", "T1")), line(**box("B2", "T2")), trackingNumber="T1"))

    assert [(parcel.parcel_key, parcel.tracking_number) for parcel in found] == [("B1", "T1"), ("B2", "T2")]


def test_a_box_whose_number_is_late_does_not_borrow_the_number_of_another() -> None:
    found = parcels(shipment(line(**box("B1", "T1")), line(**box("B2")), trackingNumber="T1"))

    assert [parcel.tracking_number for parcel in found] == ["T1", None]


def test_the_number_of_the_shipment_is_that_of_its_only_box_or_of_all_boxes_without_one() -> None:
    assert [p.tracking_number for p in parcels(shipment(line(**box("B1")), trackingNumber="T9"))] == ["T9"]
    both = parcels(shipment(line(**box("B1")), line(**box("B2")), trackingNumber="T9"))
    assert [p.tracking_number for p in both] == ["T9", "T9"]


def test_goods_without_a_box_keep_their_parcel_when_their_number_comes_late() -> None:
    before = parcels(shipment(line()))
    after = parcels(shipment(line(trackingNumber="T1")))

    assert [p.parcel_key for p in before] == [p.parcel_key for p in after] == ["1"]
    assert after[0].tracking_number == "T1"


def test_goods_without_a_box_are_told_apart_by_their_numbers() -> None:
    found = parcels(shipment(line(trackingNumber="T1"), line("N-1-2", trackingNumber="T2")))

    assert [(p.parcel_key, p.tracking_number) for p in found] == [("T1", "T1"), ("T2", "T2")]


@pytest.mark.parametrize("quantity", ["0", "0.0", "", None, "-1"])
def test_a_label_that_was_printed_and_not_used_is_no_parcel(quantity: str | None) -> None:
    found = parcels(shipment(line(**box("B1", "T1")), line(quantity=quantity, **box("B2", "T2"))))

    assert [p.parcel_key for p in found] == ["B1"]


@pytest.mark.parametrize(
    ("status", "has_left", "is_retraction"),
    [
        ("Shipped", True, False),
        ("SHIPPED", True, False),
        ("Rolled Back", False, True),
        ("New", False, False),
        ("?", False, False),
    ],
)
def test_only_statuses_that_say_so_mean_that_it_left_or_came_back(
    status: str, has_left: bool, is_retraction: bool
) -> None:
    told = aggregate_parcels(shipment(line(), shipmentStatus=status), default_v1_profile())

    assert (told.has_left, told.is_retraction) == (has_left, is_retraction)


def test_lines_of_several_orders_find_their_own_by_the_longest_fitting_number() -> None:
    found = parcels(shipment(line("N-1-1"), line("N-1-2-1"), orders=("N-1", "N-1-2")))

    assert [row.order_number for row in found[0].lines] == ["N-1", "N-1-2"]


def test_lines_that_stand_under_their_order_are_read_there() -> None:
    order = {"orderNumber": "N-1", "lines": {"line": line(**box("B1", "T1"))}}
    row = {"shipmentNumber": "S1", "shipmentStatus": "Shipped", "orders": {"order": order}, "lines": {"@nil": "true"}}

    found = parcels(wms_shipment(row, UTC))

    assert [(p.parcel_key, p.lines[0].order_number) for p in found] == [("B1", "N-1")]


def test_the_address_of_a_parcel_bears_its_own_number() -> None:
    url = "https://carrier.example.com/track?n=T1"
    found = parcels(shipment(line(**box("B1", "T1")), line(**box("B2", "T2")), trackingNumber="T1", trackingUrl=url))

    assert [p.tracking_url for p in found] == [url, "https://carrier.example.com/track?n=T2"]


def test_an_address_that_is_only_a_beginning_gets_the_number() -> None:
    profile = default_v1_profile().model_copy(update={"shipment_map": ShipmentMap(tracking_url="base")})

    found = parcels(shipment(line(**box("B1", "T1")), trackingUrl="https://carrier.example.com/?n="), profile)

    assert found[0].tracking_url == "https://carrier.example.com/?n=T1"


def test_every_word_for_the_carrier_is_kept_in_the_order_of_the_profile() -> None:
    assert parcels(shipment(line()))[0].carriers == ("FEDEX2", "FedEx Ground")


@given(st.lists(st.tuples(st.sampled_from(["B1", "B2", "B3"]), st.integers(0, 3)), max_size=10))
def test_no_unit_is_lost_or_doubled_on_the_way_into_boxes(rows: list[tuple[str, int]]) -> None:
    found = parcels(shipment(*[line(quantity=f"{units}.0", **box(lpn)) for lpn, units in rows]))

    assert sum((row.quantity for p in found for row in p.lines), Decimal(0)) == sum(units for _, units in rows)
    assert len({p.parcel_key for p in found}) == len(found)


def test_recorded_shipments_are_understood(contracts: Path) -> None:
    body = (contracts / "deposco" / "samples" / "v1_shipment_get.json").read_bytes()
    row = inside(body_of(Reply(200, {}, body)), "shipment")[0]

    found = wms_shipment(row, UTC)

    assert found.utc_offset_minutes == -300
    assert found.order_statuses == {"5002407": "Complete"}
    assert [(p.parcel_key, p.tracking_number, p.lines[0].quantity) for p in parcels(found)] == [
        ("LPN-1000001", "999900000001", Decimal(2))
    ]
