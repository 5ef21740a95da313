import html
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from integration.models import Channel, Hold, ShippingMethodMapping, SkuMapping
from integration.services.map_sku import map_sku
from tests.factories.lanes import ChannelFactory, HoldFactory, OrderFactory, OrderLineFactory, SkuMappingFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
LIST, SAVE = "/sku-maps/", "/sku-maps/sku/save/"


def _text(client: Client, address: str, **headers: str) -> str:
    answer = client.get(address, headers=headers or None)
    assert answer.status_code == 200
    return answer.content.decode()


def _held(channel: Channel, sku: str, **order: Any) -> Hold:
    held = OrderFactory(channel=channel, is_held=True, **order)
    OrderLineFactory(order=held, offer_sku=sku)
    hold: Hold = HoldFactory(order=held, cause_key=sku)
    return hold


def _parts(channel: Channel, sku: str) -> dict[str, Decimal]:
    rows = SkuMapping.objects.filter(channel=channel, offer_sku=sku)
    return dict(rows.values_list("item_number", "units_per_offer"))


def test_the_page_tells_coverage_then_what_holds_orders_then_the_map(sign_in: SignIn) -> None:
    channel = ChannelFactory(name="Harbour Plaza")
    SkuMappingFactory(channel=channel, offer_sku="SKU-A")
    OrderLineFactory(order=OrderFactory(channel=channel), offer_sku="SKU-A")
    for _ in range(2):
        _held(channel, "SKU-LOST", total_price=Decimal("30.25"))

    page = _text(sign_in("Ecommerce"), LIST)

    assert "50 %" in page
    assert "1 of 2" in page
    assert "60.50" in page
    assert page.index("Coverage") < page.index("SKU-LOST") < page.index("SKU-A")


def test_a_kit_is_one_row_with_all_its_items(sign_in: SignIn) -> None:
    channel = ChannelFactory()
    SkuMappingFactory(channel=channel, offer_sku="KIT", item_number="ITEM-A")
    SkuMappingFactory(channel=channel, offer_sku="KIT", item_number="ITEM-B", units_per_offer=3)

    page = _text(sign_in("Auditor"), LIST)

    assert "<strong>1</strong> match" in page
    assert "ITEM-A" in page
    assert "ITEM-B</span> x 3" in page
    assert "Kit of 2 items" in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind=kit", {"KIT"}),
        ("kind=pack", {"PACK"}),
        ("kind=plain", {"PLAIN", "ELSEWHERE"}),
        ("words=item-b", {"KIT"}),
        ("words=pla", {"PLAIN"}),
        ("channel=OTHER", {"ELSEWHERE"}),
    ],
)
def test_the_list_is_narrowed_by_kind_words_and_channel(sign_in: SignIn, query: str, shown: set[str]) -> None:
    here, other = ChannelFactory(), ChannelFactory(code="OTHER")
    SkuMappingFactory(channel=here, offer_sku="KIT", item_number="ITEM-A")
    SkuMappingFactory(channel=here, offer_sku="KIT", item_number="ITEM-B")
    SkuMappingFactory(channel=here, offer_sku="PACK", item_number="ITEM-C", units_per_offer=6)
    SkuMappingFactory(channel=here, offer_sku="PLAIN", item_number="ITEM-D")
    SkuMappingFactory(channel=other, offer_sku="ELSEWHERE", item_number="ITEM-E")

    page = _text(sign_in("Auditor"), f"{LIST}?{query}", hx_request="true", hx_target="listing")

    assert {sku for sku in ("KIT", "PACK", "PLAIN", "ELSEWHERE") if f">{sku}</a>" in page} == shown


def test_thirty_skus_held_and_mapped_cost_as_many_queries_as_three(sign_in: SignIn) -> None:
    client, channel = sign_in("Ecommerce"), ChannelFactory()

    def queries(rows: range) -> int:
        for number in rows:
            SkuMappingFactory(channel=channel, offer_sku=f"MAPPED-{number}")
            _held(channel, f"LOST-{number}")
        client.get(LIST)
        with CaptureQueriesContext(connection) as captured:
            client.get(LIST)
        return len(captured)

    few = queries(range(3))
    many = queries(range(3, 30))

    assert many == few


