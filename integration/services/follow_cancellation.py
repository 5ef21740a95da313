"""Follows an order that the marketplace cancelled, refused or gave the money back for: stops it, or says it cannot."""

from datetime import datetime

from integration.models import Hold, Order
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds
from integration.services.stock.touch_stock import recheck_orders
from integration.services.withdraw_create import postpone_create, warehouse_may_have

STAYS = ("order.cancelled_after_release", "shipment.rolled_back")


def follow_cancellation(*, order: Order, now: datetime) -> None:
    """Cancel beats create: a create that was never sent is withdrawn; one that may have been sent is held for a person.

    Other holds are released, since nothing waits for them any more. Repeating it changes nothing. Caller holds the lock.
    """
    reached = warehouse_may_have(order)
    postpone_create(order=order, withdraw=True)
    obsolete = Hold.objects.filter(order=order, released_at=None).exclude(kind__in=STAYS)
    release_holds(
        hold_ids=list(obsolete.values_list("id", flat=True)), by=None, how=f"Order {order.stage} at the marketplace"
    )
    order.refresh_from_db(fields=["is_held"])
    if reached:
        has_left = order.shipped_at is not None or order.parcels.exclude(state="withdrawn").exists()
        words = "it has left the warehouse" if has_left else "the warehouse has it"
        recheck_orders([order], reason="cancelled")
        told = order.holds.filter(kind="order.cancelled_after_release", cause_key=order.order_id).exists()
        if not told and order.confirmed_at is None:
            hold_record(
                order=order,
                kind="order.cancelled_after_release",
                cause_key=order.order_id,
                summary=f"Order {order.order_id} was {order.stage} at the marketplace, and {words}",
                lane="change",
                detail={"wms_number": order.wms_number, "seen_at": now.isoformat()},
            )
    elif not order.events.filter(lane="change", kind="closed").exists():
        record_event(
            order=order, lane="change", kind="closed", summary=f"{order.stage.capitalize()} before the warehouse had it"
        )
