from typing import Any

import pytest
from django.test import Client

from core.models import AuditEntry
from integration.gateways import profile_of
from integration.models import Hold, Order
from tests.factories.lanes import (
    ChannelFactory,
    HoldFactory,
    OrderLineFactory,
    SkuMappingFactory,
)
from tests.web.conftest import SignIn
from tests.web.orders.passports import NOW, make_order, passport_of

pytestmark = pytest.mark.django_db


def _refused(**values: Any) -> Hold:
    row: Hold = HoldFactory(
        order=make_order(is_held=True),
        kind="order.wms_rejected",
        cause_key="ORD",
        summary="The warehouse refused it",
        **values,
    )
    return row


def test_what_was_refused_is_tried_again_by_those_who_may(sign_in: SignIn) -> None:
    hold = _refused()
    client = sign_in("Warehouse")
    address = f"/orders/{hold.order_id}/retry/{hold.pk}/"
    assert f'action="{address}"' in passport_of(client, hold.order)

    answer = client.post(address, follow=True)

    hold.refresh_from_db()
    hold.order.refresh_from_db()
    assert answer.redirect_chain == [(f"/orders/{hold.order_id}/", 302)]
    assert "tried again" in answer.content.decode()
    assert hold.released_at is not None
    assert hold.released_by is not None
    assert hold.order.is_held is False
    assert AuditEntry.objects.filter(action="hold.retried", actor=hold.released_by).count() == 1


def test_a_second_try_says_that_somebody_was_quicker(sign_in: SignIn) -> None:
    hold = _refused()
    client = sign_in("Warehouse")
    address = f"/orders/{hold.order_id}/retry/{hold.pk}/"
    client.post(address)

    page = client.post(address, follow=True).content.decode()

    assert "Somebody has already released this." in page
    assert AuditEntry.objects.filter(action="hold.retried").count() == 1


def test_nothing_is_changed_by_a_role_that_may_not_by_a_get_or_for_another_order(sign_in: SignIn) -> None:
    hold, other = _refused(), make_order()
    address = f"/orders/{hold.order_id}/retry/{hold.pk}/"

    statuses = (
        sign_in("Auditor").post(address).status_code,
        sign_in("Warehouse").get(address).status_code,
        sign_in("Warehouse").post(f"/orders/{other.pk}/retry/{hold.pk}/").status_code,
    )

    hold.refresh_from_db()
    assert statuses == (403, 405, 404)
    assert hold.released_at is None


def _reasons(client: Client, order: Order) -> dict[str, str]:
    actions = client.get(f"/orders/{order.pk}/").context["actions"]
    return {action.label: action.reason for action in actions}


def test_an_impossible_action_says_why(sign_in: SignIn) -> None:
    client = sign_in("Warehouse")
    fresh, there = make_order(), make_order(in_wms_at=NOW, shipped_at=NOW)
    unmapped = HoldFactory(order=make_order(is_held=True)).order

    reasons = {
        "fresh": _reasons(client, fresh),
        "there": _reasons(client, there),
        "unmapped": _reasons(client, unmapped),
        "reader": _reasons(sign_in("Auditor"), _refused().order),
    }

    assert reasons["fresh"]["Try again"] == "Nothing was refused: there is nothing to repeat."
    assert reasons["fresh"]["Correct the data"] == "No field is waiting for a correction."
    assert reasons["there"]["Correct the data"] == "The warehouse has the order already: change it there."
    assert reasons["there"]["Enter a tracking number"].startswith("Every parcel that left has its number")
    assert reasons["unmapped"]["Try again"].startswith("It is not tried again before its cause is fixed")
    assert reasons["reader"]["Try again"].startswith("Your role does not change orders")


@pytest.mark.parametrize(
    ("kind", "label"),
    [("order.invalid_data", "Correct the data"), ("shipment.tracking_missing", "Enter a tracking number")],
)
def test_what_is_fixed_in_the_case_leads_there(sign_in: SignIn, kind: str, label: str) -> None:
    hold = HoldFactory(
        order=make_order(is_held=True, channel=ChannelFactory(code="NORTH")), kind=kind, cause_key="CAUSE"
    )

    actions = sign_in("Warehouse").get(f"/orders/{hold.order_id}/").context["actions"]

    found = {action.label: action.url for action in actions if action.url.startswith("/")}
    assert found == {label: f"/exceptions/?tab=all&kind={kind}&channel=NORTH&words=CAUSE"}


def _ready_to_send(**values: Any) -> Order:
    order = make_order(**values)
    OrderLineFactory(order=order, offer_sku="SKU-1", quantity=2, quantity_accepted=2)
    SkuMappingFactory(channel=order.channel, offer_sku="SKU-1", item_number="ITEM-9")
    return order


def test_what_would_be_sent_is_shown_on_demand_without_the_buyer_to_those_who_may_not_see_him(sign_in: SignIn) -> None:
    order = _ready_to_send()
    warehouse, reader = sign_in("Warehouse"), sign_in("Auditor")
    address = "?draft=yes"

    pages = passport_of(warehouse, order), passport_of(warehouse, order, address), passport_of(reader, order, address)

    assert ["What would be sent to the warehouse" in page for page in pages] == [False, True, True]
    assert ["ITEM-9" in page for page in pages] == [False, True, True]
    assert [pages[0].count("Robin Sample"), pages[1].count("Robin Sample") > 1, "Robin" in pages[2]] == [1, True, False]


def test_what_stands_in_the_way_of_sending_is_said_instead(sign_in: SignIn) -> None:
    order = _ready_to_send(customer={})
    OrderLineFactory(order=order, offer_sku="SKU-2", position=2)

    page = passport_of(sign_in("Warehouse"), order, "?draft=yes")

    assert "SKU SKU-2 has no item" in page
    assert "ship-to name is missing" in page


def test_a_profile_that_cannot_be_followed_is_named_and_breaks_no_page(sign_in: SignIn) -> None:
    order = _ready_to_send()
    warehouse = order.channel.warehouse
    assert warehouse is not None
    warehouse.profile = {**profile_of(warehouse).model_dump(mode="json"), "line_number": "{nonsense}"}
    warehouse.save()

    page = passport_of(sign_in("Warehouse"), order, "?draft=yes")

    assert "cannot be written as the warehouse" in page
    assert "nonsense" in page


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"stage": "shipped", "in_wms_at": NOW}, "The warehouse has the order already"),
        ({"stage": "received"}, "An order is drafted when it is ready to import."),
        ({"channel__warehouse": None}, "Its channel has no warehouse."),
    ],
)
def test_nothing_is_drafted_for_an_order_that_is_not_about_to_be_sent(
    sign_in: SignIn, values: dict[str, Any], reason: str
) -> None:
    order, client = make_order(**values), sign_in("Warehouse")

    reasons = _reasons(client, order)
    page = passport_of(client, order, "?draft=yes")

    assert reasons["See what would be sent"].startswith(reason)
    assert "What would be sent to the warehouse" not in page
