"""How V1's two readings of stock become rows of one item in one facility each."""

import hashlib
import math
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

from core.http import UnknownOutcomeError
from integration.deposco.normalise import as_decimal, as_list, as_text, inside
from integration.deposco.profile import Inventory
from integration.deposco.schemas import StockPage, StockRow

Json = dict[str, Any]
# So many items are asked for in one call, whose address would grow too long otherwise.
MOST_ITEMS = 100
# How far a clock may be behind to be believed, and from when on it matters.
LEAST_BEHIND, MOST_BEHIND = timedelta(seconds=5), timedelta(hours=1)
ABOUT_STOCK = re.compile("inventor|stock|item", re.IGNORECASE)


def since_text(since: datetime) -> str:
    """The moment as startActivityTime takes it."""
    return since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def behind_us(told: str | None, now: datetime) -> timedelta:
    """By how much a far side whose answer bears this date is behind; nothing where it says none, or is ahead.

    Differences that the answer's way explains are none.
    """
    try:
        moment = parsedate_to_datetime(told or "")
    except (ValueError, TypeError, OverflowError):
        return timedelta(0)
    behind = now - (moment if moment.tzinfo else moment.replace(tzinfo=UTC))
    return (
        timedelta(seconds=math.ceil(behind.total_seconds())) if LEAST_BEHIND < behind <= MOST_BEHIND else timedelta(0)
    )


def availability_page(
    body: Any, inventory: Inventory, *, business_unit: str, asked: Iterable[str] | None = None
) -> StockPage:
    """A page of enterpriseinventory, whose specific items come wrapped in a list. Rows that were not asked for fall out."""

    def rows_of(item: Json, number: str) -> Iterator[StockRow]:
        for place in (*inside(item, "facilities", "facility"), *inside(item, "facilities")):
            facility = as_text(place.get("facility"))
            if facility and _is_ours(place, business_unit):
                yield StockRow(
                    item_number=number,
                    facility=facility,
                    atp=as_decimal(place.get(inventory.sellable)),
                    on_hand=as_decimal(place.get(inventory.on_hand)),
                )

    items = _items_in(body, "enterpriseInventory")
    return _page(items, rows_of, business_unit, None if asked is None else frozenset(asked))


def inventory_page(body: Any, inventory: Inventory, *, business_unit: str) -> StockPage:
    """A page of /inventory/full, whose figures are decimal strings one level below the facility."""

    def rows_of(item: Json, number: str) -> Iterator[StockRow]:
        for place in inside(item, "facilityInventory"):
            facility = as_text(place.get("facility"))
            if facility and _is_ours(place, business_unit):
                figures = next(iter(inside(place, "inventory")), place)
                yield StockRow(
                    item_number=number,
                    facility=facility,
                    atp=as_decimal(figures.get(inventory.full_sellable)),
                    on_hand=as_decimal(figures.get(inventory.full_on_hand)),
                    unallocated=as_decimal(figures.get(inventory.full_unallocated)),
                )

    return _page(_items_in(body, "itemInventory"), rows_of, business_unit, None)


def _page(
    items: list[Json],
    rows_of: Callable[[Json, str], Iterator[StockRow]],
    business_unit: str,
    asked: frozenset[str] | None,
) -> StockPage:
    numbers = [as_text(item.get("itemNumber")) or as_text(item.get("item")) or "" for item in items]
    seen: dict[str, None] = {}
    rows: dict[tuple[str, str], StockRow] = {}
    for number, item in zip(numbers, items, strict=True):
        if number and _is_ours(item, business_unit) and (asked is None or number in asked):
            seen[number] = None
            for row in rows_of(item, number):
                key = row.item_number, row.facility
                rows[key] = _lower(rows[key], row) if key in rows else row
    text = "\x1f".join(sorted(numbers))
    return StockPage(
        rows=tuple(rows.values()),
        items=tuple(seen),
        is_last=not items,
        fingerprint=hashlib.sha256(text.encode()).hexdigest() if items else "",
    )


def _lower(one: StockRow, other: StockRow) -> StockRow:
    """Of a place that is told twice the lower figures: what is too little is not sold, what is too much is oversold."""
    return StockRow(
        item_number=one.item_number,
        facility=one.facility,
        atp=_least(one.atp, other.atp),
        on_hand=_least(one.on_hand, other.on_hand),
        unallocated=_least(one.unallocated, other.unallocated),
    )


def _least(*figures: Decimal | None) -> Decimal | None:
    return min((figure for figure in figures if figure is not None), default=None)


def _is_ours(row: Json, business_unit: str) -> bool:
    return as_text(row.get("businessUnit")) in (None, business_unit)


def _items_in(body: Any, name: str) -> list[Json]:
    """The items of an answer, whatever it is wrapped in.

    Raises UnknownOutcomeError when it is no list of stock: an empty page ends a reading, and must not be made of a page
    of something in between.
    """
    found: list[Json] = []
    for part in as_list(body):
        holders = _holders(part, name)
        rows = [row for holder in holders for row in as_list(holder.get(name))]
        if (not holders and not _is_empty(part)) or not all(isinstance(row, dict) for row in rows):
            message = f"The answer holds no stock: {str(body)[:120]}"
            raise UnknownOutcomeError(message)
        found += rows
    return found


def _holders(part: Any, name: str) -> list[Json]:
    """What the items stand in: the answer itself, or what is inside of its outermost element, whose name is not known."""
    if not isinstance(part, dict):
        return []
    return [part] if name in part else [row for value in part.values() for row in inside(value) if name in row]


def _is_empty(part: Any) -> bool:
    """Whether this is an answer about stock without any: an empty object, or an empty element of such a name."""
    if not isinstance(part, dict):
        return False
    return all(value in ("", None) and ABOUT_STOCK.search(key) for key, value in part.items())
