import json
import zlib
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from core.models import Effect, EffectAttempt
from exceptions.services.refresh_cases import refresh_cases
from integration.models import Order, OrderLineItem, OrderMessage
from tests.factories.lanes import (
    HoldFactory,
    OrderFactory,
    OrderLineFactory,
    ParcelFactory,
    ParcelLineFactory,
)
from tests.web.conftest import SignIn
from tests.web.orders.passports import (
    ADDRESS,
    NOW,
    PERSONAL,
    make_call,
    make_effect,
    make_event,
    make_order,
    passport_of,
)

pytestmark = pytest.mark.django_db


def _full(order: Order, number: int) -> None:
    """Give the order `number` of everything a passport shows."""
    for n in range(number):
        line = OrderLineFactory(order=order, position=n + 1)
        OrderLineItem.objects.create(
            line=line, wms_line_number=f"{n}", item_number="ITEM-1", quantity=1, units_per_offer=1
        )
        ParcelLineFactory(parcel=ParcelFactory(order=order), line=line)
        HoldFactory(order=order, line=line, cause_key=f"SKU-{n}")
        make_event(order, f"Event {n}")
        effect = make_effect(order, "mirakl.confirm_parcel", payload={"n": n}) if n == 0 else Effect.objects.get()
        EffectAttempt.objects.create(effect=effect, attempt=n, phase="send", at=NOW, outcome_class="ok")
        make_call(effect)
        OrderMessage.objects.create(order=order, received_at=NOW, sha256=f"{n:064d}", body=zlib.compress(b'{"n": 1}'))


def test_thirty_of_everything_cost_as_many_queries_as_three(sign_in: SignIn) -> None:
    client, order = sign_in("Admin"), make_order(is_held=True)
    few = _queries_after(client, order, 3)
    other = make_order(is_held=True)
    Effect.objects.all().delete()

    many = _queries_after(client, other, 30)

    assert many == few


def _queries_after(client: Client, order: Order, number: int) -> int:
    _full(order, number)
    passport_of(client, order)
    with CaptureQueriesContext(connection) as captured:
        passport_of(client, order)
    return len(captured)


@pytest.mark.parametrize("role", ["Warehouse", "Ecommerce", "Finance preparer", "Finance approver", "Admin", "Auditor"])
def test_every_role_reads_a_passport_of_an_order_at_its_beginning(sign_in: SignIn, role: str) -> None:
    order = OrderFactory(stage="received", mirakl_state="WAITING_ACCEPTANCE", shipping_deadline_at=None)

    page = passport_of(sign_in(role), order)

    assert order.order_id in page
    assert order.wms_number in page
    assert "Nothing has left the warehouse yet." in page


def test_an_order_that_is_not_there_is_not_found(sign_in: SignIn) -> None:
    assert sign_in("Warehouse").get("/orders/987654321/").status_code == 404


def test_nobody_reads_a_passport_without_a_role(client: Client, sign_in: SignIn) -> None:
    address = f"/orders/{OrderFactory().pk}/"

    assert client.get(address).status_code == 302
    assert sign_in("").get(address).status_code == 403


def test_each_open_hold_is_named_and_leads_to_its_own_case(sign_in: SignIn) -> None:
    order = make_order(is_held=True)
    HoldFactory(order=order, cause_key="SKU & 1", summary="SKU & 1 has no item")
    HoldFactory(order=order, cause_key="OLD", summary="Released long ago", released_at=NOW)
    HoldFactory(cause_key="SKU & 1", summary="SKU & 1 has no item")
    refresh_cases()
    client = sign_in("Warehouse")

    answer = client.get(f"/orders/{order.pk}/")

    assert "SKU &amp; 1 has no item" in answer.content.decode()
    assert "Released long ago" not in answer.content.decode()
    cases = client.get(answer.context["held"][0].case_url).content.decode()
    assert cases.count("SKU &amp; 1 has no item") == 1
    assert order.channel.name in cases


def test_lines_show_how_far_their_units_went(sign_in: SignIn) -> None:
    order = make_order(in_wms_at=NOW, stage="shipped")
    line = OrderLineFactory(order=order, quantity=5, quantity_accepted=4, quantity_cancelled=1)
    for item, units in (("ITEM-A", 2), ("ITEM-B", 1)):
        OrderLineItem.objects.create(
            line=line, wms_line_number=item, item_number=item, quantity=Decimal(3 * units), units_per_offer=units
        )
    for state, quantity in (("confirmed", 1), ("new", 1), ("withdrawn", 1)):
        ParcelLineFactory(parcel=ParcelFactory(order=order, state=state), line=line, quantity=quantity)

    row = sign_in("Warehouse").get(f"/orders/{order.pk}/").context["lines"][0]

    told = (row.line.quantity, row.line.quantity_accepted, row.in_wms, row.shipped, row.confirmed)
    assert told == (5, 4, 3, 2, 1)
    assert row.line.quantity_cancelled == 1


def test_units_of_items_are_written_without_an_exponent(sign_in: SignIn) -> None:
    line = OrderLineFactory(order=make_order())
    OrderLineItem.objects.create(
        line=line, wms_line_number="1", item_number="ITEM-A", quantity=Decimal("100.000"), units_per_offer=1
    )

    page = passport_of(sign_in("Warehouse"), line.order)

    assert "x 100<" in page


def test_the_ship_to_is_for_those_who_see_buyers_and_for_nobody_else(sign_in: SignIn) -> None:
    order = make_order(corrections={"ship_to.name": "Robin S."})
    raw = {"order_id": order.order_id, "customer": {"shipping_address": ADDRESS, "email": "robin@example.com"}}
    OrderMessage.objects.create(
        order=order, received_at=NOW, sha256="1" * 64, body=zlib.compress(json.dumps(raw).encode())
    )
    sent = {"shipToAddress": {"name": "Robin Sample", "addressLine1": "1 Sample Street", "city": "Sampletown"}}
    effect = make_effect(order, "deposco.create_order", payload=sent)
    EffectAttempt.objects.create(effect=effect, attempt=1, phase="send", at=NOW, outcome_class="ok")

    seen, answer = passport_of(sign_in("Warehouse"), order), sign_in("Ecommerce").get(f"/orders/{order.pk}/")

    hidden = answer.content.decode()
    assert answer.context["ship_to"] == []
    for words in (*PERSONAL, "Robin S.", "the marketplace says: Robin Sample"):
        assert words in seen
    assert "your role does not see buyers" in hidden
    for words in PERSONAL:
        assert words not in hidden
    assert "shipToAddress" in hidden
    assert "shipping_address" in hidden


def test_the_commission_is_for_those_who_see_money(sign_in: SignIn) -> None:
    order = make_order()
    OrderLineFactory(order=order, commission=Decimal("3.21"))
    OrderLineFactory(order=order, commission=Decimal("1.00"), position=2)

    finance, warehouse = passport_of(sign_in("Finance preparer"), order), passport_of(sign_in("Warehouse"), order)

    assert "4.21" in finance
    assert "4.21" not in warehouse
    assert "your role does not see commissions" in warehouse
