from typing import Any

import pytest
from django.test import Client

from core.limits import open_breaker
from core.models import AuditEntry, CallLog
from integration.models import LANES, Channel, Facility, Warehouse
from sandbox.demo import PASSWORD, TENANT, UNIT, USER
from sandbox.world import World
from tests.factories.lanes import ChannelFactory, WarehouseFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
LIST, NEW_SHOP, NEW_WAREHOUSE = "/connections/", "/connections/shop/new/", "/connections/warehouse/new/"
KEY = "a-key-that-must-not-be-shown"


def _shop_form(world: World, **changes: Any) -> dict[str, Any]:
    shop = world.operators["harbour"].shops[3001]
    form = {
        "code": "HARBOUR",
        "name": "Harbour Plaza",
        "url": "http://127.0.0.1:1/mirakl/harbour",
        "api_key": shop.api_key,
        "shop_id": "3001",
        "warehouse": "",
        "poll_seconds": "60",
    }
    return form | changes


def _warehouse_form(**changes: Any) -> dict[str, Any]:
    form = {
        "code": "MAIN",
        "name": "Main warehouse",
        "url": "http://127.0.0.1:1/deposco",
        "tenant_code": TENANT,
        "business_unit": UNIT,
        "username": USER,
        "password": PASSWORD,
        "api": "v1",
        "rate_per_second": "4",
    }
    return form | changes


def _text(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_connecting_a_shop_tests_it_at_once_and_leaves_every_lane_off(sign_in: SignIn, world: World) -> None:
    client, warehouse = sign_in("Admin"), WarehouseFactory()

    answer = client.post(NEW_SHOP, _shop_form(world), follow=True)

    channel, page = Channel.objects.get(), answer.content.decode()
    assert answer.redirect_chain == [("/connections/shop/HARBOUR/", 302)]
    assert "Harbour Plaza answers: Harbour Plaza (OPEN), EUR, 4 carriers." in page
    assert (channel.lanes, channel.shop_id, channel.currency) == ([], 3001, "EUR")
    assert channel.warehouse == warehouse
    assert channel.tested_at is not None
    for words in ("Each order waits for our answer", "The whole order is confirmed at once", "4 listed", "EXP"):
        assert words in page


def test_a_refused_key_is_told_and_the_shop_can_be_mended(sign_in: SignIn, world: World) -> None:
    client = sign_in("Admin")

    refused = client.post(NEW_SHOP, _shop_form(world, api_key="not-the-key"), follow=True).content.decode()
    client.post("/connections/shop/HARBOUR/edit/", _shop_form(world))
    mended = client.post("/connections/shop/HARBOUR/test/", follow=True).content.decode()

    assert "The key was refused" in refused
    assert "Stopped" in refused
    assert "Harbour Plaza answers" in mended
    assert "Works" in mended


def test_connecting_a_warehouse_finds_its_facilities(sign_in: SignIn, world: World) -> None:
    answer = sign_in("Admin").post(NEW_WAREHOUSE, _warehouse_form(), follow=True)

    page = answer.content.decode()
    assert "Main warehouse answers: 4 facilities" in page
    assert set(Facility.objects.values_list("number", flat=True)) == {"LVL", "DOC", "HIL", "BAY"}
    assert "can be read back by number" in page


@pytest.mark.parametrize(
    ("api", "words"), [("v2", "4 facilities, no stock over this API"), ("mixed", "4 facilities, measures")]
)
def test_a_warehouse_is_connected_over_v2_alone_and_over_both(
    sign_in: SignIn, world: World, api: str, words: str
) -> None:
    answer = sign_in("Admin").post(NEW_WAREHOUSE, _warehouse_form(api=api), follow=True)

    page = answer.content.decode()
    assert words in page
    assert "can be read back by number" in page
    assert Facility.objects.get(number="LVL").name == "Level Street"


def test_v2_may_have_a_client_of_its_own_whose_secret_is_kept_and_never_shown(sign_in: SignIn, world: World) -> None:
    tenant = world.tenants[TENANT]
    tenant.client_id, tenant.client_secret, tenant.refresh_token = "app-1", "hush-hush", "keep-this"
    own = {"api": "mixed", "client_id": "app-1", "client_secret": "hush-hush keep-this"}
    client = sign_in("Admin")

    without = client.post(NEW_WAREHOUSE, _warehouse_form(**own | {"client_secret": ""}))
    page = client.post(NEW_WAREHOUSE, _warehouse_form(**own), follow=True).content.decode()
    edited = _warehouse_form(**own | {"client_secret": "", "password": "", "name": "Renamed"})
    again = client.post("/connections/warehouse/MAIN/edit/", edited, follow=True).content.decode()
    client.post("/connections/warehouse/MAIN/test/")

    assert (without.status_code, "belong together" in without.content.decode()) == (422, True)
    assert "Main warehouse answers: 4 facilities" in page
    assert not any(word in page + again for word in ("hush-hush", "keep-this", PASSWORD))
    assert Warehouse.objects.get().client_secret == "hush-hush keep-this"
    assert "hush-hush" not in str(list(CallLog.objects.values()))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"url": "http://shop.example.com"}, "Plain http would send the key unprotected"),
        ({"url": "shop.example.com"}, "with https:// in front"),
        ({"url": "https://user:word@shop.example.com"}, "Leave user and password out"),
        ({"api_key": ""}, "This field is required"),
        ({"code": "TAKEN"}, "TAKEN is connected already"),
        ({"code": "new"}, "This word is taken"),
        ({"poll_seconds": "59"}, "greater than or equal to 60"),
    ],
)
def test_what_cannot_be_connected_is_told_at_its_field(
    sign_in: SignIn, world: World, changes: dict[str, str], problem: str
) -> None:
    ChannelFactory(code="TAKEN")

    answer = sign_in("Admin").post(NEW_SHOP, _shop_form(world, **changes))

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert Channel.objects.count() == 1
    assert len(world.ledger) == 0


