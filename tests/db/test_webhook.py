import pytest
from django.test import Client

from core.clock import db_now
from core.jobs import sync_periodics
from core.models import Periodic
from integration.models import Shipment, Warehouse
from integration.services.rotate_webhook_token import opens_webhook, rotate_webhook_token
from tests.db.house import House

BEAT = "dispatch.read:HOUSE"
ADDRESS = "/hooks/deposco/HOUSE/"


@pytest.fixture
def token(north: House) -> str:
    sync_periodics()
    Periodic.objects.filter(name=BEAT).update(next_due="2100-01-01T00:00:00Z")
    return rotate_webhook_token(warehouse=north.warehouse, by=None)


def due() -> bool:
    return Periodic.objects.get(name=BEAT).next_due <= db_now()


@pytest.mark.parametrize("way", ["header", "address"])
def test_whoever_knows_the_token_brings_the_next_reading_forward(token: str, way: str) -> None:
    client = Client(enforce_csrf_checks=True)
    headers = {"X-Holdpoint-Token": token} if way == "header" else None
    address = ADDRESS if way == "header" else f"{ADDRESS}?token={token}"

    answer = client.post(address, data=b"anything", content_type="application/json", headers=headers)

    assert answer.status_code == 202
    assert due()


@pytest.mark.parametrize("wrong", ["", "guess", "\u00e9"])
def test_whoever_does_not_is_refused_and_nothing_happens(token: str, client: Client, wrong: str) -> None:
    answer = client.post(ADDRESS, {"token": token}, query_params={"token": wrong})

    assert answer.status_code == 401
    assert not due()


def test_a_token_opens_its_own_warehouse_only_until_it_is_changed_or_paused(token: str, client: Client) -> None:
    other = client.post("/hooks/deposco/NOBODY/", query_params={"token": token}).status_code
    rotate_webhook_token(warehouse=Warehouse.objects.get(), by=None)
    old = client.post(ADDRESS, query_params={"token": token}).status_code

    assert (other, old) == (401, 401)


def test_a_warehouse_without_a_token_is_opened_by_nothing(north: House) -> None:
    assert not opens_webhook(north.warehouse, "")
    assert not opens_webhook(None, "x")


def test_only_a_post_is_a_prompt(token: str, client: Client) -> None:
    assert client.get(ADDRESS, query_params={"token": token}).status_code == 405
    assert not due()


def test_what_a_prompt_says_is_not_believed(token: str, client: Client, north: House) -> None:
    body = '{"shipment": {"shipmentNumber": "S1", "orders": {"order": {"orderNumber": "SHOP-1"}}}}'

    answer = client.post(ADDRESS, body, content_type="application/json", query_params={"token": token})

    assert answer.status_code == 202
    assert not Shipment.objects.exists()
