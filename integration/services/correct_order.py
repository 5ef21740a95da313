"""Corrects a field of one order for the warehouse. What the marketplace said stays beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q

from core.audit import record_audit
from core.models import User
from integration.domain.countries import alpha3_of
from integration.domain.orders import Address
from integration.errors import InvalidInputError
from integration.models import Order
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds
from integration.services.withdraw_create import postpone_create, warehouse_may_have


def correct_order(*, order: Order, corrections: Mapping[str, str], by: User | None) -> Order:
    """Store the corrected values and let the order be prepared again; a value that is still wrong holds it again.

    Keys are the field names of the holds: `ship_to.name`, `bill_to.city` and so on. Countries may be written as a code
    of two or three letters, or by name. Raises InvalidInputError when an order has already gone to the warehouse, when
    a value is empty, or for a field that staff cannot correct.
    """
    values = {field: _read(field, value) for field, value in corrections.items()}
    problems = {field: found.problem for field, found in values.items() if found.problem}
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        row = Order.objects.select_for_update().get(pk=order.pk)
        if row.stage != "ready" or warehouse_may_have(row):
            raise InvalidInputError(dict.fromkeys(corrections, "The order is no longer held before the warehouse."))
        before = dict(row.corrections)
        row.corrections = {**before, **{field: found.value for field, found in values.items()}}
        row.import_prepared_at = None
        postpone_create(order=row)
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
        # What the warehouse refused may have been refused for this: it is read back before it is sent again.
        answered = row.holds.filter(released_at=None).filter(
            Q(kind="order.invalid_data", cause_key__in=[f"{row.order_id}:{field}"[:250] for field in corrections])
            | Q(kind="order.wms_rejected")
        )
        release_holds(hold_ids=list(answered.values_list("id", flat=True)), by=by, how="Corrected")
    row.refresh_from_db()
    return row


@dataclass(frozen=True)
class _Read:
    value: str
    problem: str = ""


def _read(field: str, value: str) -> _Read:
    where, _, part = field.partition(".")
    text = " ".join(value.split())
    if where not in ("ship_to", "bill_to") or part not in Address.__dataclass_fields__:
        return _Read(text, "This cannot be corrected here: mend it at the marketplace, in a map or in the profile.")
    if not text:
        return _Read(text, "Enter the corrected value.")
    if part != "country":
        return _Read(text)
    code = alpha3_of(text, text)
    return _Read(code, "" if code else "Enter the country as a code of two or three letters, or by its name.")
