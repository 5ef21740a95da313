"""Tries again what the far side refused, from the step where it was held."""

from django.db import transaction

from core.audit import record_audit
from core.effects import rearm
from core.models import Effect, User
from integration.errors import InvalidInputError
from integration.models import Hold, Order
from integration.services.release_holds import release_holds

RETRIABLE = ("order.wms_rejected", "order.acceptance_failed", "shipment.confirmation_failed")

# Nothing plans these again: they are armed as they were decided.
SENT_AS_DECIDED = ("mirakl.accept", "mirakl.ship_shipment")


def retry_hold(*, hold: Hold, by: User | None) -> None:
    """Release the hold, so that what it held goes on from the step where it was held.

    Orders are prepared and parcels planned again, on the maps as they are now; an acceptance is armed as it was
    decided. Whatever may have been sent is read back before it is sent again.

    Raises InvalidInputError when nothing about this hold can be retried, or somebody was quicker.
    """
    if hold.kind not in RETRIABLE:
        raise InvalidInputError({"hold": "This cannot be retried: its cause has to be fixed."})
    with transaction.atomic():
        # The order first, then its hold: the one lock order of this application.
        order = Order.objects.select_for_update().get(pk=hold.order_id)
        row = Hold.objects.select_for_update().get(pk=hold.pk)
        if row.released_at is not None:
            raise InvalidInputError({"hold": "Somebody has already released this."})
        release_holds(hold_ids=[row.pk], by=by, how="Retried")
        if row.parcel_id is None and row.effect_id is not None:
            parked = Effect.objects.filter(pk=row.effect_id, state="parked", kind__in=SENT_AS_DECIDED).values_list(
                "id", flat=True
            )
            rearm(effect_ids=list(parked), by=by, note="retried by a person")
        record_audit(by=by, action="hold.retried", subject=order, before=None, after={"kind": row.kind})
