"""Moves an order to another stage, stamps the clock of that stage and writes the passport."""

from datetime import datetime

from core.models import User
from integration.models import Order
from integration.services.record_event import record_event

STAMPS = {
    "accepted": "accepted_at",
    "ready": "ready_at",
    "in_wms": "in_wms_at",
    "shipped": "shipped_at",
    "confirmed": "confirmed_at",
    "refused": "closed_at",
    "cancelled": "closed_at",
    "settled": "closed_at",
}


def move_stage(
    *,
    order: Order,
    stage: str,
    lane: str,
    summary: str,
    now: datetime,
    by: User | None = None,
    effect_id: int | None = None,
) -> None:
    """Set the stage if it differs. The first time a stage is reached stays its time. Caller holds the row's lock."""
    if order.stage == stage:
        return
    order.stage = stage
    order.stage_since = now
    fields = ["stage", "stage_since"]
    stamp = STAMPS.get(stage)
    if stamp and getattr(order, stamp) is None:
        setattr(order, stamp, now)
        fields.append(stamp)
    order.save(update_fields=fields)
    record_event(order=order, lane=lane, kind=f"stage.{stage}", summary=summary, by=by, effect_id=effect_id)
