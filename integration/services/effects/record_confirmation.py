"""What a confirmed or refused dispatch means for the parcels and their order. Runs in the effect's own transaction."""

from collections.abc import Mapping

from core.clock import db_now
from core.effects import Claimed
from core.outcomes import Outcome
from integration.models import Order, Parcel
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event
from integration.services.settle_dispatch import settle_dispatch


def record_confirmation(*, effect: Claimed, shipment_ids: Mapping[str, str]) -> None:
    """Mark the effect's parcels confirmed; the order is confirmed when all has left and every parcel is confirmed."""
    order = Order.objects.select_for_update().get(pk=effect.subject)
    now = db_now()
    for parcel in Parcel.objects.select_for_update().filter(id__in=effect.payload["parcels"]):
        parcel.state, parcel.confirmed_at = "confirmed", now
        parcel.mirakl_shipment_id = shipment_ids.get(str(parcel.id), "")
        parcel.save(update_fields=["state", "confirmed_at", "mirakl_shipment_id"])
        record_event(
            order=order,
            lane="dispatch",
            kind="parcel.confirmed",
            summary=f"Mirakl has parcel {parcel.tracking_number}",
            detail={"carrier": parcel.carrier_code or parcel.carrier_name},
            effect_id=effect.id,
        )
    settle_dispatch(order=order, now=now, effect_id=effect.id)


def record_refusal(*, effect: Claimed, outcome: Outcome) -> None:
    """Hold each parcel of the effect with Mirakl's words."""
    order = Order.objects.select_for_update().get(pk=effect.subject)
    for parcel in Parcel.objects.select_for_update().filter(id__in=effect.payload["parcels"]):
        parcel.state = "held"
        parcel.save(update_fields=["state"])
        hold_record(
            order=order,
            parcel=parcel,
            kind="shipment.confirmation_failed",
            cause_key=f"{order.order_id}:{parcel.key}",
            summary=f"Mirakl refused parcel {parcel.tracking_number} of {order.order_id}: {outcome.message or outcome.code}",
            lane="dispatch",
            detail={"code": outcome.code, "message": outcome.message},
            effect_id=effect.id,
        )
