from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import AuditEntry
from exceptions.models import Case
from exceptions.services.refresh_cases import refresh_cases
from integration.models import Channel, Hold, Order, SkuMapping
from tests.factories.lanes import (
    ChannelFactory,
    HoldFactory,
    OrderFactory,
    OrderLineFactory,
    ParcelFactory,
    SkuMappingFactory,
)
from tests.factories.people import UserFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db


def _case_of(**hold: Any) -> Case:
    HoldFactory(**hold)
    refresh_cases()
    return Case.objects.get()


def _queries(client: Client, address: str) -> int:
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as captured:
        assert client.get(address).status_code == 200
    return len(captured)


def test_the_desk_names_the_cause_its_orders_their_worth_and_its_owner(sign_in: SignIn) -> None:
    channel = ChannelFactory(name="Harbour Plaza")
    for _ in range(3):
        HoldFactory(order=OrderFactory(channel=channel, is_held=True, total_price=Decimal("20.50")))
    refresh_cases()

    page = sign_in("Ecommerce").get("/exceptions/").content.decode()

    for words in ("SKU SKU-NEW-1 has no item", "Harbour Plaza", "61.50", "EUR", "Ecommerce", "in 1 d 23 h"):
        assert words in page


@pytest.mark.parametrize("address", ["/exceptions/", "/", "/handbook/"])
def test_thirty_rows_cost_as_many_queries_as_three(sign_in: SignIn, address: str) -> None:
    client = sign_in("Warehouse")
    for number in range(3):
        HoldFactory(cause_key=f"SKU-{number}")
    refresh_cases()
    few = _queries(client, address)
    for number in range(3, 30):
        HoldFactory(cause_key=f"SKU-{number}")
    refresh_cases()

    many = _queries(client, address)

    assert many == few


def test_a_case_that_holds_thirty_orders_costs_as_many_queries_as_one_that_holds_three(sign_in: SignIn) -> None:
    client, channel = sign_in("Ecommerce"), ChannelFactory()
    for _ in range(3):
        HoldFactory(order=OrderFactory(channel=channel, is_held=True))
    refresh_cases()
    address = f"/exceptions/{Case.objects.get().pk}/"
    few = _queries(client, address)
    for _ in range(27):
        HoldFactory(order=OrderFactory(channel=channel, is_held=True))
    refresh_cases()

    many = _queries(client, address)

    assert many == few


def test_the_filters_narrow_the_list_and_each_can_be_taken_away(sign_in: SignIn) -> None:
    ours = HoldFactory(cause_key="SKU-OURS")
    HoldFactory(cause_key="SKU-THEIRS")
    refresh_cases()

    page = sign_in("Ecommerce").get(f"/exceptions/?channel={ours.order.channel.code}&words=ours").content.decode()

    assert "SKU-OURS" in page
    assert "SKU-THEIRS" not in page
    assert page.count('class="chip"') == 2


def test_htmx_is_given_the_list_alone_and_caches_are_told(sign_in: SignIn) -> None:
    answer = sign_in("Ecommerce").get("/exceptions/", headers={"HX-Request": "true", "HX-Target": "listing"})

    assert "<nav" not in answer.content.decode().split("listing-head")[0]
    assert "HX-Request" in answer["Vary"]


def test_a_session_that_ended_sends_htmx_to_the_sign_in_page(client: Client) -> None:
    answer = client.get("/exceptions/", headers={"HX-Request": "true", "HX-Target": "listing"})

    assert answer["HX-Redirect"].startswith("/accounts/login/")


def test_the_list_as_csv_holds_every_row_and_nothing_a_spreadsheet_would_run(sign_in: SignIn) -> None:
    HoldFactory(cause_key="=1+1", summary="=1+1")
    for number in range(60):
        HoldFactory(cause_key=f"SKU-{number}")
    refresh_cases()

    answer: Any = sign_in("Auditor").get("/exceptions/?format=csv")
    lines = b"".join(answer.streaming_content).decode().splitlines()

    assert len(lines) == 62
    assert lines[0].startswith("Severity,What is wrong,Channel")
    assert any("'=1+1" in line for line in lines)


def test_mapping_the_sku_on_the_case_frees_its_orders_and_says_so(sign_in: SignIn) -> None:
    case = _case_of()
    client = sign_in("Ecommerce")
    assert "Frees <strong>1 order" in client.get(f"/exceptions/{case.pk}/").content.decode()

    answer = client.post(f"/exceptions/{case.pk}/fix/", {"components": "ITEM-041 x 2"}, follow=True)

    assert "1 order goes on, worth EUR 24.50" in answer.content.decode()
    assert SkuMapping.objects.get().units_per_offer == 2
    assert not Order.objects.get().is_held
    assert AuditEntry.objects.filter(action="sku_map.set").count() == 1


