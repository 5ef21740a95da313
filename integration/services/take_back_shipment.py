"""Takes back a shipment that the warehouse rolled back: what Mirakl was not told is withdrawn, the rest is held."""

from collections.abc import Sequence
from datetime import datetime

from core.effects import cancel_effect
from core.models import Effect
from integration.models import Order, Parcel, Shipment
from integration.services.hold_record import hold_record
from integration.services.move_stage import move_stage
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds
from integration.services.stock.touch_stock import recheck_orders

CONFIRMATIONS = ("mirakl.confirm_parcel", "mirakl.confirm_order")
UNSENT = ("new", "waiting", "held")


def take_back_shipment(*, shipment: Shipment, orders: Sequence[Order], now: datetime) -> None:
    """Withdraw and hold, once. Caller holds the orders' locks."""
    if shipment.rolled_back_at is not None:
        return
    shipment.rolled_back_at = now
    shipment.save(update_fields=["rolled_back_at"])
    parcels = list(shipment.parcels.exclude(state="withdrawn").select_for_update())
    told = [parcel for parcel in parcels if not _withdraw(parcel)]
    # What comes back into the building is there again.
    recheck_orders(orders, reason="taken back")
    for order in orders:
        record_event(
            order=order,
            lane="dispatch",
            kind="rolled_back",
            summary=f"The warehouse took shipment {shipment.number} back",
        )
        own = [parcel for parcel in told if parcel.order_id == order.id]
        for parcel in own:
            hold_record(
                order=order,
                parcel=parcel,
                kind="shipment.rolled_back",
                cause_key=shipment.number,
                summary=f"Shipment {shipment.number} was taken back after Mirakl was told",
                lane="dispatch",
                detail={"shipment": shipment.number, "tracking": parcel.tracking_number},
            )
        if not own and order.stage == "shipped":
            order.shipped_at = None
            order.save(update_fields=["shipped_at"])
            move_stage(order=order, stage="in_wms", lane="dispatch", summary="Back in the warehouse", now=now)


def _withdraw(parcel: Parcel) -> bool:
    """Withdraw a parcel that Mirakl knows nothing of; False when it knows, or is being told."""
    if parcel.state not in UNSENT and not (parcel.state == "sending" and _stop(parcel)):
        return False
    parcel.state = "withdrawn"
    parcel.save(update_fields=["state"])
    waiting = parcel.holds.filter(released_at=None)
    release_holds(hold_ids=list(waiting.values_list("id", flat=True)), by=None, how="The warehouse took it back")
    return True


def _stop(parcel: Parcel) -> bool:
    """Withdraw the confirmation, if nothing of it was sent. An order confirmed as a whole is stopped as a whole."""
    effects = Effect.objects.select_for_update().filter(
        kind__in=CONFIRMATIONS, subject_id=parcel.order_id, state="ready", first_sent_at=None
    )
    mine = [effect for effect in effects if parcel.id in effect.payload.get("parcels", ())]
    stopped = [effect for effect in mine if cancel_effect(effect_id=effect.id, note="taken back by the warehouse")]
    others = {pk for effect in stopped for pk in effect.payload["parcels"]} - {parcel.id}
    Parcel.objects.filter(id__in=others, state="sending").update(state="new")
    return bool(stopped)