def test_csv_holds_one_line_for_each_sku(sign_in: SignIn) -> None:
    channel = ChannelFactory(name="Harbour Plaza")
    SkuMappingFactory(channel=channel, offer_sku="KIT", item_number="ITEM-A")
    SkuMappingFactory(channel=channel, offer_sku="KIT", item_number="ITEM-B", units_per_offer=Decimal("0.5"))

    answer: Any = sign_in("Ecommerce").get(f"{LIST}?format=csv")

    head, row = b"".join(answer.streaming_content).decode().splitlines()
    assert head == "Offer SKU,Channel,Warehouse items,Set"
    assert row.startswith('KIT,Harbour Plaza,"ITEM-A x 1, ITEM-B x 0.5",')


def test_the_form_of_a_held_sku_says_what_saving_frees(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP-A")
    for _ in range(3):
        _held(channel, "SKU-LOST", total_price=Decimal(10))
    both = _held(channel, "SKU-LOST", total_price=Decimal(99))
    HoldFactory(order=both.order, kind="order.invalid_data", cause_key="name")

    page = _text(sign_in("Ecommerce"), "/sku-maps/sku/?channel=SHOP-A&key=SKU-LOST")

    assert "3 orders" in page
    assert "30.00" in page
    assert "1 more stays held" in page
    assert "Map and release" in page


def test_saving_maps_the_sku_frees_its_orders_and_says_how_many(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP-A", name="Harbour Plaza")
    hold = _held(channel, "SKU-LOST", total_price=Decimal("24.50"))
    form = {"channel": "SHOP-A", "key": "SKU-LOST", "components": "ITEM-1\nITEM-2 x 2,5"}

    answer = sign_in("Ecommerce").post(SAVE, form, follow=True)

    hold.order.refresh_from_db()
    assert _parts(channel, "SKU-LOST") == {"ITEM-1": 1, "ITEM-2": Decimal("2.5")}
    assert not hold.order.is_held
    assert "SKU-LOST is mapped on Harbour Plaza. 1 order goes on, worth EUR 24.50." in answer.content.decode()
    assert AuditEntry.objects.get(action="sku_map.set").actor_label.startswith("person")


@pytest.mark.parametrize(
    ("components", "problem"),
    [
        ("", "This field is required"),
        ("ITEM-1 x 0", "units must be more than 0"),
        ("ITEM-1 x 100001", "at most 100,000"),
        ("ITEM-1\nITEM-1", "ITEM-1 stands twice"),
        ("I" * 61, "at most 60 characters"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_told_at_its_field_and_changes_nothing(
    sign_in: SignIn, components: str, problem: str
) -> None:
    channel = ChannelFactory(code="SHOP-A")
    SkuMappingFactory(channel=channel, offer_sku="SKU-A", item_number="ITEM-OLD")
    form = {"channel": "SHOP-A", "key": "SKU-A", "components": components}

    answer = sign_in("Ecommerce").post(SAVE, form)

    assert answer.status_code == 422
    assert problem in answer.content.decode()
    assert _parts(channel, "SKU-A") == {"ITEM-OLD": 1}


def test_a_row_is_edited_in_place_and_the_list_comes_back_as_it_was(sign_in: SignIn) -> None:
    channel, client = ChannelFactory(code="SHOP-A"), sign_in("Ecommerce")
    SkuMappingFactory(channel=channel, offer_sku="SKU/A?", item_number="ITEM-1", units_per_offer=4)
    place = "http://testserver/sku-maps/?kind=pack"

    row = _text(client, "/sku-maps/sku/row/?channel=SHOP-A&key=SKU%2FA%3F", hx_request="true")
    bad = client.post(
        SAVE, {"channel": "SHOP-A", "key": "SKU/A?", "components": "ITEM-1 x 0"}, headers={"hx-request": "true"}
    )
    good = client.post(
        SAVE,
        {"channel": "SHOP-A", "key": "SKU/A?", "components": "ITEM-2"},
        headers={"hx-request": "true", "hx-current-url": place},
    )

    assert row.strip().startswith("<tr data-editing>")
    assert "ITEM-1 x 4</textarea>" in row
    assert bad.status_code == 422
    assert "<tr data-editing>" in bad.content.decode()
    assert good["HX-Redirect"] == "/sku-maps/?kind=pack"
    assert _parts(channel, "SKU/A?") == {"ITEM-2": 1}


def test_an_address_of_another_site_is_not_followed(sign_in: SignIn) -> None:
    ChannelFactory(code="SHOP-A")

    answer = sign_in("Ecommerce").post(
        SAVE,
        {"channel": "SHOP-A", "key": "SKU-A", "components": "ITEM-2"},
        headers={"hx-request": "true", "hx-current-url": "https://elsewhere.example.com/sku-maps/"},
    )

    assert answer["HX-Redirect"] == "/sku-maps/"


def test_removing_names_the_orders_that_will_wait_and_then_removes(sign_in: SignIn) -> None:
    channel, client = ChannelFactory(code="SHOP-A"), sign_in("Ecommerce")
    SkuMappingFactory(channel=channel, offer_sku="SKU-A", item_number="ITEM-1")
    for stage in ("accepted", "ready", "in_wms"):
        OrderLineFactory(order=OrderFactory(channel=channel, stage=stage), offer_sku="SKU-A")

    asked = _text(client, "/sku-maps/sku/remove/?channel=SHOP-A&key=SKU-A")
    untouched = _parts(channel, "SKU-A")
    client.post("/sku-maps/sku/remove/", {"channel": "SHOP-A", "key": "SKU-A"})

    assert "2 orders" in asked
    assert untouched == {"ITEM-1": 1}
    assert _parts(channel, "SKU-A") == {}


def test_undo_puts_the_former_mapping_back_and_an_older_one_can_be_used_again(sign_in: SignIn) -> None:
    channel, client = ChannelFactory(code="SHOP-A"), sign_in("Ecommerce")
    for item in ("ITEM-1", "ITEM-2", "ITEM-3"):
        map_sku(channel=channel, offer_sku="SKU-A", components=[(item, Decimal(2))], by=None)
    first, _, last = AuditEntry.objects.order_by("id")
    key = {"channel": "SHOP-A", "key": "SKU-A"}

    page = _text(client, "/sku-maps/sku/?channel=SHOP-A&key=SKU-A")
    client.post("/sku-maps/sku/undo/", {**key, "entry": last.pk, "side": "before"})
    undone = _parts(channel, "SKU-A")
    client.post("/sku-maps/sku/undo/", {**key, "entry": first.pk, "side": "after"})

    assert "Undo: back to ITEM-2 x 2" in page
    assert undone == {"ITEM-2": 2}
    assert _parts(channel, "SKU-A") == {"ITEM-1": 2}


def test_undoing_the_first_mapping_takes_it_away_again(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP-A")
    map_sku(channel=channel, offer_sku="SKU-A", components=[("ITEM-1", Decimal(1))], by=None)
    entry = AuditEntry.objects.get()

    sign_in("Ecommerce").post(
        "/sku-maps/sku/undo/", {"channel": "SHOP-A", "key": "SKU-A", "entry": entry.pk, "side": "before"}
    )

    assert _parts(channel, "SKU-A") == {}


def test_an_entry_of_another_sku_cannot_be_put_back(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP-A")
    map_sku(channel=channel, offer_sku="SKU-B", components=[("ITEM-1", Decimal(1))], by=None)
    entry = AuditEntry.objects.get()

    answer = sign_in("Ecommerce").post(
        "/sku-maps/sku/undo/", {"channel": "SHOP-A", "key": "SKU-A", "entry": entry.pk, "side": "after"}
    )

    assert answer.status_code == 404
    assert _parts(channel, "SKU-A") == {}


def test_a_change_of_somebody_else_is_not_undone_unseen(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP-A")
    for item in ("ITEM-1", "ITEM-2"):
        map_sku(channel=channel, offer_sku="SKU-A", components=[(item, Decimal(1))], by=None)
    seen = AuditEntry.objects.latest("id")
    map_sku(channel=channel, offer_sku="SKU-A", components=[("ITEM-3", Decimal(1))], by=None)

    answer = sign_in("Ecommerce").post(
        "/sku-maps/sku/undo/", {"channel": "SHOP-A", "key": "SKU-A", "entry": seen.pk, "side": "before"}, follow=True
    )

    assert "Nothing was undone" in answer.content.decode()
    assert _parts(channel, "SKU-A") == {"ITEM-3": 1}


ADDRESS = {
    "shipping_address": {
        "firstname": "Ada",
        "lastname": "Example",
        "street_1": "1 Sample Street",
        "city": "Sampleton",
        "zip_code": "12345",
        "country": "France",
        "country_iso_code": "FRA",
    }
}


@pytest.mark.parametrize(("role", "sees_buyer"), [("Ecommerce", False), ("Admin", True)])
def test_the_preview_shows_the_order_before_and_after_and_saves_nothing(
    sign_in: SignIn, role: str, sees_buyer: bool
) -> None:
    channel = ChannelFactory(code="SHOP-A")
    ShippingMethodMapping.objects.create(channel=channel, shipping_type_code="STD", ship_via="GROUND")
    hold = _held(channel, "SKU-LOST", customer=ADDRESS)

    answer = sign_in(role).post(
        "/sku-maps/sku/preview/", {"channel": "SHOP-A", "key": "SKU-LOST", "components": "ITEM-77 x 2"}
    )

    page = html.unescape(answer.content.decode())
    before, after = page.split("As it is mapped now")[1].split("With these items", 1)
    assert answer.status_code == 200
    assert hold.order.order_id in page
    assert "Would be held" in before
    assert "SKU-LOST" in before
    assert "Would be sent" in after
    assert '"ITEM-77"' in after
    assert ("1 Sample Street" in after) is sees_buyer
    assert _parts(channel, "SKU-LOST") == {}


def test_the_preview_says_when_no_order_waits_and_when_the_items_cannot_be_read(sign_in: SignIn) -> None:
    ChannelFactory(code="SHOP-A")
    client, key = sign_in("Ecommerce"), {"channel": "SHOP-A", "key": "SKU-A"}

    none = client.post("/sku-maps/sku/preview/", {**key, "components": "ITEM-1"})
    bad = client.post("/sku-maps/sku/preview/", {**key, "components": "ITEM-1 x 0"})

    assert "No order with this SKU waits" in none.content.decode()
    assert bad.status_code == 422
    assert "units must be more than 0" in bad.content.decode()


def test_suggestions_come_with_their_evidence_and_only_fill_in_the_form(sign_in: SignIn) -> None:
    channel = ChannelFactory(code="SHOP-A")
    other = ChannelFactory(name="Northwind Market", warehouse=channel.warehouse)
    SkuMappingFactory(channel=other, offer_sku="SKU-A", item_number="ITEM-42", units_per_offer=3)
    channel.warehouse.is_active = False  # so that no call is made
    channel.warehouse.save(update_fields=["is_active"])
    client, address = sign_in("Ecommerce"), "/sku-maps/sku/?channel=SHOP-A&key=SKU-A"

    page = html.unescape(_text(client, f"{address}&suggest=1"))
    filled = _text(client, f"{address}&components=ITEM-42+x+3")

    assert "Northwind Market maps it so" in page
    assert f"{address}&components=ITEM-42+x+3" in page
    assert "ITEM-42 x 3</textarea>" in filled
    assert _parts(channel, "SKU-A") == {}


@pytest.mark.parametrize("role", ["Warehouse", "Finance preparer", "Auditor"])
def test_who_may_not_edit_sees_the_map_without_a_button(sign_in: SignIn, role: str) -> None:
    channel, client = ChannelFactory(code="SHOP-A"), sign_in(role)
    SkuMappingFactory(channel=channel, offer_sku="SKU-A", item_number="ITEM-1")

    page = _text(client, LIST)
    sku = _text(client, "/sku-maps/sku/?channel=SHOP-A&key=SKU-A")
    answer = client.post(SAVE, {"channel": "SHOP-A", "key": "SKU-A", "components": "ITEM-2"})

    assert "SKU-A" in page
    assert "Edit" not in page
    assert "Import a file" not in page
    assert "Your role does not change SKU maps" in sku
    assert answer.status_code == 403
    assert _parts(channel, "SKU-A") == {"ITEM-1": 1}
