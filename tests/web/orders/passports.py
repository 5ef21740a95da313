"""Rows that a passport shows, and how the tests read one."""

from datetime import datetime
from typing import Any

from django.test import Client
from django.utils import timezone

from core.models import CallLog, Effect
from integration.models import Order, OrderEvent
from tests.factories.lanes import (
    OrderFactory,
)

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


def passport_of(client: Client, order: Order, query: str = "") -> str:
    answer = client.get(f"/orders/{order.pk}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def make_order(**values: Any) -> Order:
    customer = {"shipping_address": ADDRESS, "notification_email": "robin@example.com"}
    row: Order = OrderFactory(**{"customer": customer, **values})
    return row


def make_event(
    order: Order, summary: str, *, lane: str = "import", kind: str = "note", at: datetime = NOW
) -> OrderEvent:
    return OrderEvent.objects.create(order=order, at=at, lane=lane, kind=kind, stage=order.stage, summary=summary)


def make_effect(order: Order, kind: str, **values: Any) -> Effect:
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


def make_call(effect: Effect, **values: Any) -> CallLog:
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
