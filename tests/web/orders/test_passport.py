import json
import zlib
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.models import AuditEntry, CallLog, Effect, EffectAttempt
from exceptions.services.refresh_cases import refresh_cases
from integration.gateways import profile_of
from integration.models import Hold, Order, OrderEvent, OrderLineItem, OrderMessage
from integration.queries.order_passport import stages_of
from integration.queries.order_timeline import EFFECTS, SHOWN, timeline_of
from integration.services.effects import HANDLERS
from tests.factories.lanes import (
    ChannelFactory,
    HoldFactory,
    OrderFactory,
    OrderLineFactory,
    ParcelFactory,
    ParcelLineFactory,
    SkuMappingFactory,
)
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
NOW = timezone.now()
ADDRESS = {
    "firstname": "Robin",
    "lastname": "Sample",
    "street_1": "1 Sample Street",
    "city": "Sampletown",
    "zip_code": "75000",
    "country_iso_code": "FRA",
    "phone": "0100000000",
}
# What only those may see who see buyers.
PERSONAL = ("Robin", "1 Sample Street", "Sampletown", "0100000000", "robin@example.com")


def _page(client: Client, order: Order, query: str = "") -> str:
    answer = client.get(f"/orders/{order.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def _order(**values: Any) -> Order:
    customer = {"shipping_address": ADDRESS, "notification_email": "robin@example.com"}
    row: Order = OrderFactory(**{"customer": customer, **values})
    return row


def _event(order: Order, summary: str, *, lane: str = "import", kind: str = "note", at: datetime = NOW) -> OrderEvent:
    return OrderEvent.objects.create(order=order, at=at, lane=lane, kind=kind, stage=order.stage, summary=summary)


def _effect(order: Order, kind: str, **values: Any) -> Effect:
    row: Effect = Effect.objects.create(
        kind=kind,
        connection="mirakl:SHOP",
        business_key=f"{kind}-{order.order_id}",
        subject_id=order.pk,
        payload_hash="0" * 64,
        next_attempt_at=NOW,
        created_at=NOW,
        **values,
    )
    return row


def _call(effect: Effect, **values: Any) -> CallLog:
    facts = {"status": 200, "request_excerpt": "", "response_excerpt": "", **values}
    return CallLog.objects.create(
        connection=effect.connection,
        operation="OR21",
        method="PUT",
        path="/api/orders/1/accept",
        started_at=NOW,
        elapsed_ms=34,
        effect_id=effect.pk,
        **facts,
    )


def _full(order: Order, number: int) -> None:
    """Give the order `number` of everything a passport shows."""
    for n in range(number):
        line = OrderLineFactory(order=order, position=n + 1)
        OrderLineItem.objects.create(
            line=line, wms_line_number=f"{n}", item_number="ITEM-1", quantity=1, units_per_offer=1
        )
        ParcelLineFactory(parcel=ParcelFactory(order=order), line=line)
        HoldFactory(order=order, line=line, cause_key=f"SKU-{n}")
        _event(order, f"Event {n}")
        effect = _effect(order, "mirakl.confirm_parcel", payload={"n": n}) if n == 0 else Effect.objects.get()
        EffectAttempt.objects.create(effect=effect, attempt=n, phase="send", at=NOW, outcome_class="ok")
        _call(effect)
        OrderMessage.objects.create(order=order, received_at=NOW, sha256=f"{n:064d}", body=zlib.compress(b'{"n": 1}'))


def test_thirty_of_everything_cost_as_many_queries_as_three(sign_in: SignIn) -> None:
    client, order = sign_in("Admin"), _order(is_held=True)
    few = _queries_after(client, order, 3)
    other = _order(is_held=True)
    Effect.objects.all().delete()

    many = _queries_after(client, other, 30)

    assert many == few


def _queries_after(client: Client, order: Order, number: int) -> int:
    _full(order, number)
    _page(client, order)
    with CaptureQueriesContext(connection) as captured:
        _page(client, order)
    return len(captured)


@pytest.mark.parametrize("role", ["Warehouse", "Ecommerce", "Finance preparer", "Finance approver", "Admin", "Auditor"])
def test_every_role_reads_a_passport_of_an_order_at_its_beginning(sign_in: SignIn, role: str) -> None:
    order = OrderFactory(stage="received", mirakl_state="WAITING_ACCEPTANCE", shipping_deadline_at=None)

    page = _page(sign_in(role), order)

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
    order = _order(is_held=True)
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
    order = _order(in_wms_at=NOW, stage="shipped")
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
    line = OrderLineFactory(order=_order())
    OrderLineItem.objects.create(
        line=line, wms_line_number="1", item_number="ITEM-A", quantity=Decimal("100.000"), units_per_offer=1
    )

    page = _page(sign_in("Warehouse"), line.order)

    assert "x 100<" in page


def test_the_ship_to_is_for_those_who_see_buyers_and_for_nobody_else(sign_in: SignIn) -> None:
    order = _order(corrections={"ship_to.name": "Robin S."})
    raw = {"order_id": order.order_id, "customer": {"shipping_address": ADDRESS, "email": "robin@example.com"}}
    OrderMessage.objects.create(
        order=order, received_at=NOW, sha256="1" * 64, body=zlib.compress(json.dumps(raw).encode())
    )
    sent = {"shipToAddress": {"name": "Robin Sample", "addressLine1": "1 Sample Street", "city": "Sampletown"}}
    effect = _effect(order, "deposco.create_order", payload=sent)
    EffectAttempt.objects.create(effect=effect, attempt=1, phase="send", at=NOW, outcome_class="ok")

    seen, answer = _page(sign_in("Warehouse"), order), sign_in("Ecommerce").get(f"/orders/{order.pk}/")

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
    order = _order()
    OrderLineFactory(order=order, commission=Decimal("3.21"))
    OrderLineFactory(order=order, commission=Decimal("1.00"), position=2)

    finance, warehouse = _page(sign_in("Finance preparer"), order), _page(sign_in("Warehouse"), order)

    assert "4.21" in finance
    assert "4.21" not in warehouse
    assert "your role does not see commissions" in warehouse


def test_the_timeline_holds_events_tries_and_calls_the_newest_first(sign_in: SignIn) -> None:
    order = _order()
    _event(order, "It was received", lane="acceptance", at=NOW - timedelta(minutes=2))
    effect = _effect(order, "mirakl.accept", payload={"lines": ["L1"]})
    EffectAttempt.objects.create(
        effect=effect,
        attempt=1,
        phase="send",
        at=NOW + timedelta(seconds=1),
        outcome_class="permanent",
        code="HTTP 400",
    )
    _call(effect, status=400, error="StatusError: HTTP 400", response_excerpt='{"message": "<b>no</b>"}')
    _call(_effect(_order(), "mirakl.accept"), error="of another order")

    entries = timeline_of(order).entries
    page = _page(sign_in("Warehouse"), order)

    assert [entry.summary for entry in entries] == [
        "Accept at the marketplace, try 1: refused (HTTP 400)",
        "Call OR21 to mirakl:SHOP: StatusError: HTTP 400 after 34 ms",
        "It was received",
    ]
    assert "&quot;message&quot;: &quot;&lt;b&gt;no&lt;/b&gt;&quot;" in page
    assert "PUT /api/orders/1/accept" in page


def test_the_timeline_is_narrowed_by_lane(sign_in: SignIn) -> None:
    order = _order()
    _event(order, "Accepted it", lane="acceptance")
    _event(order, "Imported it", lane="import")
    _call(_effect(order, "mirakl.accept"), error="accept call")
    _call(_effect(order, "deposco.create_order"), error="create call")
    client = sign_in("Warehouse")

    pages = {lane: _page(client, order, f"?lane={lane}") for lane in ("acceptance", "import", "nonsense")}

    told = {
        lane: [words for words in ("Accepted it", "Imported it", "accept call", "create call") if words in page]
        for lane, page in pages.items()
    }
    assert told == {
        "acceptance": ["Accepted it", "accept call"],
        "import": ["Imported it", "create call"],
        "nonsense": ["Accepted it", "Imported it", "accept call", "create call"],
    }


def test_a_long_timeline_says_that_it_is_cut(sign_in: SignIn) -> None:
    order = _order()
    for n in range(SHOWN + 1):
        _event(order, f"Event {n}", at=NOW + timedelta(seconds=n))

    page = _page(sign_in("Warehouse"), order)

    assert f"Only the newest {SHOWN} are shown" in page
    assert "Event 200" in page
    assert "Event 0<" not in page


def test_every_outward_write_about_an_order_has_its_words_and_its_lane() -> None:
    kinds = {handler.kind for handler in HANDLERS}

    assert kinds <= set(EFFECTS)


def test_stages_say_when_they_were_reached_how_long_they_lasted_and_which_were_late() -> None:
    order = _order(
        stage="shipped",
        first_seen_at=NOW - timedelta(hours=9),
        acceptance_deadline_at=NOW - timedelta(hours=5),
        accepted_at=NOW - timedelta(hours=8),
        ready_at=NOW - timedelta(hours=6),
        in_wms_at=NOW - timedelta(hours=5),
        shipped_at=NOW - timedelta(hours=2),
        stage_since=NOW - timedelta(hours=2),
        shipping_deadline_at=NOW - timedelta(hours=3),
    )
    _event(order, "Picking", kind="stage.picking", at=NOW - timedelta(hours=4))

    steps = {step.name: step for step in stages_of(order, NOW)}

    assert list(steps) == [
        "received", "accepted", "ready", "in_wms", "picking", "shipped", "confirmed", "delivered", "settled",
    ]  # fmt: skip
    lasted = {name: step.lasted for name, step in steps.items() if step.lasted is not None}
    assert lasted == {
        "received": timedelta(hours=1),
        "accepted": timedelta(hours=2),
        "ready": timedelta(hours=1),
        "in_wms": timedelta(hours=1),
        "picking": timedelta(hours=2),
        "shipped": timedelta(hours=2),
    }
    assert [name for name, step in steps.items() if step.is_late] == ["shipped"]
    assert [name for name, step in steps.items() if step.is_current] == ["shipped"]
    assert steps["confirmed"].reached_at is None


def test_an_order_that_ended_shows_its_exit_and_no_stage_behind_it() -> None:
    order = _order(stage="cancelled", ready_at=NOW - timedelta(hours=1), stage_since=NOW, shipping_deadline_at=NOW)

    steps = stages_of(order, NOW + timedelta(hours=5))

    assert [step.name for step in steps] == ["received", "ready", "cancelled"]
    assert [step.is_current for step in steps] == [False, False, True]
    assert not any(step.is_late for step in steps)


@pytest.mark.parametrize(
    ("stage", "deadline", "is_late"),
    [("ready", -1, True), ("ready", 1, False), ("confirmed", -1, False), ("received", -1, False)],
)
def test_a_stage_is_late_while_the_order_stands_in_it_past_the_deadline(
    stage: str, deadline: int, is_late: bool
) -> None:
    order = _order(stage=stage, stage_since=NOW - timedelta(days=1), shipping_deadline_at=NOW + timedelta(deadline))
    order.confirmed_at = NOW - timedelta(days=2) if stage == "confirmed" else None

    current = next(step for step in stages_of(order, NOW) if step.is_current)

    assert current.is_late is is_late


def _refused(**values: Any) -> Hold:
    row: Hold = HoldFactory(
        order=_order(is_held=True),
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
    assert f'action="{address}"' in _page(client, hold.order)

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
    hold, other = _refused(), _order()
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
    fresh, there = _order(), _order(in_wms_at=NOW, shipped_at=NOW)
    unmapped = HoldFactory(order=_order(is_held=True)).order

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
    hold = HoldFactory(order=_order(is_held=True, channel=ChannelFactory(code="NORTH")), kind=kind, cause_key="CAUSE")

    actions = sign_in("Warehouse").get(f"/orders/{hold.order_id}/").context["actions"]

    found = {action.label: action.url for action in actions if action.url.startswith("/")}
    assert found == {label: f"/exceptions/?tab=all&kind={kind}&channel=NORTH&words=CAUSE"}


def _ready_to_send(**values: Any) -> Order:
    order = _order(**values)
    OrderLineFactory(order=order, offer_sku="SKU-1", quantity=2, quantity_accepted=2)
    SkuMappingFactory(channel=order.channel, offer_sku="SKU-1", item_number="ITEM-9")
    return order


def test_what_would_be_sent_is_shown_on_demand_without_the_buyer_to_those_who_may_not_see_him(sign_in: SignIn) -> None:
    order = _ready_to_send()
    warehouse, reader = sign_in("Warehouse"), sign_in("Auditor")
    address = "?draft=yes"

    pages = _page(warehouse, order), _page(warehouse, order, address), _page(reader, order, address)

    assert ["What would be sent to the warehouse" in page for page in pages] == [False, True, True]
    assert ["ITEM-9" in page for page in pages] == [False, True, True]
    assert [pages[0].count("Robin Sample"), pages[1].count("Robin Sample") > 1, "Robin" in pages[2]] == [1, True, False]


def test_what_stands_in_the_way_of_sending_is_said_instead(sign_in: SignIn) -> None:
    order = _ready_to_send(customer={})
    OrderLineFactory(order=order, offer_sku="SKU-2", position=2)

    page = _page(sign_in("Warehouse"), order, "?draft=yes")

    assert "SKU SKU-2 has no item" in page
    assert "ship-to name is missing" in page


def test_a_profile_that_cannot_be_followed_is_named_and_breaks_no_page(sign_in: SignIn) -> None:
    order = _ready_to_send()
    warehouse = order.channel.warehouse
    assert warehouse is not None
    warehouse.profile = {**profile_of(warehouse).model_dump(mode="json"), "line_number": "{nonsense}"}
    warehouse.save()

    page = _page(sign_in("Warehouse"), order, "?draft=yes")

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
    order, client = _order(**values), sign_in("Warehouse")

    reasons = _reasons(client, order)
    page = _page(client, order, "?draft=yes")

    assert reasons["See what would be sent"].startswith(reason)
    assert "What would be sent to the warehouse" not in page