def test_a_shop_cannot_be_connected_twice(sign_in: SignIn, world: World) -> None:
    client = sign_in("Admin")
    client.post(NEW_SHOP, _shop_form(world))

    answer = client.post(NEW_SHOP, _shop_form(world, code="AGAIN"))

    assert answer.status_code == 422
    assert "already connected as HARBOUR" in answer.content.decode()


@pytest.mark.parametrize("side", ["shop", "warehouse"])
def test_an_empty_secret_keeps_the_stored_one_and_a_new_one_replaces_it(
    sign_in: SignIn, world: World, side: str
) -> None:
    client = sign_in("Admin")
    if side == "shop":
        row: Any = ChannelFactory(code="ONE", api_key=KEY, lanes=["acceptance", "dispatch"])
        form, field = _shop_form(world, shop_id=row.shop_id, warehouse=row.warehouse.code), "api_key"
    else:
        row = WarehouseFactory(code="ONE", password=KEY)
        form, field = _warehouse_form(), "password"

    client.post(f"/connections/{side}/ONE/edit/", form | {field: "", "name": "Another name"})
    row.refresh_from_db()
    kept = (row.name, getattr(row, field))
    client.post(f"/connections/{side}/ONE/edit/", form | {field: "the-second-key"})
    row.refresh_from_db()

    assert kept == ("Another name", KEY)
    assert getattr(row, field) == "the-second-key"
    assert getattr(row, "lanes", ["acceptance", "dispatch"]) == ["acceptance", "dispatch"]


@pytest.mark.parametrize("role", ["Admin", "Auditor"])
def test_no_page_shows_a_key_or_a_password(sign_in: SignIn, world: World, role: str) -> None:
    client = sign_in(role)
    warehouse = WarehouseFactory(code="WMS", password=KEY)
    ChannelFactory(code="SHOP", api_key=KEY, warehouse=warehouse)
    addresses = [LIST, "/connections/shop/SHOP/", "/connections/warehouse/WMS/", "/jobs/"]
    if role == "Admin":
        addresses += ["/connections/shop/SHOP/edit/", "/connections/warehouse/WMS/edit/"]

    pages = [_text(client, address) for address in addresses]
    if role == "Admin":
        bad = _shop_form(world, url="http://shop.example.com", api_key=KEY)
        pages.append(client.post("/connections/shop/SHOP/edit/", bad).content.decode())

    assert not [address for address, text in zip([*addresses, "refused"], pages, strict=False) if KEY in text]


@pytest.mark.parametrize("lane", LANES)
def test_each_lane_is_a_switch_of_its_own(sign_in: SignIn, lane: str) -> None:
    client, channel = sign_in("Admin"), ChannelFactory(code="SHOP", lanes=[])

    on = client.post("/connections/shop/SHOP/lane/", {"lane": lane, "on": "1"}, follow=True).content.decode()
    channel.refresh_from_db()
    lanes_on = channel.lanes
    client.post("/connections/shop/SHOP/lane/", {"lane": lane, "on": "0"})
    channel.refresh_from_db()

    assert lanes_on == [lane]
    assert on.count('aria-checked="true"') == 1
    assert channel.lanes == []
    assert AuditEntry.objects.filter(action="channel.lanes").count() == 2


@pytest.mark.parametrize(
    ("lane", "problem"), [("import", "Connect a warehouse first"), ("nonsense", "Unknown: nonsense")]
)
def test_a_lane_that_cannot_be_on_says_why(sign_in: SignIn, lane: str, problem: str) -> None:
    channel = ChannelFactory(code="SHOP", lanes=["acceptance"], warehouse=None)

    answer = sign_in("Admin").post("/connections/shop/SHOP/lane/", {"lane": lane, "on": "1"}, follow=True)

    channel.refresh_from_db()
    assert problem in answer.content.decode()
    assert channel.lanes == ["acceptance"]


