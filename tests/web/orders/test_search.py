import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from integration.queries.find_orders import SHOWN, find_orders
from tests.factories.lanes import OrderFactory, OrderLineFactory, ParcelFactory, ShipmentFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(sign_in: SignIn) -> Client:
    return sign_in("Auditor")


@pytest.mark.parametrize("text", ["ORD-7-A", "ord-7-a", "COMM-7", "WMS-7", "TRACK-7", "SHIP-7", "SKU-7", "  ORD-7-A  "])
def test_one_order_found_by_any_number_is_opened_at_once(reader: Client, text: str) -> None:
    order = OrderFactory(order_id="ORD-7-A", commercial_id="COMM-7", wms_number="WMS-7")
    OrderLineFactory(order=order, offer_sku="SKU-7")
    OrderLineFactory(order=order, offer_sku="SKU-7", position=2)
    ParcelFactory(order=order, tracking_number="TRACK-7", shipment=ShipmentFactory(number="SHIP-7"))
    OrderFactory()

    answer = reader.get("/search/", {"q": text})

    assert answer.status_code == 302
    assert answer["Location"] == f"/orders/{order.pk}/"


def test_several_orders_are_listed_by_the_kind_of_number(reader: Client) -> None:
    first = OrderFactory(order_id="TWIN")
    second = OrderFactory(order_id="TWIN")
    third = OrderFactory()
    ParcelFactory(order=third, tracking_number="TWIN")

    page = reader.get("/search/?q=TWIN").content.decode()

    assert "By order id" in page
    assert "By tracking number" in page
    for order in (first, second, third):
        assert f'href="/orders/{order.pk}/"' in page
    assert "By offer SKU" not in page


@pytest.mark.parametrize("text", ["ORD", "<script>alert(1)</script>", "%", "x" * 5_000, "a\x00b"])
def test_nothing_found_says_what_was_searched_and_what_to_try(reader: Client, text: str) -> None:
    OrderFactory(order_id="ORD-7")

    page = reader.get("/search/", {"q": text}).content.decode()

    assert "Nothing has exactly this number" in page
    assert "order id, commercial id, number in the warehouse, tracking number, shipment number, offer SKU" in page
    assert "/orders/?words=" in page
    assert "<script>alert" not in page


def test_an_empty_search_says_what_can_be_entered(reader: Client) -> None:
    page = reader.get("/search/?q=+").content.decode()

    assert "Enter a number" in page


def test_a_bestseller_shows_the_newest_and_leads_to_all(reader: Client) -> None:
    for _ in range(SHOWN + 5):
        OrderLineFactory(offer_sku="SKU-BEST")

    with CaptureQueriesContext(connection) as captured:
        found = find_orders("SKU-BEST")
        queries = len(captured)
    page = reader.get("/search/?q=SKU-BEST").content.decode()

    (group,) = found.groups
    numbers = [hit.order.pk for hit in group.hits]
    assert queries == 6
    assert (len(numbers), group.has_more) == (SHOWN, True)
    assert numbers == sorted(numbers, reverse=True)
    assert 'href="/orders/?words=SKU-BEST"' in page


def test_many_lines_of_one_order_are_one_hit() -> None:
    order = OrderFactory()
    for position in range(3):
        OrderLineFactory(order=order, offer_sku="SKU-1", position=position)

    found = find_orders("SKU-1")

    assert found.only == order
