from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integration.models import CarrierMapping, Channel, ShippingMethodMapping
from tests.factories.lanes import ChannelFactory, HoldFactory, OrderFactory, ParcelFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
CARRIERS, METHODS = "/maps/carriers/", "/maps/shipping-methods/"
FOUND = {
    "carriers": [{"code": "DHLX", "label": "DHL Express"}, {"code": "UPS", "label": "UPS"}],
    "shipping_types": [{"code": "EXP", "label": "Express"}],
}


@pytest.fixture
def channel() -> Channel:
    made: Channel = ChannelFactory(code="SHOP-A", name="Harbour Plaza", found=FOUND)
    return made


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def _hold_parcel(channel: Channel, word: str) -> Any:
    order = OrderFactory(channel=channel, is_held=True, total_price=Decimal(20))
    parcel = ParcelFactory(order=order, wms_carrier=word, state="held")
    return HoldFactory(order=order, parcel=parcel, kind="shipment.carrier_unmapped", cause_key=word)


def _hold_order(channel: Channel, code: str) -> Any:
    order = OrderFactory(channel=channel, is_held=True, total_price=Decimal(20))
    return HoldFactory(order=order, kind="order.shipping_method_unmapped", cause_key=code)


def test_carriers_that_hold_orders_come_first_with_their_worth(sign_in: SignIn, channel: Channel) -> None:
    CarrierMapping.objects.create(channel=channel, wms_carrier="UPS Std", carrier_code="UPS")
    for _ in range(2):
        _hold_parcel(channel, "Odd Parcels")

    page = _text(sign_in("Warehouse"), CARRIERS)

    assert "40.00" in page
    assert page.index("Odd Parcels") < page.index("UPS Std")


def test_mapping_a_carrier_says_what_it_frees_and_frees_it(sign_in: SignIn, channel: Channel) -> None:
    client, hold = sign_in("Warehouse"), _hold_parcel(channel, "Odd Parcels")
    key = {"channel": "SHOP-A", "key": "Odd Parcels"}

    form = _text(client, "/maps/carriers/carrier/?channel=SHOP-A&key=Odd+Parcels")
    answer = client.post("/maps/carriers/carrier/save/", {**key, "carrier_code": "DHLX"}, follow=True)

    hold.parcel.refresh_from_db()
    assert "<strong>1 order</strong>" in form
    assert "DHL Express" in form
    assert "Odd Parcels is mapped on Harbour Plaza. 1 order goes on, worth EUR 20.00." in answer.content.decode()
    assert CarrierMapping.objects.get().carrier_code == "DHLX"
    assert hold.parcel.state == "new"


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "Choose a carrier of the marketplace, or enter a name."),
        ({"carrier_code": "NONE"}, "Select a valid choice"),
        ({"carrier_name": "Our van"}, "accepts only carriers of its own list"),
    ],
)
def test_a_carrier_that_cannot_be_told_is_refused_at_its_field(
    sign_in: SignIn, channel: Channel, values: dict[str, str], problem: str
) -> None:
    channel.free_carriers = False
    channel.save(update_fields=["free_carriers"])

    answer = sign_in("Warehouse").post(
        "/maps/carriers/carrier/save/", {"channel": "SHOP-A", "key": "Odd Parcels", **values}
    )

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert not CarrierMapping.objects.exists()


def test_a_shipping_method_is_mapped_changed_and_taken_away(sign_in: SignIn, channel: Channel) -> None:
    client, hold = sign_in("Ecommerce"), _hold_order(channel, "EXP")
    key = {"channel": "SHOP-A", "key": "EXP"}
    save = "/maps/shipping-methods/method/save/"

    client.post(save, {**key, "ship_via": "AIR"})
    client.post(save, {**key, "ship_via": "AIR 2", "ship_vendor": "ACC-1"})
    listed = _text(client, METHODS)
    asked = _text(client, "/maps/shipping-methods/method/remove/?channel=SHOP-A&key=EXP")
    history = _text(client, "/maps/shipping-methods/method/?channel=SHOP-A&key=EXP")
    kept = ShippingMethodMapping.objects.count()
    client.post("/maps/shipping-methods/method/remove/", key)

    hold.order.refresh_from_db()
    assert not hold.order.is_held
    assert "AIR 2" in listed
    assert "Express" in listed
    assert "Later orders with it are held" in asked
    assert "AIR 2, ACC-1" in history
    assert kept == 1
    assert not ShippingMethodMapping.objects.exists()


