"""Takes a person's word that what a hold asks for was done, outside of Holdpoint: stopped, told, or put up with."""

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.errors import InvalidInputError
from integration.models import Hold, Order
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds
from integration.services.settle_dispatch import settle_dispatch

# What nobody but a person can end. What a map, a correction or another try answers is not settled by word.
BY_WORD = (
    "order.acceptance_failed",
    "order.cancelled_after_release",
    "order.changed_after_release",
    "order.shorted",
    "shipment.confirmation_failed",
    "shipment.rolled_back",
    "shipment.unmatched",
)
# A parcel held by these counts as told: the person told Mirakl.
TOLD_BY_HAND = ("shipment.confirmation_failed",)


def settle_hold(*, hold: Hold, note: str, by: User | None) -> None:
    """Release the hold with the person's note. A parcel that Mirakl was told of by hand is not told again.

    Raises InvalidInputError without a note, for a hold that has its own fix, or when somebody was quicker.
    """
    words = " ".join(note.split())
    if not words:
        raise InvalidInputError({"note": "Say what was done: others read it on the order's passport."})
    if hold.kind not in BY_WORD:
        raise InvalidInputError({"hold": "This is not settled by word: fix its cause, and it closes by itself."})
    with transaction.atomic():
        order = Order.objects.select_for_update().get(pk=hold.order_id)
        row = Hold.objects.select_for_update(of=("self",)).select_related("parcel").get(pk=hold.pk)
        if row.released_at is not None:
            raise InvalidInputError({"hold": "Somebody has already released this."})
        now = db_now()
        if row.parcel is not None and row.kind in TOLD_BY_HAND and row.parcel.state == "held":
            row.parcel.state, row.parcel.confirmed_at = "confirmed", now
            row.parcel.save(update_fields=["state", "confirmed_at"])
        release_holds(hold_ids=[row.pk], by=by, how=f"Settled: {words}")
        order.refresh_from_db()
        record_event(order=order, lane="change", kind="settled", summary=f"Settled by a person: {words}", by=by)
        record_audit(
            by=by, action="hold.settled", subject=order, before=None, after={"kind": row.kind, "note": words[:500]}
        )
        settle_dispatch(order=order, now=now)
