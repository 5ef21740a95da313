"""The columns that a message may change are the ones that are written when it does."""

from datetime import UTC, datetime

from integration.mirakl.schemas import Order as WireOrder
from integration.services.order_facts import order_facts
from integration.services.store_orders import LINE_FIELDS, ORDER_FIELDS


def _told() -> WireOrder:
    return WireOrder.model_validate(
        {"order_id": "A-1", "order_state": "WAITING_ACCEPTANCE", "currency_iso_code": "EUR", "order_lines": []}
    )


def test_every_fact_of_a_message_is_among_the_columns_that_a_change_writes() -> None:
    facts = order_facts(_told(), "0", datetime(2026, 3, 1, tzinfo=UTC), 24)

    assert set(facts) <= set(ORDER_FIELDS)
    assert len(set(ORDER_FIELDS)) == len(ORDER_FIELDS)
    assert "quantity_cancelled" in LINE_FIELDS
