"""Takes a tracking number from a person, for a parcel that left without one."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.errors import InvalidInputError
from integration.models import Order, Parcel
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds

MAX_LENGTH = 120


def enter_tracking(*, parcel: Parcel, tracking_number: str, wms_carrier: str, by: User | None) -> Parcel:
    """Store the number (and the carrier, where given) and let the parcel be confirmed.

    Raises InvalidInputError when the number is empty or too long, or the parcel no longer waits for one.
    """
    number = tracking_number.strip()
    if not number or len(number) > MAX_LENGTH:
        raise InvalidInputError({"tracking_number": f"Enter the number, at most {MAX_LENGTH} characters."})
    with transaction.atomic():
        # Order rows first: the one lock order of this application.
        order = Order.objects.select_for_update().get(pk=parcel.order_id)
        row = Parcel.objects.select_for_update().get(pk=parcel.pk)
        if row.state != "waiting" or row.tracking_number:
            raise InvalidInputError({"tracking_number": "This parcel no longer waits for a number."})
        row.tracking_number, row.state = number, "new"
        row.wms_carrier = wms_carrier.strip() or row.wms_carrier
        row.save(update_fields=["tracking_number", "state", "wms_carrier"])
        record_event(order=order, lane="dispatch", kind="tracking", summary=f"Tracking {number} entered", by=by)
        record_audit(
            by=by,
            action="parcel.tracking",
            subject=order,
            before=None,
            after={"parcel": row.key, "tracking": number},
        )
        holds = row.holds.filter(kind="shipment.tracking_missing", released_at=None)
        release_holds(hold_ids=list(holds.values_list("id", flat=True)), by=by, how="Tracking number entered")
    return row
