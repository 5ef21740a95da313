from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from core.clock import db_now
from core.models import Effect
from integration.mirakl.schemas import Order as WireOrder
from integration.models import Order, OrderEvent, OrderMessage
from integration.services.store_orders import store_orders
from sandbox.clock import iso
from sandbox.mirakl.state import SandboxOrder
from tests.db.house import House

CREATE = "deposco.create_order"


def wire(placed: SandboxOrder, **more: Any) -> WireOrder:
    raw = {**placed.body, **more}
    return WireOrder.model_validate({**raw, "raw": raw})


def at(house: House, seconds: float) -> str:
    return iso(house.world.clock.seconds() + seconds) or ""


def test_storing_a_page_twice_is_storing_it_once(north: House) -> None:
    placed = north.place(("SKU-001", 2), ("SKU-001", 1))

    first = store_orders(channel=north.channel, orders=[wire(placed)])
    again = store_orders(channel=north.channel, orders=[wire(placed), wire(placed)])

    assert (first.new, again.new, again.changed, again.same) == (1, 0, 0, 1)
    assert Order.objects.get().lines.count() == 2
    assert OrderMessage.objects.count() == 1
    assert Effect.objects.filter(kind="mirakl.accept").count() == 1


def test_an_older_message_never_overwrites_a_newer_one(north: House) -> None:
    placed = north.place()
    newer = wire(placed, order_state="SHIPPING", last_updated_date=at(north, 60))
    older = wire(placed, order_state="WAITING_DEBIT", last_updated_date=at(north, 30))

    store_orders(channel=north.channel, orders=[newer])
    result = store_orders(channel=north.channel, orders=[older])

    order = Order.objects.get()
    assert (result.changed, order.mirakl_state, order.stage) == (0, "SHIPPING", "ready")


def test_of_two_messages_on_one_page_the_newer_counts_whatever_their_order(north: House) -> None:
    placed = north.place()
    newer = wire(placed, order_state="SHIPPING", last_updated_date=at(north, 60))
    older = wire(placed, order_state="WAITING_DEBIT", last_updated_date=at(north, 30))

    store_orders(channel=north.channel, orders=[newer, older])

    assert Order.objects.get().mirakl_state == "SHIPPING"


def test_a_message_that_tells_no_time_is_news_and_blocks_no_later_one(north: House) -> None:
    placed = north.place()
    store_orders(channel=north.channel, orders=[wire(placed, last_updated_date=None)])
    store_orders(channel=north.channel, orders=[wire(placed, last_updated_date=None, order_state="WAITING_DEBIT")])

    store_orders(channel=north.channel, orders=[wire(placed, last_updated_date=at(north, 0), order_state="SHIPPING")])

    assert Order.objects.get().mirakl_state == "SHIPPING"


def test_an_order_moves_onward_only_and_an_unknown_state_is_kept_as_it_is(north: House) -> None:
    placed = north.place()
    for seconds, state in enumerate(("SHIPPING", "WAITING_DEBIT_PAYMENT", "A_STATE_OF_TOMORROW")):
        store_orders(
            channel=north.channel, orders=[wire(placed, order_state=state, last_updated_date=at(north, seconds))]
        )

    order = Order.objects.get()
    assert (order.stage, order.mirakl_state) == ("ready", "A_STATE_OF_TOMORROW")


def test_staging_is_not_taken_in(north: House) -> None:
    result = store_orders(channel=north.channel, orders=[wire(north.place(), order_state="STAGING")])

    assert result.new == 0
    assert not Order.objects.exists()


def test_the_same_order_id_on_two_shops_makes_two_orders(north: House) -> None:
    other = north.connect_channel("north", 2002, "OTHER")
    placed = north.place()

    store_orders(channel=north.channel, orders=[wire(placed)])
    store_orders(channel=other, orders=[wire(placed)])

    assert Order.objects.values("wms_number").distinct().count() == 2


def test_an_order_that_waits_for_acceptance_has_a_deadline_from_the_channels_hours(north: House) -> None:
    placed = north.place()

    store_orders(channel=north.channel, orders=[wire(placed)])

    order = Order.objects.get()
    assert order.acceptance_deadline_at == order.ordered_at + timedelta(hours=24)
    assert Effect.objects.get().deadline_at == order.acceptance_deadline_at


