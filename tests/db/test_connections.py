from typing import Any

import httpx
import pytest
from django.db import connection

from core.jobs import JobContext
from core.limits import refuse
from core.models import AuditEntry, Breaker
from integration.errors import InvalidInputError
from integration.jobs import check_connections, read_orders
from integration.models import Channel, FeedCursor, Warehouse
from integration.services.check_channel import check_channel
from integration.services.check_warehouse import check_warehouse
from integration.services.connect_deposco import connect_deposco
from integration.services.connect_mirakl import connect_mirakl
from integration.services.pause_connection import pause_connection
from integration.services.set_lanes import set_lanes
from tests.db.house import House

CONTEXT = JobContext(scope=None, owner="test", heartbeat=lambda: None)


def shop(**more: Any) -> Channel:
    values: dict[str, Any] = {
        "code": "SHOP-EU",
        "name": "",
        "url": "https://shop.example.com/",
        "api_key": "a-key",
        "shop_id": None,
        "lanes": ["acceptance", "stock", "money"],
        "poll_seconds": None,
        "warehouse": None,
        "by": None,
    }
    return connect_mirakl(**(values | more))


def tenant(**more: Any) -> Warehouse:
    values: dict[str, Any] = {
        "code": "MAIN",
        "name": "",
        "url": "https://wms.example.com",
        "tenant_code": "T",
        "business_unit": "B",
        "username": "u",
        "password": "p",
        "api": "v1",
        "by": None,
    }
    return connect_deposco(**(values | more))


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("url", "http://shop.example.com"),
        ("url", "shop.example.com"),
        ("url", "https://user:secret@shop.example.com"),
        ("code", "no blanks"),
        ("code", ""),
        ("api_key", ""),
        ("api_key", "two words"),
        ("lanes", ["acceptance", "teleport"]),
        ("poll_seconds", 0),
    ],
)
def test_what_cannot_be_used_is_refused_with_its_field_and_nothing_is_stored(field: str, value: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        shop(**{field: value})

    assert set(caught.value.problems) == {field}
    assert not Channel.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("url", ["http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:8000"])
def test_plain_http_is_for_this_machine_only(url: str) -> None:
    assert shop(url=url).url == url


@pytest.mark.django_db
def test_lanes_without_jobs_yet_are_switches_all_the_same() -> None:
    assert shop().lanes == ["acceptance", "stock", "money"]


@pytest.mark.django_db
def test_connecting_again_changes_what_is_named_and_keeps_the_rest() -> None:
    shop(name="The shop", poll_seconds=120, shop_id=7)

    again = shop(api_key="", lanes=None, url="https://shop.example.com")

    assert (again.name, again.poll_seconds, again.shop_id) == ("The shop", 120, 7)
    assert again.lanes == ["acceptance", "stock", "money"]
    assert Channel.objects.get().api_key == "a-key"


@pytest.mark.django_db
def test_a_key_is_neither_stored_in_the_clear_nor_told_by_the_audit() -> None:
    shop(api_key="very-secret-key")

    with connection.cursor() as cursor:
        cursor.execute("SELECT api_key FROM integration_channel")
        (stored,) = cursor.fetchone()
    assert "very-secret-key" not in stored
    assert "very-secret-key" not in str(list(AuditEntry.objects.values_list("before", "after")))


@pytest.mark.django_db
def test_a_shop_takes_the_only_warehouse_whichever_comes_first() -> None:
    before = shop(code="BEFORE", shop_id=1)
    warehouse = tenant()
    after = shop(code="AFTER", shop_id=2)

    before.refresh_from_db()
    assert (before.warehouse, after.warehouse) == (warehouse, warehouse)


@pytest.mark.django_db
def test_of_two_warehouses_none_is_taken_without_being_named() -> None:
    tenant()
    second = tenant(code="SECOND")
    shop_without = shop(shop_id=1)
    Channel.objects.filter(pk=shop_without.pk).update(warehouse=None)
    tenant(code="THIRD")

    assert Channel.objects.get().warehouse is None
    assert shop(shop_id=2, code="NAMED", warehouse=second).warehouse == second


@pytest.mark.django_db
def test_codes_that_differ_in_capitals_alone_are_refused() -> None:
    shop()
    tenant()

    with pytest.raises(InvalidInputError):
        shop(code="shop-eu", shop_id=9)
    with pytest.raises(InvalidInputError):
        tenant(code="main")


@pytest.mark.django_db
def test_one_shop_is_connected_once_and_several_shops_of_one_key_each() -> None:
    shop(shop_id=1)
    shop(code="OTHER", shop_id=2)

    with pytest.raises(InvalidInputError) as caught:
        shop(code="THIRD", shop_id=2)

    assert "OTHER" in caught.value.problems["shop_id"]


@pytest.mark.django_db
def test_a_channel_that_is_pointed_at_another_shop_reads_it_from_its_beginning() -> None:
    channel = shop(shop_id=1)
    FeedCursor.objects.create(connection=channel.connection, feed="orders")

    shop(shop_id=1, name="Renamed")
    kept = FeedCursor.objects.count()
    shop(shop_id=2)

    assert (kept, FeedCursor.objects.count()) == (1, 0)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "value"), [("api", "v3"), ("password", ""), ("business_unit", " "), ("rate_per_second", 0)]
)
def test_a_tenant_that_cannot_be_used_is_refused_with_its_field(field: str, value: Any) -> None:
    with pytest.raises(InvalidInputError) as caught:
        tenant(**{field: value})

    assert set(caught.value.problems) == {field}


