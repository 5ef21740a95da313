"""A person asks the warehouse for the stock of one item, without waiting for it to move."""

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.models import StockItem
from integration.services.stock.touch_stock import recheck_items


def ask_for_reading(*, item: StockItem, by: User) -> list[str]:
    """The item, or a kit's components, are read by number as soon as the warehouse has a call free; their numbers."""
    numbers = [part.component_number for part in item.components.order_by("component_number")] or [item.number]
    with transaction.atomic():
        recheck_items(
            warehouse_id=item.warehouse_id, item_numbers=numbers, reason="asked by a person", not_before=db_now()
        )
        record_audit(
            by=by,
            action="stock_item.read_again",
            subject=f"stockitem:{item.pk} {item.number}",
            before=None,
            after={"items": numbers},
        )
    return numbers
