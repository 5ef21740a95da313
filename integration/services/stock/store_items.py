"""Stores what items tell of themselves; a kit whose parts changed is worked out anew."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import transaction

from core.redaction import storable
from integration.deposco.schemas import ItemFacts
from integration.domain.stock_figure import stock_figure
from integration.models import ItemComponent, StockItem, Warehouse
from integration.services.stock.touch_stock import touch_items

LONGEST_NUMBER, LONGEST_NAME = 60, 300
FIELDS: Final = ("name", "upcs", "is_order_kit", "is_active", "safety_stock", "read_at")
Parts = dict[str, Decimal]


def store_items(*, warehouse: Warehouse, facts: Sequence[ItemFacts], now: datetime) -> int:
    """Make or change these items, in one transaction; how many kits changed.

    What an item does not tell stays as it was. Parts that are not known to be whole replace nothing: an order kit
    without any part has no number at all.
    """
    told = {one.number: one for one in facts if _is_number(one.number)}
    if not told:
        return 0
    with transaction.atomic():
        StockItem.objects.bulk_create(
            [StockItem(warehouse=warehouse, number=number, first_seen_at=now) for number in sorted(told)],
            ignore_conflicts=True,
        )
        rows = StockItem.objects.select_for_update().filter(warehouse=warehouse, number__in=told)
        items = list(rows.order_by("number"))
        flags = {item.number: item.is_order_kit for item in items}
        for item in items:
            _describe(item, told[item.number], now)
        StockItem.objects.bulk_update(items, FIELDS)
        changed = _set_parts({item.number: item for item in items}, told)
        changed |= {item.number for item in items if item.is_order_kit != flags[item.number]}
        touch_items(warehouse_id=warehouse.pk, item_numbers=changed)
    return len(changed)


def _describe(item: StockItem, facts: ItemFacts, now: datetime) -> None:
    item.name = storable(facts.name)[:LONGEST_NAME] or item.name
    item.upcs = [code for code in facts.upcs if _is_number(code)]
    if facts.kit_order_only is not None:
        item.is_order_kit = facts.kit_order_only
    item.is_active = facts.is_active
    item.safety_stock = stock_figure(facts.safety_stock)
    item.read_at = now


def _set_parts(items: Mapping[str, StockItem], told: Mapping[str, ItemFacts]) -> set[str]:
    """Make the parts of each item equal to what was told; numbers of those that changed."""
    known: dict[int, Parts] = {item.pk: {} for item in items.values()}
    for row in ItemComponent.objects.filter(kit__in=items.values()):
        known[row.kit_id][row.component_number] = row.quantity
    changed: list[tuple[StockItem, Parts]] = []
    for number, item in items.items():
        parts = _parts(told[number].components)
        if told[number].components_known and parts is not None and parts != known[item.pk]:
            changed.append((item, parts))
    ItemComponent.objects.filter(kit__in=[item for item, _ in changed]).delete()
    ItemComponent.objects.bulk_create(
        [
            ItemComponent(kit=item, component_number=number, quantity=quantity)
            for item, parts in changed
            for number, quantity in parts.items()
        ]
    )
    return {item.number for item, _ in changed}


def _parts(components: Iterable[tuple[str, Decimal]]) -> Parts | None:
    """Parts as they can be kept; None when one of them cannot, since the others would be too few."""
    parts: Parts = {}
    for number, quantity in components:
        figure = stock_figure(quantity)
        if not _is_number(number) or figure is None or figure <= 0:
            return None
        parts[number] = figure
    return parts


def _is_number(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NUMBER and storable(text) == text