@pytest.mark.parametrize("typed", ["", "ITEM-1 x 0", "ITEM-1\nITEM-1"])
def test_a_mapping_that_cannot_be_used_is_shown_again_with_the_reason_and_changes_nothing(
    sign_in: SignIn, typed: str
) -> None:
    case = _case_of()

    answer = sign_in("Ecommerce").post(f"/exceptions/{case.pk}/fix/", {"components": typed})

    assert answer.status_code == 422
    assert 'class="error"' in answer.content.decode()
    assert not SkuMapping.objects.exists()
    assert Hold.objects.get().released_at is None


def test_a_role_without_the_fix_is_told_whose_it_is_and_may_not_post_it(sign_in: SignIn) -> None:
    case = _case_of()
    client = sign_in("Warehouse")

    page = client.get(f"/exceptions/{case.pk}/").content.decode()
    refused = client.post(f"/exceptions/{case.pk}/fix/", {"components": "ITEM-1"})

    assert "Your role does not make this fix. Ecommerce does." in page
    assert refused.status_code == 403
    assert not SkuMapping.objects.exists()


def test_a_carrier_is_chosen_from_the_list_that_the_marketplace_gave(sign_in: SignIn) -> None:
    channel = ChannelFactory(found={"carriers": [{"code": "DHL", "label": "DHL Express"}]})
    parcel = ParcelFactory(order=OrderFactory(channel=channel, is_held=True, stage="shipped"), state="held")
    case = _case_of(
        order=parcel.order,
        parcel=parcel,
        kind="shipment.carrier_unmapped",
        cause_key="DHL Parcel",
        summary="No carrier",
    )
    client = sign_in("Warehouse")
    assert "DHL Express" in client.get(f"/exceptions/{case.pk}/").content.decode()

    client.post(f"/exceptions/{case.pk}/fix/", {"carrier_code": "DHL", "carrier_name": "", "tracking_url": ""})

    parcel.refresh_from_db()
    assert parcel.state == "new"


def test_a_person_takes_assigns_snoozes_and_comments_and_each_is_on_the_timeline(sign_in: SignIn) -> None:
    case, client = _case_of(), sign_in("Ecommerce")
    colleague = UserFactory(role="Ecommerce", username="colleague")

    client.post(f"/exceptions/{case.pk}/acknowledge/")
    client.post(f"/exceptions/{case.pk}/assign/", {"assignee": "colleague"})
    client.post(f"/exceptions/{case.pk}/comment/", {"text": "Asked the supplier."})
    client.post(f"/exceptions/{case.pk}/snooze/", {"hours": "4"})

    case.refresh_from_db()
    assert (case.state, case.assignee) == ("snoozed", colleague)
    page = client.get(f"/exceptions/{case.pk}/").content.decode()
    for words in ("is on it", "Assigned to colleague", "Asked the supplier.", "Snoozed for 4 h"):
        assert words in page


@pytest.mark.parametrize(
    ("path", "data"),
    [("snooze", {"hours": "9999"}), ("assign", {"assignee": "no such person"}), ("comment", {"text": ""})],
)
def test_what_cannot_be_done_with_a_case_is_a_422_and_changes_nothing(
    sign_in: SignIn, path: str, data: dict[str, str]
) -> None:
    case = _case_of()

    answer = sign_in("Ecommerce").post(f"/exceptions/{case.pk}/{path}/", data)

    case.refresh_from_db()
    assert (answer.status_code, case.state, case.events.count()) == (422, "open", 1)


def test_a_resolved_case_offers_no_fix_and_cannot_be_taken(sign_in: SignIn) -> None:
    case, client = _case_of(), sign_in("Ecommerce")
    Hold.objects.update(released_at=case.opened_at)
    refresh_cases()

    page = client.get(f"/exceptions/{case.pk}/").content.decode()
    answer = client.post(f"/exceptions/{case.pk}/acknowledge/", follow=True)

    assert "Map and release" not in page
    assert "already resolved" in answer.content.decode()


def test_today_puts_the_orders_that_miss_todays_deadline_first(sign_in: SignIn) -> None:
    order = OrderFactory(is_held=True, total_price=Decimal(99))
    HoldFactory(order=order)
    Order.objects.update(shipping_deadline_at=order.ordered_at)

    page = sign_in("Warehouse").get("/").content.decode()

    assert "1 order misses today" in page
    assert "99.00" in page


def test_today_opens_with_the_readers_own_team_and_shows_any_other(sign_in: SignIn) -> None:
    client = sign_in("Finance preparer")

    assert "Today, finance" in client.get("/").content.decode()
    assert "Today, warehouse" in client.get("/?team=warehouse").content.decode()


def test_silent_workers_are_said_on_every_page(sign_in: SignIn) -> None:
    client = sign_in("Auditor")
    assert "The workers have been silent" not in client.get("/").content.decode()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO core_canarybeat VALUES ('watch', now() - interval '1 hour', now() - interval '1 hour')"
        )

    assert "The workers have been silent" in client.get("/handbook/").content.decode()


