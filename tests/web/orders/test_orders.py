from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from exceptions.queries.today import urgent_orders
from integration.models import Order, OrderLine
from integration.queries.listed_orders import end_of_day, late_orders, orders_due_by, orders_matching
from tests.factories.lanes import (
    ChannelFactory,
    HoldFactory,
    OrderFactory,
    OrderLineFactory,
    ParcelFactory,
    ParcelLineFactory,
)
from tests.web.conftest import SignIn
from tests.web.orders.reading import csv_rows, queries_of, shown_in

pytestmark = pytest.mark.django_db


def _order(order_id: str, **values: Any) -> Order:
    row: Order = OrderFactory(order_id=order_id, **values)
    return row


@pytest.mark.parametrize("role", ["Warehouse", "Ecommerce", "Finance preparer", "Finance approver", "Admin", "Auditor"])
@pytest.mark.parametrize("address", ["/orders/", "/shipments/", "/search/", "/search/?q=NOTHING"])
def test_every_role_sees_the_lists_and_the_search(sign_in: SignIn, role: str, address: str) -> None:
    answer = sign_in(role).get(address)

    assert answer.status_code == 200


@pytest.mark.parametrize("address", ["/orders/", "/shipments/", "/search/?q=A"])
def test_nobody_is_sent_to_the_sign_in_page_and_no_role_sees_nothing(
    client: Client, sign_in: SignIn, address: str
) -> None:
    stranger = client.get(address)
    without_role = sign_in("").get(address)

    assert (stranger.status_code, stranger["Location"].split("?")[0]) == (302, "/accounts/login/")
    assert without_role.status_code == 403


def test_a_row_shows_what_the_order_is_and_the_first_cause_that_holds_it(sign_in: SignIn) -> None:
    order = _order("ORD-1-A", channel__name="Harbour Plaza", total_price=Decimal("61.50"), is_held=True)
    OrderLineFactory(order=order, quantity=2)
    OrderLineFactory(order=order, quantity=3, position=2)
    HoldFactory(order=order, cause_key="SKU-OLD", since=timezone.now() - timedelta(hours=2))
    HoldFactory(order=order, cause_key="SKU-YOUNG")
    HoldFactory(order=order, cause_key="SKU-FREED", since=order.ordered_at, released_at=timezone.now())

    page = sign_in("Warehouse").get("/orders/").content.decode()

    for words in (
        'data-copy="ORD-1-A"',
        "Harbour Plaza",
        "Held: ready to import",
        "61.50",
        "in 1 d 23 h",
        "2 / 5",
        "SKU SKU-OLD has no item",
        "and 1 more",
    ):
        assert words in page
    assert "SKU-FREED" not in page


def test_filters_narrow_by_channel_stage_and_whether_it_is_held(sign_in: SignIn) -> None:
    client, north = sign_in("Warehouse"), ChannelFactory(code="NORTH")
    _order("NORTH-READY", channel=north)
    _order("NORTH-SHIPPED", channel=north, stage="shipped")
    _order("OTHER-HELD", is_held=True)

    shown = {
        query: sorted(shown_in(client, f"/orders/?{query}"))
        for query in ("channel=NORTH", "stage=shipped", "held=true", "held=false", "channel=NORTH&stage=ready")
    }

    assert shown == {
        "channel=NORTH": ["NORTH-READY", "NORTH-SHIPPED"],
        "stage=shipped": ["NORTH-SHIPPED"],
        "held=true": ["OTHER-HELD"],
        "held=false": ["NORTH-READY", "NORTH-SHIPPED"],
        "channel=NORTH&stage=ready": ["NORTH-READY"],
    }