def test_an_order_that_the_operator_accepted_by_itself_is_sent_no_answer(north: House) -> None:
    north.operator.auto_accept = True
    placed = north.place()

    north.poll()

    order = north.order(placed)
    assert order.stage in ("awaiting_debit", "ready")
    assert order.accepted_at is not None
    assert north.effects("mirakl.accept") == []


OPERATOR_SHIPS = {"fulfillment": {"center": {"code": "OPERATOR-1"}}}


@pytest.mark.parametrize(
    "change",
    [OPERATOR_SHIPS, {**OPERATOR_SHIPS, "can_shop_ship": False}, {"fulfillment": None, "can_shop_ship": False}],
)
def test_what_somebody_else_ships_is_stored_and_neither_answered_nor_imported(
    north: House, change: dict[str, Any]
) -> None:
    placed = north.place()
    placed.body.update(change)
    north.poll()
    placed.body["order_state"] = "SHIPPING"
    placed.touch(north.world.clock.seconds())
    north.poll()

    north.prepare()

    assert north.effects("mirakl.accept") == []
    assert north.effects(CREATE) == []
    assert north.holds() == []


def test_a_shop_that_cannot_ship_yet_answers_its_order_all_the_same(north: House) -> None:
    placed = north.place()
    placed.body["can_shop_ship"] = False

    north.poll()

    assert len(north.effects("mirakl.accept")) == 1


def test_what_may_not_be_shipped_just_now_is_imported_when_it_may(north: House) -> None:
    north.map("SKU-001")
    placed, _ = north.ready()
    seen = []

    for may_ship in (False, True):
        north.skip(1)
        placed.body["can_shop_ship"] = may_ship
        placed.touch(north.world.clock.seconds())
        north.poll()
        north.prepare()
        seen.append(len(north.effects(CREATE)))

    assert seen == [0, 1]


def test_an_address_that_comes_late_is_taken_and_one_that_is_left_out_later_is_kept(north: House) -> None:
    placed = north.place()
    north.poll()
    home = {"lastname": "Sample", "street_1": "1 Sample Street", "city": "Sampletown", "country_iso_code": "FRA"}
    store_orders(
        channel=north.channel,
        orders=[wire(placed, customer={"shipping_address": home}, last_updated_date=at(north, 1))],
    )
    store_orders(
        channel=north.channel,
        orders=[wire(placed, customer={"shipping_address": None}, last_updated_date=at(north, 2))],
    )

    assert Order.objects.get().customer["shipping_address"]["street_1"] == "1 Sample Street"


def test_a_line_that_a_message_names_twice_is_one_line(north: House) -> None:
    placed = north.place()
    line = placed.lines[0]

    store_orders(channel=north.channel, orders=[wire(placed, order_lines=[line, dict(line)])])

    assert Order.objects.get().lines.count() == 1


def test_amounts_and_odd_currencies_are_kept_as_far_as_they_make_sense(north: House) -> None:
    placed = north.place()

    store_orders(channel=north.channel, orders=[wire(placed, currency_iso_code="EURO", total_price=Decimal("24.10"))])

    order = Order.objects.get()
    assert (order.currency, order.total_price) == ("", Decimal("24.10"))


@pytest.mark.parametrize("count", [3, 30])
def test_a_page_costs_the_same_number_of_statements_whatever_it_holds(
    north: House, count: int, request: pytest.FixtureRequest
) -> None:
    pages = [wire(north.place()) for _ in range(count)]

    with CaptureQueriesContext(
        connection,
    ) as queries:
        store_orders(channel=north.channel, orders=pages)

    assert len(queries) <= 16


def test_the_passport_tells_each_step_once(north: House) -> None:
    placed, order = north.in_warehouse()

    kinds = list(OrderEvent.objects.filter(order=order).order_by("id").values_list("kind", flat=True))

    assert kinds[0] == "received"
    assert kinds.count("stage.in_wms") == 1
    assert kinds.count("stage.ready") == 1
    assert order.in_wms_at is not None
    assert order.in_wms_at <= db_now()
    assert placed.state == "SHIPPING"
