from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from integration.models import Facility, Parcel
from tests.factories.lanes import (
    ChannelFactory,
    OrderFactory,
    ParcelFactory,
    ParcelLineFactory,
    ShipmentFactory,
)
from tests.web.conftest import SignIn
from tests.web.orders.reading import csv_rows, shown_in

pytestmark = pytest.mark.django_db


def test_a_parcel_shows_both_carriers_its_number_and_how_long_the_confirmation_took(sign_in: SignIn) -> None:
    shipped = timezone.now() - timedelta(hours=1)
    parcel = ParcelFactory(
        order__order_id="ORD-1-A",
        shipment=ShipmentFactory(number="SHP-9", facility="Dockside", shipped_at=shipped),
        wms_carrier="DHL Parcel",
        carrier_code="dhl-express",
        tracking_number="TRACK 1",
        tracking_url="https://carrier.example.com/?n={trackingId}",
        state="confirmed",
        confirmed_at=shipped + timedelta(seconds=75),
    )
    ParcelLineFactory(parcel=parcel, quantity=3)

    page = sign_in("Warehouse").get("/shipments/").content.decode()

    for words in (
        "ORD-1-A",
        "SHP-9",
        "Dockside",
        "DHL Parcel",
        "dhl-express",
        'href="https://carrier.example.com/?n=TRACK%201"',
        "1 / 3",
        "Confirmed",
        "after 1 min",
    ):
        assert words in page


@pytest.mark.parametrize("address", ["javascript:alert(1)", "http://carrier.example.com/", ""])
def test_a_tracking_address_that_is_not_https_is_no_link(sign_in: SignIn, address: str) -> None:
    ParcelFactory(tracking_number="TRACK1", tracking_url=address)

    page = sign_in("Warehouse").get("/shipments/").content.decode()

    assert "TRACK1" in page
    assert 'rel="noopener' not in page


def test_parcels_are_narrowed_by_state_channel_facility_and_numbers(sign_in: SignIn) -> None:
    client, north = sign_in("Warehouse"), ChannelFactory(code="NORTH")
    Facility.objects.create(warehouse=north.warehouse, number="LVL", name="Level Street")
    Facility.objects.create(warehouse=ChannelFactory().warehouse, number="LVL", name="Level Street")
    Facility.objects.create(warehouse=north.warehouse, number="BAY", name="BAY")
    _parcel("A", "waiting", "Level Street", channel=north, tracking="")
    _parcel("B", "new", "LVL", tracking="TRACK-B")
    _parcel("C", "confirmed", "Dockside", tracking="TRACK-C")

    shown = {
        query: "".join(sorted(shown_in(client, f"/shipments/?{query}")))
        for query in (
            "state=waiting",
            "state=new",
            "channel=NORTH",
            "facility=LVL",
            "words=TRACK",
            "words=track-c",
            "words=SHIP-A",
            "words=B",
            "words=RACK",
            "facility=Dockside",
            "facility=nowhere",
        )
    }

    assert shown == {
        "state=waiting": "A",
        "state=new": "B",
        "channel=NORTH": "A",
        "facility=LVL": "AB",
        "words=TRACK": "BC",
        "words=track-c": "C",
        "words=SHIP-A": "A",
        "words=B": "B",
        "words=RACK": "",
        "facility=Dockside": "C",
        "facility=nowhere": "ABC",
    }


def test_buildings_to_choose_from_are_those_that_shipments_name(sign_in: SignIn) -> None:
    warehouse = ChannelFactory().warehouse
    for number, name in (("LVL", "Level Street"), ("BAY", "BAY"), ("DOC", "DOC")):
        Facility.objects.create(warehouse=warehouse, number=number, name=name)
    for facility in ("Hill Road", "DOC", ""):
        ParcelFactory(shipment__facility=facility)

    listing = sign_in("Warehouse").get("/shipments/").context["listing"]

    assert listing.filter.form.fields["facility"].choices.choices == [
        ("DOC", "DOC"),
        ("LVL", "Level Street"),
        ("Hill Road", "Hill Road"),
    ]


def _parcel(order_id: str, state: str, facility: str, *, tracking: str, channel: Any = None) -> Parcel:
    order = OrderFactory(order_id=order_id, **({"channel": channel} if channel else {}))
    shipment = ShipmentFactory(number=f"SHIP-{order_id}", facility=facility, warehouse=order.channel.warehouse)
    row: Parcel = ParcelFactory(order=order, shipment=shipment, state=state, tracking_number=tracking)
    return row


def test_the_newest_parcel_stands_first_and_csv_holds_the_bare_values(sign_in: SignIn) -> None:
    client, now = sign_in("Warehouse"), timezone.now()
    for name, age in (("OLD", 2), ("NEW", 1)):
        ParcelFactory(order__order_id=name, shipped_at=now - timedelta(hours=age), tracking_number=f"T-{name}")

    shown = shown_in(client, "/shipments/")
    rows = csv_rows(client, "/shipments/?format=csv&words=NEW")

    assert shown == ["NEW", "OLD"]
    assert [(row["Order"], row["Tracking"], row["Carrier"], row["Confirmation"], row["Confirmed"]) for row in rows] == [
        ("NEW", "T-NEW", "DHL Parcel -> not told", "To confirm", "")
    ]
    assert rows[0]["Shipped"] == (now - timedelta(hours=1)).isoformat()