def test_late_is_past_the_deadline_and_not_confirmed(sign_in: SignIn) -> None:
    past, ahead = timezone.now() - timedelta(minutes=1), timezone.now() + timedelta(minutes=5)
    for stage in ("ready", "in_wms", "picking", "shipped"):
        _order(f"LATE-{stage}", stage=stage, shipping_deadline_at=past)
    _order("CONFIRMED", stage="confirmed", shipping_deadline_at=past)
    _order("CANCELLED", stage="cancelled", shipping_deadline_at=past)
    _order("IN-TIME", shipping_deadline_at=ahead)
    _order("WITHOUT", shipping_deadline_at=None)

    shown = shown_in(sign_in("Warehouse"), "/orders/?late=true")

    assert sorted(shown) == ["LATE-in_wms", "LATE-picking", "LATE-ready", "LATE-shipped"]


def test_held_and_due_today_lists_exactly_what_the_page_today_counts(sign_in: SignIn) -> None:
    end = end_of_day()
    _order("OVERDUE", is_held=True, shipping_deadline_at=end - timedelta(days=3))
    _order("TONIGHT", is_held=True, shipping_deadline_at=end - timedelta(seconds=2))
    _order("CANCELLED-HELD", is_held=True, stage="cancelled", shipping_deadline_at=end - timedelta(seconds=2))
    _order("TOMORROW", is_held=True, shipping_deadline_at=end + timedelta(seconds=2))
    _order("NOT-HELD", shipping_deadline_at=end)
    _order("LONG-GONE", stage="delivered", shipping_deadline_at=end - timedelta(days=90))
    client = sign_in("Warehouse")

    held = shown_in(client, "/orders/?held=true&due=today")
    due = shown_in(client, "/orders/?due=today")

    assert sorted(held) == ["CANCELLED-HELD", "OVERDUE", "TONIGHT"]
    assert urgent_orders().orders == len(held)
    assert sorted(due) == ["CANCELLED-HELD", "NOT-HELD", "OVERDUE", "TONIGHT"]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("ALPHA-1", ["ALPHA-1-A"]),
        ("alpha-1-a", ["ALPHA-1-A"]),
        ("COMMERCIAL-2", ["BETA-2-A"]),
        ("WMS-3", ["GAMMA-3-A"]),
        ("SKU-BLUE", ["ALPHA-1-A"]),
        ("SKU-BLU", []),
        ("PHA-1", []),
        ("%25", []),
        ("_LPHA", []),
    ],
)
def test_words_are_the_beginning_of_a_number_or_a_whole_offer_sku(
    sign_in: SignIn, words: str, expected: list[str]
) -> None:
    alpha = _order("ALPHA-1-A")
    _order("BETA-2-A", commercial_id="COMMERCIAL-2")
    _order("GAMMA-3-A", wms_number="WMS-3")
    OrderLineFactory(order=alpha, offer_sku="SKU-BLUE")
    OrderLineFactory(order=alpha, offer_sku="SKU-BLUE", position=2)

    shown = shown_in(sign_in("Warehouse"), f"/orders/?words={words}")

    assert shown == expected


def test_words_narrow_together_with_the_other_filters(sign_in: SignIn) -> None:
    _order("ALPHA-1", stage="shipped")
    _order("ALPHA-2")

    shown = shown_in(sign_in("Warehouse"), "/orders/?words=ALPHA&stage=shipped")

    assert shown == ["ALPHA-1"]


def test_the_four_sorts_go_both_ways_and_empty_deadlines_stand_last(sign_in: SignIn) -> None:
    client, now = sign_in("Warehouse"), timezone.now()
    _order("A", ordered_at=now, total_price=3, stage_since=now - timedelta(1), shipping_deadline_at=None)
    _order("B", ordered_at=now - timedelta(1), total_price=1, stage_since=now, shipping_deadline_at=now + timedelta(1))
    _order("C", ordered_at=now - timedelta(2), total_price=2, stage_since=now - timedelta(2))

    shown = {
        sort: "".join(shown_in(client, f"/orders/?sort={sort}"))
        for sort in (
            "",
            "ordered_at",
            "-total_price",
            "total_price",
            "stage_since",
            "-stage_since",
            "shipping_deadline_at",
            "-shipping_deadline_at",
        )
    }

    assert shown == {
        "": "ABC",
        "ordered_at": "CBA",
        "-total_price": "ACB",
        "total_price": "BCA",
        "stage_since": "CAB",
        "-stage_since": "BAC",
        "shipping_deadline_at": "CBA",
        "-shipping_deadline_at": "BCA",
    }


