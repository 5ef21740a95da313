from decimal import Decimal

import httpx
import pytest

from core.jobs import JobContext
from core.models import Effect
from integration.errors import InvalidInputError
from integration.jobs import sweep_acceptance
from integration.models import Channel, Order, OrderEvent
from integration.services.decide_order import decide_order
from integration.services.map_sku import map_sku
from integration.services.pause_connection import pause_connection
from integration.services.set_acceptance_policy import set_acceptance_policy
from integration.services.set_lanes import set_lanes
from tests.db.house import House

ACCEPT = "mirakl.accept"


def sweep() -> int:
    return sweep_acceptance.run(JobContext(scope=None, owner="test", heartbeat=lambda: None)).get("decided", 0)


def test_an_order_is_accepted_without_a_map_a_warehouse_or_stock(north: House) -> None:
    north.channel.warehouse = None
    north.channel.save(update_fields=["warehouse"])
    placed = north.place(("SKU-NEW-1", 1))

    north.poll()
    north.accept()

    assert placed.effective_accepts == 1
    assert north.order(placed).stage == "accepted"


def test_a_lost_answer_is_read_back_and_not_given_twice(north: House) -> None:
    placed = north.place()
    north.poll()
    north.world.faults.arm("mirakl", "OR21", "reset_after")

    north.accept()
    north.skip(5)
    north.accept()

    assert (placed.accept_calls, placed.effective_accepts) == (1, 1)
    assert north.effects(ACCEPT) == ["done"]
    assert north.order(placed).accepted_at is not None


def test_an_answer_that_never_arrived_is_given_after_the_settle_time(north: House) -> None:
    placed = north.place()
    north.poll()
    north.world.faults.arm("mirakl", "OR21", "timeout_before")

    north.accept()
    for _ in range(4):
        north.skip(30)
        north.accept()

    assert placed.effective_accepts == 1


@pytest.mark.parametrize("state", ["REFUSED", "CANCELED"])
def test_a_race_that_was_lost_is_nobodys_work(north: House, state: str) -> None:
    placed = north.place()
    north.poll()
    placed.body["order_state"] = state
    for line in placed.lines:
        line["order_line_state"] = state
    placed.touch(north.world.clock.seconds())

    north.accept()

    order = north.order(placed)
    assert north.effects(ACCEPT) == ["done"]
    assert order.stage in ("refused", "cancelled")
    assert order.accepted_at is None
    assert north.holds() == []
    assert OrderEvent.objects.filter(order=order, kind="overtaken").count() == 1


def test_a_person_who_answered_in_the_marketplaces_pages_first_is_right(north: House) -> None:
    placed = north.place(("SKU-001", 1), ("SKU-002", 1))
    north.poll()
    answers = {line["order_line_id"]: position == 0 for position, line in enumerate(placed.lines)}
    north.operator.accept(placed, answers, north.world.clock.seconds())

    north.accept()
    north.skip(5)
    north.poll()

    order = north.order(placed)
    assert north.effects(ACCEPT) == ["done"]
    assert [line.quantity_live for line in order.lines.order_by("position")] == [1, 0]
    assert north.holds() == []


def test_an_answer_that_mirakl_will_not_take_is_held_before_the_deadline_and_can_be_tried_again(north: House) -> None:
    set_acceptance_policy(channel=north.channel, policy={"unmapped_sku": "refuse"}, by=None)
    north.operator.partial_acceptance = False
    north.map("SKU-001")
    placed = north.place(("SKU-001", 1), ("SKU-NEW-1", 1))
    north.poll()

    north.accept()

    order = north.order(placed)
    hold = order.holds.get(released_at=None)
    assert (hold.kind, hold.cause_key) == ("order.acceptance_failed", placed.id)
    assert "PARTIAL" in hold.summary

    decide_order(order=order, answers=dict.fromkeys([line.line_id for line in order.lines.all()], True), by=None)
    north.skip(60)
    north.accept()
    north.skip(60)
    north.accept()

    assert placed.effective_accepts == 1
    assert north.holds() == []


def test_a_policy_that_refuses_leaves_the_refused_lines_out_of_the_warehouse(north: House) -> None:
    set_acceptance_policy(channel=north.channel, policy={"unmapped_sku": "refuse"}, by=None)
    north.map("SKU-001")
    placed, _ = north.ready(("SKU-001", 1), ("SKU-NEW-1", 1))

    north.prepare()
    north.create()

    (there,) = north.tenant.orders.values()
    assert [line["itemNumber"] for line in there.lines] == ["ITEM-001"]
    assert [line["order_line_state"] for line in placed.lines] == ["SHIPPING", "REFUSED"]