def test_my_settings_are_saved_and_times_follow_them(sign_in: SignIn) -> None:
    client = sign_in("Warehouse")

    client.post("/settings/", {"time_zone": "Asia/Tokyo", "theme": "dark"})
    bad = client.post("/settings/", {"time_zone": "Nowhere/Land", "theme": "dark"})

    page = client.get("/settings/").content.decode()
    assert 'data-theme="dark"' in page
    assert '<option value="Asia/Tokyo" selected>' in page
    assert bad.status_code == 422


def test_no_page_of_the_desk_shows_a_key(sign_in: SignIn) -> None:
    ChannelFactory(api_key="key-that-must-not-show")
    assert Channel.objects.get().api_key == "key-that-must-not-show"

    for address in ("/", "/exceptions/", "/handbook/", "/settings/"):
        assert "key-that-must-not-show" not in sign_in("Admin").get(address).content.decode()


def _invalid(order: Order, field: str, value: str) -> Hold:
    hold: Hold = HoldFactory(
        order=order,
        kind="order.invalid_data",
        cause_key=f"{order.order_id}:{field}",
        summary=f"Order {order.order_id}: {field} is too long",
        detail={"field": field, "rule": "length", "value": value, "message": "the warehouse takes 30"},
    )
    return hold


def test_all_that_is_wrong_with_an_order_is_one_case_corrected_in_one_go(sign_in: SignIn) -> None:
    order = OrderFactory(is_held=True)
    for field in ("ship_to.name", "bill_to.name"):
        _invalid(order, field, "A Name That Is Much Too Long For It")
    refresh_cases()
    case, client = Case.objects.get(), sign_in("Warehouse")
    assert "A Name That Is Much Too Long For It" in client.get(f"/exceptions/{case.pk}/").content.decode()

    client.post(f"/exceptions/{case.pk}/fix/", {"ship_to.name": "A Short Name", "bill_to.name": "A Short Name"})

    order.refresh_from_db()
    assert order.corrections == {"ship_to.name": "A Short Name", "bill_to.name": "A Short Name"}
    assert not order.is_held


def test_a_role_that_may_not_see_buyers_corrects_without_being_shown_the_value(sign_in: SignIn) -> None:
    order = OrderFactory(is_held=True)
    _invalid(order, "ship_to.name", "A Name That Is Much Too Long For It")
    refresh_cases()

    page = sign_in("Ecommerce").get(f"/exceptions/{Case.objects.get().pk}/").content.decode()

    assert "Ship-to name" in page
    assert "A Name That Is Much Too Long For It" not in page


def test_what_was_dealt_with_outside_is_closed_by_a_note_that_stays(sign_in: SignIn) -> None:
    case = _case_of(kind="order.cancelled_after_release", cause_key="X", summary="Cancelled, and on the floor")
    client = sign_in("Warehouse")
    assert "Dealt with outside" in client.get(f"/exceptions/{case.pk}/").content.decode()
    empty = client.post(f"/exceptions/{case.pk}/settle/", {"note": " "})

    client.post(f"/exceptions/{case.pk}/settle/", {"note": "Stopped on the floor"})

    assert empty.status_code == 422
    assert Hold.objects.get().released_at is not None
    assert "Stopped on the floor" in Order.objects.get().events.order_by("-id").values_list("summary", flat=True)[0]


def test_a_case_that_is_not_settled_by_word_refuses_the_note(sign_in: SignIn) -> None:
    case = _case_of()

    answer = sign_in("Ecommerce").post(f"/exceptions/{case.pk}/settle/", {"note": "never mind"})

    assert answer.status_code == 422
    assert Hold.objects.get().released_at is None


def test_the_preview_shows_the_order_before_and_after_and_saves_nothing(sign_in: SignIn) -> None:
    address = {
        "firstname": "Blue",
        "lastname": "Example",
        "street_1": "1 Sample Road",
        "city": "Sampleton",
        "zip_code": "12345",
        "country_iso_code": "FRA",
    }
    order = OrderFactory(is_held=True, customer={"shipping_address": address, "billing_address": address})
    OrderLineFactory(order=order, offer_sku="SKU-NEW-1", quantity=2)
    case = _case_of(order=order)
    client = sign_in("Ecommerce")

    page = client.post(f"/exceptions/{case.pk}/fix/", {"components": "ITEM-041", "preview": "1"}).content.decode()

    assert "Nothing would be sent" in page
    assert "ITEM-041" in page.split("With this fix")[1]
    assert "Sample Road" not in page
    assert not SkuMapping.objects.exists()


def test_suggestions_come_with_their_evidence_and_fill_the_form_only_when_asked(sign_in: SignIn) -> None:
    case = _case_of()
    assert case.channel is not None
    sister = ChannelFactory(warehouse=case.channel.warehouse, name="Sister shop")
    SkuMappingFactory(channel=sister, offer_sku="SKU-NEW-1", item_number="ITEM-041")
    client = sign_in("Ecommerce")

    page = client.get(f"/exceptions/{case.pk}/suggestions/").content.decode()
    filled = client.get(f"/exceptions/{case.pk}/?item=ITEM-041").content.decode()

    assert "Sister shop maps it so" in page
    assert ">\nITEM-041</textarea>" in filled
    assert SkuMapping.objects.count() == 1
