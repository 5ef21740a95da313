from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from core.limits import close_breaker, open_breaker
from core.models import Effect, Periodic
from exceptions.models import Case, CaseRecord
from exceptions.services.refresh_cases import refresh_cases
from integration.models import Order, UnreadableRecord
from integration.services.release_holds import release_holds
from tests.factories.lanes import ChannelFactory, HoldFactory, OrderFactory
from tests.factories.people import UserFactory

pytestmark = pytest.mark.django_db


def test_three_orders_with_one_cause_are_one_case_with_their_count_value_and_earliest_deadline() -> None:
    channel = ChannelFactory()
    orders = [
        OrderFactory(channel=channel, is_held=True, total_price=Decimal(10 * number), currency="EUR")
        for number in (1, 2, 3)
    ]
    for order in orders:
        HoldFactory(order=order)

    counts = refresh_cases()

    case = Case.objects.get()
    assert counts["opened"] == 1
    assert (case.team, case.order_count, case.value, case.currency) == ("ecommerce", 3, Decimal(60), "EUR")
    assert case.deadline_at == min(order.shipping_deadline_at for order in orders)
    assert case.events.get().kind == "opened"


def test_the_same_cause_on_another_channel_is_another_case() -> None:
    HoldFactory()
    HoldFactory()

    refresh_cases()

    assert Case.objects.count() == 2


def test_a_second_look_at_the_same_facts_changes_nothing() -> None:
    HoldFactory()
    refresh_cases()
    touched = Case.objects.get().touched_at

    counts = refresh_cases()

    assert not any(counts.values())
    assert Case.objects.get().touched_at == touched


def test_a_case_closes_by_itself_when_nothing_is_held_by_it_and_says_so() -> None:
    hold = HoldFactory()
    refresh_cases()
    release_holds(hold_ids=[hold.pk], by=None, how="The tracking number arrived")

    refresh_cases()

    case = Case.objects.get()
    assert (case.state, case.resolved_how, case.record_count) == ("resolved", "by itself", 0)
    assert CaseRecord.objects.get().freed_at is not None


def test_a_case_that_a_persons_fix_closed_names_the_person() -> None:
    person = UserFactory(role="Ecommerce")
    hold = HoldFactory()
    refresh_cases()
    release_holds(hold_ids=[hold.pk], by=person, how="SKU mapped")

    refresh_cases()

    case = Case.objects.get()
    assert (case.resolved_how, case.resolved_by) == ("by us", person)


def test_a_cause_that_comes_back_reopens_its_case_as_regressed() -> None:
    hold = HoldFactory()
    refresh_cases()
    release_holds(hold_ids=[hold.pk], by=None, how="gone")
    refresh_cases()
    Order.objects.update(is_held=True)
    HoldFactory(order=hold.order)

    refresh_cases()

    case = Case.objects.get()
    assert (case.state, case.regressions, case.resolved_at) == ("open", 1, None)
    assert list(case.events.order_by("id").values_list("kind", flat=True)) == ["opened", "resolved", "regressed"]


def test_a_snoozed_case_wakes_when_its_time_is_over_and_stays_asleep_before() -> None:
    HoldFactory()
    refresh_cases()
    Case.objects.update(state="snoozed", snoozed_until=timezone.now() + timedelta(hours=1))
    refresh_cases()
    assert Case.objects.get().state == "snoozed"
    Case.objects.update(snoozed_until=timezone.now() - timedelta(seconds=1))

    refresh_cases()

    assert Case.objects.get().state == "open"


def test_orders_past_their_dispatch_deadline_are_a_case_for_the_warehouse_until_they_are_confirmed() -> None:
    order = OrderFactory(stage="in_wms", shipping_deadline_at=timezone.now() - timedelta(minutes=5))
    refresh_cases()
    assert Case.objects.get().kind == "order.dispatch_late"
    assert Case.objects.get().team == "warehouse"
    Order.objects.filter(pk=order.pk).update(stage="confirmed")

    refresh_cases()

    assert Case.objects.get().state == "resolved"


def test_an_order_nobody_accepts_is_a_case_two_hours_before_it_is_refused_until_it_is_decided() -> None:
    channel = ChannelFactory(acceptance_hours=24)
    now = timezone.now()
    order = OrderFactory(channel=channel, stage="received", ordered_at=now - timedelta(hours=23))
    OrderFactory(channel=channel, stage="received", ordered_at=now - timedelta(hours=2))
    refresh_cases()
    case = Case.objects.get()
    assert (case.kind, case.order_count) == ("order.acceptance_at_risk", 1)
    assert case.deadline_at == order.ordered_at + timedelta(hours=24)
    Order.objects.filter(pk=order.pk).update(stage="accepted")

    refresh_cases()

    assert Case.objects.get().state == "resolved"


def test_a_connection_that_does_not_work_is_a_case_until_it_answers() -> None:
    open_breaker("conn:mirakl:NORTH", 60, "The key or password was refused")
    refresh_cases()
    case = Case.objects.get()
    assert (case.kind, case.connection, case.team) == ("connection.down", "mirakl:NORTH", "operations")
    close_breaker("conn:mirakl:NORTH")

    refresh_cases()

    assert Case.objects.get().state == "resolved"


def test_a_job_that_missed_its_beat_is_a_case_until_it_runs() -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    beat = Periodic.objects.create(
        name="import.send", job="import.send", queue="import", every_seconds=2, next_due=long_ago, last_ok_at=long_ago
    )
    refresh_cases()
    assert (Case.objects.get().kind, Case.objects.get().cause_key) == ("job.overdue", "import.send")
    Periodic.objects.filter(pk=beat.pk).update(last_ok_at=timezone.now())

    refresh_cases()

    assert Case.objects.get().state == "resolved"


def test_a_record_that_cannot_be_read_is_a_case_until_it_is_cleared() -> None:
    record = UnreadableRecord.objects.create(
        connection="mirakl:NORTH",
        feed="orders",
        external_id="A-1",
        sha256="0",
        body={},
        problem="no lines",
        seen_at=timezone.now(),
    )
    refresh_cases()
    assert Case.objects.get().kind == "record.unreadable"
    UnreadableRecord.objects.filter(pk=record.pk).update(cleared_at=timezone.now())

    refresh_cases()

    assert Case.objects.get().state == "resolved"


def test_a_message_given_up_is_a_case_of_its_own_only_where_no_hold_tells_of_it() -> None:
    effects = [
        Effect.objects.create(
            kind="mirakl.accept",
            connection="mirakl:NORTH",
            business_key=key,
            payload_hash="0",
            state="parked",
            parked_code="bug",
            next_attempt_at=timezone.now(),
            created_at=timezone.now(),
        )
        for key in ("A", "B")
    ]
    HoldFactory(kind="order.acceptance_failed", effect_id=effects[0].pk)
    refresh_cases()
    case = Case.objects.get(kind="effect.parked")
    assert case.record_count == 1
    Effect.objects.filter(pk=effects[1].pk).update(state="done")

    refresh_cases()

    assert Case.objects.get(kind="effect.parked").state == "resolved"