def test_an_order_that_the_policy_holds_is_answered_when_its_sku_is_mapped(north: House) -> None:
    set_acceptance_policy(channel=north.channel, policy={"unmapped_sku": "hold"}, by=None)
    placed = north.place(("SKU-NEW-1", 1))
    north.poll()
    assert north.holds() == [("order.acceptance_failed", placed.id)]

    freed = map_sku(channel=north.channel, offer_sku="SKU-NEW-1", components=[("ITEM-001", Decimal(1))], by=None)
    decided = sweep()
    north.accept()

    assert (freed.freed_orders, decided) == (1, 1)
    assert placed.effective_accepts == 1


def test_a_policy_that_cannot_be_read_keeps_no_order_waiting(north: House) -> None:
    Channel.objects.filter(pk=north.channel.pk).update(acceptance_policy={"nonsense": 1})
    north.channel.refresh_from_db()
    placed = north.place()

    north.poll()
    north.accept()

    assert placed.effective_accepts == 1


def test_a_policy_with_a_word_that_is_none_is_refused_with_its_field(north: House) -> None:
    with pytest.raises(InvalidInputError) as caught:
        set_acceptance_policy(channel=north.channel, policy={"unmapped_sku": "maybe"}, acceptance_hours=0, by=None)

    assert set(caught.value.problems) == {"unmapped_sku", "acceptance_hours"}


def test_orders_that_arrived_while_the_lane_was_off_are_answered_when_it_is_on(north: House) -> None:
    set_lanes(channel=north.channel, lanes=[], by=None)
    placed = north.place()
    north.poll()
    assert north.effects(ACCEPT) == []

    set_lanes(channel=north.channel, lanes=["acceptance"], by=None)
    sweep()
    north.accept()

    assert placed.effective_accepts == 1


def test_what_others_ship_does_not_fill_the_sweep(north: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_acceptance, "BATCH", 1)
    theirs = north.place()
    north.skip(1)
    mine = north.place()
    set_lanes(channel=north.channel, lanes=[], by=None)
    theirs.body["fulfillment"] = {"center": {"code": "OPERATOR-1"}}
    north.poll()
    set_lanes(channel=north.channel, lanes=["acceptance"], by=None)

    decided = sweep()

    assert decided == 1
    assert Effect.objects.get(kind=ACCEPT).business_key == mine.id


@pytest.mark.parametrize("stop", ["lane", "pause"])
def test_switching_the_lane_off_or_pausing_the_shop_stops_answers_that_were_decided(north: House, stop: str) -> None:
    placed = north.place()
    north.poll()
    if stop == "lane":
        set_lanes(channel=north.channel, lanes=["import"], by=None)
    else:
        pause_connection(connection=north.channel, paused=True, by=None)

    north.accept()
    before = placed.effective_accepts
    set_lanes(channel=north.channel, lanes=["acceptance"], by=None)
    pause_connection(connection=north.channel, paused=False, by=None)
    north.skip(20)
    north.accept()

    assert (before, placed.effective_accepts) == (0, 1)


def test_a_person_answers_every_line_once_and_only_while_mirakl_waits(north: House) -> None:
    set_acceptance_policy(channel=north.channel, policy={"unmapped_sku": "hold"}, by=None)
    placed = north.place(("SKU-NEW-1", 1), ("SKU-001", 1))
    north.poll()
    order = north.order(placed)
    lines = [line.line_id for line in order.lines.order_by("position")]

    with pytest.raises(InvalidInputError):
        decide_order(order=order, answers={lines[0]: True}, by=None)
    decide_order(order=order, answers={lines[0]: False, lines[1]: True}, by=None)
    with pytest.raises(InvalidInputError):
        decide_order(order=order, answers=dict.fromkeys(lines, True), by=None)
    north.accept()

    assert [line["order_line_state"] for line in placed.lines] == ["REFUSED", "WAITING_DEBIT"]
    assert north.holds() == []


def test_throttling_waits_as_long_as_it_was_asked_to(north: House) -> None:
    placed = north.place()
    north.poll()
    north.gate.before = lambda request: (
        httpx.Response(429, json={}, headers={"retry-after": "30"}) if request.url.path.endswith("/accept") else None
    )
    north.accept()
    north.gate.before = lambda _request: None

    north.skip(20)
    north.accept()
    early = placed.effective_accepts
    north.skip(15)
    north.accept()

    assert (early, placed.effective_accepts) == (0, 1)


def test_all_orders_of_a_batch_have_an_outcome_of_their_own(north: House) -> None:
    placed = [north.place() for _ in range(20)]
    north.poll()
    north.world.faults.arm("mirakl", "OR21", "error_500_before", count=3)

    north.accept()
    for _ in range(4):
        north.skip(30)
        north.accept()

    assert [order.effective_accepts for order in placed] == [1] * 20
    assert Order.objects.filter(stage="accepted").count() == 20
