"""Follows an order that the marketplace cancelled or refused: stops what has not left, says what has."""

from datetime import datetime

from core.effects import cancel_effect
from core.models import Effect
from integration.models import Hold, Order
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds

OPEN_STATES = ("ready", "parked")


def follow_cancellation(*, order: Order, now: datetime) -> None:
    """Cancel beats create: a create that was never sent is withdrawn; one that may have been sent is held for a person.

    Holds that stood before the warehouse are released, since nothing waits for them any more. Caller holds the lock.
    """
    effects = Effect.objects.select_for_update().filter(kind="deposco.create_order", business_key=order.wms_number)
    for effect in effects:
        if effect.first_sent_at is None and effect.state in OPEN_STATES:
            cancel_effect(effect_id=effect.id, note="cancelled at the marketplace before it was sent")
    reached = (
        order.in_wms_at is not None or effects.filter(first_sent_at__isnull=False).exclude(state="cancelled").exists()
    )
    obsolete = Hold.objects.filter(order=order, released_at=None, parcel=None).exclude(
        kind="order.cancelled_after_release"
    )
    release_holds(
        hold_ids=list(obsolete.values_list("id", flat=True)), by=None, how=f"Order {order.stage} at the marketplace"
    )
    order.refresh_from_db(fields=["is_held"])
    if reached and order.shipped_at is None:
        hold_record(
            order=order,
            kind="order.cancelled_after_release",
            cause_key=order.order_id,
            summary=f"Order {order.order_id} was {order.stage} at the marketplace, and the warehouse has it",
            lane="change",
            detail={"wms_number": order.wms_number, "seen_at": now.isoformat()},
        )
    elif not reached:
        record_event(
            order=order, lane="change", kind="closed", summary=f"{order.stage.capitalize()} before the warehouse had it"
        )
