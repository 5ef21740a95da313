"""Gives an item the words by which rules are scoped; the numbers of its offers are worked out anew."""

from collections.abc import Iterable
from typing import Final

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.errors import InvalidInputError
from integration.models import StockItem
from integration.services.stock.touch_stock import touch_items

LONGEST: Final = 60
MOST: Final = 20


def set_tags(*, item: StockItem, tags: Iterable[str], by: User) -> list[str]:
    """Replace the tags of an item; the tags it has now, in order, each once. Nothing happens where nothing changes.

    Raises InvalidInputError for a tag that is too long, or too many of them.
    """
    wanted = sorted({" ".join(tag.split()) for tag in tags} - {""})
    _refuse_bad_tags(wanted)
    with transaction.atomic():
        row = StockItem.objects.select_for_update().get(pk=item.pk)
        if row.tags == wanted:
            return wanted
        record_audit(
            by=by,
            action="stock_item.tags",
            subject=f"stockitem:{row.pk} {row.number}",
            before={"tags": row.tags},
            after={"tags": wanted},
        )
        row.tags = wanted
        row.save(update_fields=["tags"])
        touch_items(warehouse_id=row.warehouse_id, item_numbers=[row.number])
    return wanted


def _refuse_bad_tags(tags: list[str]) -> None:
    long = [tag for tag in tags if len(tag) > LONGEST]
    if long:
        raise InvalidInputError({"tags": f"A tag has at most {LONGEST} characters: shorten {long[0][:20]}..."})
    if len(tags) > MOST:
        raise InvalidInputError({"tags": f"An item has at most {MOST} tags; these are {len(tags)}."})