@pytest.mark.parametrize("address", ["/orders/", "/shipments/"])
def test_thirty_rows_cost_as_many_queries_as_three(sign_in: SignIn, address: str) -> None:
    client = sign_in("Warehouse")
    channel = ChannelFactory()
    _fill(channel, 3)
    few = queries_of(client, address)
    _fill(channel, 27)

    many = queries_of(client, address)

    assert many == few
    assert len(shown_in(client, address)) == 30


def _fill(channel: Any, number: int) -> None:
    for _ in range(number):
        order = OrderFactory(channel=channel, is_held=True)
        parcel = ParcelFactory(order=order)
        for position in (1, 2):
            line = OrderLineFactory(order=order, position=position)
            ParcelLineFactory(parcel=parcel, line=line)
            HoldFactory(order=order, line=line, cause_key=f"SKU-{order.pk}-{position}")


def test_the_csv_of_orders_has_every_row_of_the_filter_and_plain_values(sign_in: SignIn) -> None:
    north = ChannelFactory(name="North Market")
    order = _order("ORD-1", channel=north, total_price=Decimal("20.50"), is_held=True)
    OrderLineFactory(order=order, quantity=4)
    HoldFactory(order=order, summary="=SUM(1)")
    HoldFactory(order=order, cause_key="SKU-2", summary="Second", since=timezone.now() + timedelta(seconds=1))
    _order("SHIPPED", stage="shipped")

    rows = csv_rows(sign_in("Warehouse"), "/orders/?held=true&format=csv")

    assert rows == [
        {
            "Order": "ORD-1",
            "Channel": "North Market",
            "Stage": "Held: ready to import",
            "Held by": "'=SUM(1); Second",
            "Value": "20.5000 EUR",
            "Dispatch deadline": order.shipping_deadline_at.isoformat() if order.shipping_deadline_at else "",
            "Lines / units": "1 lines, 4 units",
            "Ordered": order.ordered_at.isoformat(),
            "In this stage": order.stage_since.isoformat(),
        }
    ]


def test_htmx_gets_the_table_alone(sign_in: SignIn) -> None:
    _order("ORD-1")

    answer = sign_in("Warehouse").get("/orders/", headers={"HX-Request": "true", "HX-Target": "listing"})

    assert answer.content.decode().lstrip().startswith("<section")
    assert b"ORD-1" in answer.content


def _history(number: int) -> None:
    """Many orders that are over, as any shop has after a while, so that the planner has something to choose from."""
    first = OrderFactory(stage="delivered")
    OrderFactory(channel=first.channel, stage="ready", shipping_deadline_at=timezone.now() - timedelta(hours=1))
    rows = [OrderFactory.build(channel=first.channel, stage="delivered", order_id=f"OLD-{n}") for n in range(number)]
    Order.objects.bulk_create(rows)
    OrderLine.objects.bulk_create(OrderLineFactory.build(order=row, offer_sku=f"SKU-{row.order_id}") for row in rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE integration_order, integration_orderline")


def test_what_is_looked_up_goes_by_an_index_of_its_own_once_there_is_history() -> None:
    _history(2_000)
    rows = Order.objects.only("id")

    words, late = orders_matching(rows, "ORD-1").explain(), late_orders(rows).explain()
    due = orders_due_by(rows, timezone.now()).explain()

    for index in ("order_id_begins", "order_commercial_begins", "order_wms_begins", "order_line_sku"):
        assert index in words
    for plan in (words, late, due):
        assert "Seq Scan" not in plan
    assert "order_open_deadline" in late
    assert "order_open_deadline" in due