def test_an_empty_ship_via_is_told_at_its_field(sign_in: SignIn, channel: Channel) -> None:
    answer = sign_in("Warehouse").post(
        "/maps/shipping-methods/method/save/", {"channel": "SHOP-A", "key": "EXP", "ship_via": " "}
    )

    assert answer.status_code == 422
    assert "This field is required" in answer.content.decode()


def test_a_new_row_asks_for_its_channel_and_key(sign_in: SignIn, channel: Channel) -> None:
    client = sign_in("Warehouse")

    page = _text(client, "/maps/shipping-methods/method/")
    answer = client.post("/maps/shipping-methods/method/save/", {"channel": "", "key": "", "ship_via": "AIR"})

    assert "Choose a channel" in page
    assert answer.status_code == 422


def test_an_entry_with_no_row_cannot_be_removed(sign_in: SignIn, channel: Channel) -> None:
    answer = sign_in("Warehouse").get("/maps/carriers/carrier/remove/?channel=SHOP-A&key=Nothing")

    assert answer.status_code == 404


@pytest.mark.parametrize(("address", "hold"), [(CARRIERS, _hold_parcel), (METHODS, _hold_order)])
def test_thirty_rows_cost_as_many_queries_as_three(sign_in: SignIn, channel: Channel, address: str, hold: Any) -> None:
    client = sign_in("Warehouse")

    def queries(rows: range) -> int:
        for number in rows:
            CarrierMapping.objects.create(channel=channel, wms_carrier=f"C{number}", carrier_code="UPS")
            ShippingMethodMapping.objects.create(channel=channel, shipping_type_code=f"M{number}", ship_via="AIR")
            hold(channel, f"LOST-{number}")
        client.get(address)
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    few = queries(range(3))
    many = queries(range(3, 30))

    assert many == few


@pytest.mark.parametrize("role", ["Finance preparer", "Auditor"])
def test_who_may_not_edit_sees_the_maps_alone(sign_in: SignIn, channel: Channel, role: str) -> None:
    client = sign_in(role)
    CarrierMapping.objects.create(channel=channel, wms_carrier="UPS Std", carrier_code="UPS")

    page = _text(client, CARRIERS)
    answer = client.post("/maps/carriers/carrier/remove/", {"channel": "SHOP-A", "key": "UPS Std"})

    assert "UPS Std" in page
    assert "Map a carrier" not in page
    assert answer.status_code == 403
    assert CarrierMapping.objects.exists()


def test_maps_lead_to_the_first_of_them(sign_in: SignIn) -> None:
    assert sign_in("Auditor").get("/maps/")["Location"] == CARRIERS


@pytest.mark.parametrize(("address", "row"), [(CARRIERS, "=UPS Std,"), (METHODS, "EXP,")])
def test_csv_holds_words_and_no_marks(sign_in: SignIn, channel: Channel, address: str, row: str) -> None:
    CarrierMapping.objects.create(channel=channel, wms_carrier="=UPS Std", carrier_code="UPS")
    ShippingMethodMapping.objects.create(channel=channel, shipping_type_code="EXP", ship_via="AIR")

    answer: Any = sign_in("Auditor").get(f"{address}?format=csv")

    line = b"".join(answer.streaming_content).decode().splitlines()[1]
    assert line.lstrip("'").startswith(row)
    assert not line.startswith("=")
    assert "<" not in line
