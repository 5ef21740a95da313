"""Writes one line of an order's passport, in the caller's transaction."""

from collections.abc import Mapping
from typing import Any

from core.clock import db_now
from core.models import User
from integration.models import Order, OrderEvent


def record_event(
    *,
    order: Order,
    lane: str,
    kind: str,
    summary: str,
    detail: Mapping[str, Any] | None = None,
    by: User | None = None,
    effect_id: int | None = None,
) -> OrderEvent:
    """Append an event with the order's present stage. `summary` must carry no personal data of the buyer."""
    return OrderEvent.objects.create(
        order=order,
        at=db_now(),
        lane=lane,
        kind=kind,
        stage=order.stage,
        summary=summary[:500],
        detail=dict(detail or {}),
        by=by,
        effect_id=effect_id,
    )
