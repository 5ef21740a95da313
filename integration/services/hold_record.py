"""Holds an order, a line or a parcel at its stage, with one cause. The desk makes the case from it."""

from collections.abc import Mapping
from typing import Any

from core.clock import db_now
from integration.models import Hold, Order, OrderLine, Parcel
from integration.services.record_event import record_event


def hold_record(
    *,
    order: Order,
    kind: str,
    cause_key: str,
    summary: str,
    lane: str,
    line: OrderLine | None = None,
    parcel: Parcel | None = None,
    detail: Mapping[str, Any] | None = None,
    effect_id: int | None = None,
) -> Hold:
    """Open the hold once: the same record with the same cause stays one hold however often it is found."""
    hold, created = Hold.objects.get_or_create(
        order=order,
        line=line,
        parcel=parcel,
        kind=kind,
        cause_key=cause_key[:250],
        released_at=None,
        defaults={
            "stage": order.stage,
            "summary": summary[:500],
            "detail": dict(detail or {}),
            "since": db_now(),
            "effect_id": effect_id,
        },
    )
    if not order.is_held:
        order.is_held = True
        order.save(update_fields=["is_held"])
    if created:
        record_event(
            order=order,
            lane=lane,
            kind="held",
            summary=summary,
            detail={"kind": kind, "cause": cause_key},
            effect_id=effect_id,
        )
    return hold