@pytest.mark.django_db
def test_lanes_that_need_a_warehouse_wait_for_one() -> None:
    channel = shop()

    with pytest.raises(InvalidInputError):
        set_lanes(channel=channel, lanes=["import"], by=None)
    tenant()
    channel.refresh_from_db()

    assert set_lanes(channel=channel, lanes=["dispatch", "import"], by=None).lanes == ["import", "dispatch"]


def test_a_test_tells_what_was_found_and_closes_the_breaker(north: House) -> None:
    refuse(f"conn:{north.channel.connection}", "refused")

    result = check_channel(channel=north.channel, by=None)

    assert result.ok
    assert (result.found["shop_name"], result.found["currency"]) == ("Northwind Market FR", "EUR")
    assert {carrier["code"] for carrier in result.found["carriers"]} >= {"DHL", "DPD", "FDX"}
    assert Channel.objects.get().multi_shipment
    assert Breaker.objects.get(name=f"conn:{north.channel.connection}").state == "closed"


@pytest.mark.parametrize("path", ["/api/platform/configuration", "/api/shipping/types", "/api/reasons", "/api/version"])
def test_a_key_that_may_not_read_everything_is_used_as_far_as_it_goes(north: House, path: str) -> None:
    north.gate.before = lambda request: httpx.Response(403, json={}) if request.url.path.endswith(path) else None

    result = check_channel(channel=north.channel, by=None)

    assert result.ok
    assert len(result.problems) == 1
    assert Channel.objects.get().multi_shipment


def test_a_refused_key_is_said_in_words_that_help_and_changes_nothing(north: House) -> None:
    before = Channel.objects.get().found
    north.operator.keys.clear()

    result = check_channel(channel=north.channel, by=None)

    assert not result.ok
    assert "The key was refused" in result.summary
    assert Channel.objects.get().found == before


def test_a_key_that_answers_for_another_shop_is_said(north: House) -> None:
    north.gate.before = lambda request: (
        httpx.Response(200, json={"shop_id": 9999, "shop_name": "Another"})
        if request.url.path.endswith("/api/account")
        else None
    )

    result = check_channel(channel=north.channel, by=None)

    assert any("9999" in problem for problem in result.problems)
    assert Channel.objects.get().shop_id == 2001


def test_a_shop_that_turns_out_to_be_connected_already_is_not_connected_twice(north: House) -> None:
    twin = shop(code="TWIN", url=north.channel.url, api_key=north.shop.api_key)

    result = check_channel(channel=twin, by=None)

    assert not result.ok
    assert "SHOP" in result.summary


def test_a_shop_that_is_not_open_is_connected_and_said(north: House) -> None:
    north.shop.state = "SUSPENDED"

    result = check_channel(channel=north.channel, by=None)

    assert result.ok
    assert "SUSPENDED" in result.problems[0]


def test_stock_that_may_not_be_read_does_not_keep_orders_from_the_warehouse(north: House) -> None:
    north.gate.before = lambda request: httpx.Response(403) if "/availability" in request.url.path else None

    result = check_warehouse(warehouse=north.warehouse, by=None)

    assert result.ok
    assert any("Stock cannot be read" in problem for problem in result.problems)


def test_connections_are_tested_once_a_day_and_an_untested_one_soon(north: House) -> None:
    first = check_connections.run(CONTEXT)
    Channel.objects.update(tested_at=None)
    second = check_connections.run(CONTEXT)
    north.skip(86_400 + 60)
    third = check_connections.run(CONTEXT)

    assert [counts["tested"] for counts in (first, second, third)] == [0, 1, 2]


def test_a_paused_connection_is_neither_read_nor_tested_and_goes_on_afterwards(north: House) -> None:
    pause_connection(connection=north.channel, paused=True, by=None)
    north.skip(2 * 86_400)
    paused = ([scope.name for scope in read_orders.scopes()], check_connections.run(CONTEXT)["tested"])
    pause_connection(connection=north.channel, paused=False, by=None)

    assert paused == ([], 1)
    assert [scope.name for scope in read_orders.scopes()] == ["SHOP"]


def test_carriers_that_the_operator_added_free_the_parcels_that_waited_for_them(north: House) -> None:
    placed, order = north.in_warehouse()
    north.tenant.carriers[:] = [("NEWCO", "NewCo Ground")]
    north.ship(order)
    north.read()
    north.plan()
    held = north.holds()
    added = {"code": "NEWCO", "label": "NewCo", "standard_code": "", "tracking_url": ""}
    north.operator.carriers = (*north.operator.carriers, added)

    check_channel(channel=Channel.objects.get(), by=None)
    north.plan()
    north.confirm()

    assert held == [("shipment.carrier_unmapped", "NEWCO")]
    assert placed.state == "SHIPPED"
