"""Corrects a field of one order for the warehouse. What the marketplace said stays beside it."""

from collections.abc import Mapping

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.errors import InvalidInputError
from integration.models import Order
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds


def correct_order(*, order: Order, corrections: Mapping[str, str], by: User | None) -> Order:
    """Store the corrected values and let the order be prepared again; a value that is still wrong holds it again.

    Keys are the field names of the holds (for example `shipping_address.lastname`). Raises InvalidInputError when an
    order has already gone to the warehouse, or a value is empty.
    """
    problems = {field: "Enter the corrected value." for field, value in corrections.items() if not value.strip()}
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.in_wms_at is not None or row.stage != "ready":
            raise InvalidInputError(dict.fromkeys(corrections, "The order is no longer held before the warehouse."))
        before = dict(row.corrections)
        row.corrections = {**before, **{field: value.strip() for field, value in corrections.items()}}
        row.import_prepared_at = None
        row.save(update_fields=["corrections", "import_prepared_at"])
        # The values are buyers' data: the audit and the passport name the fields, the order row keeps the values.
        record_audit(
            by=by,
            action="order.corrected",
            subject=row,
            before={"fields": sorted(before)},
            after={"fields": sorted(row.corrections)},
        )
        record_event(
            order=row, lane="import", kind="corrected", summary=f"Corrected: {', '.join(sorted(corrections))}", by=by
        )
        answered = row.holds.filter(
            released_at=None,
            kind="order.invalid_data",
            cause_key__in=[f"{row.order_id}:{field}"[:250] for field in corrections],
        )
        release_holds(hold_ids=list(answered.values_list("id", flat=True)), by=by, how="Corrected")
    row.refresh_from_db()
    return row
