from dataclasses import dataclass, field
from typing import Any

from integration.domain.dispatch import match_shipment, reference_of, st01_shipment


@dataclass
class Line:
    order_line_id: str | None
    quantity: int
    package_reference: str | None = None


@dataclass
class Track:
    tracking_number: str | None


@dataclass
class Listed:
    id: str
    shipment_lines: list[Line]
    tracking: Track | None
    status: str = "SHIPPED"
    more: dict[str, Any] = field(default_factory=dict)


def parcel(key: str = "S1-LPN1", number: str = "T1", **tracking: str) -> dict[str, Any]:
    return {
        "order_id": "1001-A",
        "package_reference": key,
        "lines": [{"order_line_id": "L1", "quantity": 1}],
        "tracking": {"carrier_code": "DHL", "carrier_name": "", "tracking_number": number, "tracking_url": ""}
        | tracking,
    }


def test_a_listed_carrier_goes_by_its_code_alone() -> None:
    sent = st01_shipment(parcel(carrier_name="DHL", tracking_url="https://x.example.com"))

    assert sent["tracking"] == {"carrier_code": "DHL", "tracking_number": "T1"}
    assert sent["shipped"] is True
    assert sent["shipment_lines"] == [{"order_line_id": "L1", "quantity": 1, "package_reference": "S1-LPN1"}]


def test_a_free_carrier_goes_by_name_with_its_address() -> None:
    sent = st01_shipment(parcel(carrier_code="", carrier_name="Courier", tracking_url="https://x.example.com/T1"))

    assert sent["tracking"] == {
        "carrier_name": "Courier",
        "tracking_number": "T1",
        "tracking_url": "https://x.example.com/T1",
    }


def test_a_reference_holds_only_characters_that_every_operator_takes() -> None:
    assert reference_of({"package_reference": "S 1/LPN:é#2"}) == "S1LPN2"
    assert len(reference_of({"package_reference": "x" * 400})) == 255


def test_two_parcels_of_one_number_and_equal_goods_are_told_apart_by_their_names() -> None:
    there = [Listed("m1", [Line("L1", 1, "S1-LPN1")], Track("T1"))]

    assert match_shipment(parcel("S1-LPN1"), there) is there[0]
    assert match_shipment(parcel("S1-LPN2"), there) is None


def test_a_shipment_made_by_hand_is_found_by_number_and_goods_unless_it_is_another_parcels() -> None:
    there = [Listed("m1", [Line("L1", 1)], Track("t1"))]

    assert match_shipment(parcel(), there) is there[0]
    assert match_shipment(parcel(), there, others={"m1"}) is None


def test_other_goods_another_number_or_a_cancelled_one_are_not_the_parcel() -> None:
    assert match_shipment(parcel(), [Listed("m1", [Line("L1", 2)], Track("T1"))]) is None
    assert match_shipment(parcel(), [Listed("m1", [Line("L1", 1)], Track("T2"))]) is None
    assert match_shipment(parcel(), [Listed("m1", [Line("L1", 1)], None)]) is None
    assert match_shipment(parcel(), [Listed("m1", [Line("L1", 1)], Track("T1"), status="CANCELED")]) is None


def test_quantities_of_a_line_that_is_listed_in_pieces_add_up() -> None:
    wanted = parcel() | {"lines": [{"order_line_id": "L1", "quantity": 3}]}

    assert match_shipment(wanted, [Listed("m1", [Line("L1", 1), Line("L1", 2)], Track("T1"))]) is not None
