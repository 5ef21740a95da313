"""What an item tells of itself, in either generation's words."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from core.http import UnknownOutcomeError
from integration.deposco.normalise import as_decimal, as_flag, as_list, as_text, inside
from integration.deposco.schemas import ItemFacts

Json = dict[str, Any]
Components = tuple[tuple[str, Decimal], ...]
# Names of a path; one that has a dot of its own stands in brackets.
NAME = re.compile(r"\[([^\]]+)\]|([^.\[\]]+)")
ACTIVE = ("active", "salesEnabledFlag", "salesEnabled", "shippable")


def item_in(body: Any) -> Json | None:
    """The item of V1's answer; None for an empty one. Raises UnknownOutcomeError when the answer is about something else."""
    parts = as_list(body)
    found = [*inside(parts, "item"), *inside(parts, "items", "item")]
    found += [part for part in parts if isinstance(part, dict) and "number" in part]
    if not found and not all(isinstance(part, dict) and (not part or set(part) <= {"item", "items"}) for part in parts):
        message = f"The answer holds no item: {str(body)[:120]}"
        raise UnknownOutcomeError(message)
    return found[0] if found else None


def facts_of(row: Json, safety_path: str) -> ItemFacts:
    """The facts of an item of V1, or of V2 after `v2.items.in_v1_words`."""
    parts, is_whole = components_of(inside(row, "components", "component"), "componentItem")
    is_kit = as_flag(row.get("kitOrderOnly")) or as_flag(row.get("kitStockOnly"))
    told = [flag for name in ACTIVE if (flag := as_flag(row.get(name))) is not None]
    return ItemFacts(
        number=as_text(row.get("number")) or "",
        name=as_text(row.get("name")) or as_text(row.get("shortDescription")) or "",
        upcs=tuple(dict.fromkeys(_codes(row))),
        components=parts,
        components_known=is_whole and (bool(parts) or not is_kit),
        kit_order_only=as_flag(row.get("kitOrderOnly")),
        kit_stock_only=as_flag(row.get("kitStockOnly")),
        is_active=all(told) if told else None,
        safety_stock=as_decimal(at_path(row, safety_path)) if safety_path else None,
    )


def components_of(rows: Iterable[Json], name: str) -> tuple[Components, bool]:
    """Items and how many of each; False when one of them cannot be read, so that the list is not all there is."""
    found: dict[str, Decimal] = {}
    is_whole = True
    for row in rows:
        item, count = as_text(row.get(name)), as_decimal(row.get("quantity"))
        if item is None or count is None or count <= 0:
            is_whole = False
            continue
        found[item] = found.get(item, Decimal(0)) + count
    return tuple(found.items()), is_whole


def _codes(row: Json) -> Iterable[str]:
    """Barcodes of the item, and of its pack of one: that of a case is the code of several."""
    single = [pack for pack in inside(row, "packs", "pack") if as_decimal(pack.get("quantity")) == 1]
    for holder in [row, *single]:
        for codes in inside(holder, "upcs"):
            for code in as_list(codes.get("upc")):
                told = (
                    as_text(code.get("upc")) or as_text(code.get("value")) if isinstance(code, dict) else as_text(code)
                )
                if told:
                    yield told


def at_path(row: Any, path: str) -> Any:
    """The value at a dotted path. In a list of names and values, as custom fields are, the name leads to the value."""
    value = row
    for bracketed, plain in NAME.findall(path):
        name = bracketed or plain
        if isinstance(value, dict) and name in value:
            value = value[name]
            continue
        named = [*inside(value, "customField"), *inside(value)]
        value = next((one.get("value") for one in named if as_text(one.get("name")) == name), None)
    return value