@pytest.mark.parametrize("side", ["shop", "warehouse"])
def test_pausing_and_resuming_are_told_and_kept(sign_in: SignIn, side: str) -> None:
    client = sign_in("Admin")
    row: Any = ChannelFactory(code="ONE") if side == "shop" else WarehouseFactory(code="ONE")

    paused = client.post(f"/connections/{side}/ONE/pause/", {"paused": "1"}, follow=True).content.decode()
    row.refresh_from_db()
    was_active = row.is_active
    client.post(f"/connections/{side}/ONE/pause/", {"paused": "1"})
    client.post(f"/connections/{side}/ONE/pause/", {"paused": "0"})
    row.refresh_from_db()

    assert "Paused by a person" in paused
    assert not was_active
    assert row.is_active
    assert AuditEntry.objects.filter(action__endswith="paused").count() == 1


def test_the_policy_of_acceptance_is_set_and_shown(sign_in: SignIn) -> None:
    client, channel = sign_in("Admin"), ChannelFactory(code="SHOP")
    form = {
        "unmapped_sku": "hold",
        "short_stock": "refuse",
        "below_price": "refuse",
        "floor_price": "4.50",
        "partial_acceptance": "False",
        "acceptance_hours": "48",
    }

    page = client.post("/connections/shop/SHOP/policy/", form, follow=True).content.decode()

    channel.refresh_from_db()
    assert channel.acceptance_hours == 48
    assert channel.acceptance_policy["unmapped_sku"] == "hold"
    assert channel.acceptance_policy["short_stock"] == "refuse"
    assert channel.acceptance_policy["partial_acceptance"] is False
    assert float(channel.acceptance_policy["floor_price"]) == 4.5
    assert '<option value="hold" selected>' in page
    assert "Policy of acceptance set" in page


def test_a_policy_that_cannot_be_kept_changes_nothing(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP")
    form = {
        "unmapped_sku": "maybe",
        "short_stock": "accept",
        "below_price": "accept",
        "floor_price": "-1",
        "partial_acceptance": "True",
        "acceptance_hours": "0",
    }

    answer = sign_in("Admin").post("/connections/shop/SHOP/policy/", form)

    channel.refresh_from_db()
    assert answer.status_code == 422
    assert answer.content.decode().count("has-error") == 3
    assert channel.acceptance_policy == {}


@pytest.mark.parametrize("role", ["Warehouse", "Ecommerce", "Finance approver", "Auditor"])
def test_who_may_not_manage_sees_connections_and_changes_nothing(sign_in: SignIn, role: str) -> None:
    client, channel = sign_in(role), ChannelFactory(code="SHOP", lanes=["acceptance"])

    pages = [_text(client, address) for address in (LIST, "/connections/shop/SHOP/")]
    posts = {
        "/connections/shop/SHOP/lane/": {"lane": "acceptance", "on": "0"},
        "/connections/shop/SHOP/pause/": {"paused": "1"},
        "/connections/shop/SHOP/test/": {},
        "/connections/shop/SHOP/policy/": {},
        "/connections/shop/SHOP/edit/": {},
        NEW_SHOP: {},
    }
    answers = {address: client.post(address, form).status_code for address, form in posts.items()}

    channel.refresh_from_db()
    assert not [words for words in ("Pause", "Connect a shop", 'role="switch"') if words in "".join(pages)]
    assert set(answers.values()) == {403}
    assert (channel.lanes, channel.is_active) == (["acceptance"], True)


@pytest.mark.parametrize(
    "address", ["/connections/shop/NONE/", "/connections/other/new/", "/connections/other/X/edit/"]
)
def test_what_is_not_there_is_not_found(sign_in: SignIn, address: str) -> None:
    assert sign_in("Admin").get(address).status_code == 404


def test_what_people_did_is_told_in_words(sign_in: SignIn, world: World) -> None:
    client = sign_in("Admin")
    client.post(NEW_WAREHOUSE, _warehouse_form())
    client.post(NEW_SHOP, _shop_form(world))
    client.post("/connections/shop/HARBOUR/edit/", _shop_form(world, name="Harbour"))
    client.post("/connections/shop/HARBOUR/lane/", {"lane": "acceptance", "on": "1"})

    page = _text(client, "/connections/shop/HARBOUR/")

    for words in ("Connected:", "Changed, with a new key", "Lanes switched: lanes acceptance", "Tested: Harbour Plaza"):
        assert words in page
    assert Warehouse.objects.get().code == "MAIN"


def test_a_good_test_ends_the_stop(sign_in: SignIn, world: World) -> None:
    client = sign_in("Admin")
    client.post(NEW_SHOP, _shop_form(world))
    open_breaker("conn:mirakl:HARBOUR", 900, "it failed")

    before = _text(client, LIST)
    after = client.post("/connections/shop/HARBOUR/test/", follow=True).content.decode()

    assert "Stopped" in before
    assert "Stopped" not in after
