"""How many units that were sold a parcel holds, when the warehouse counts items: packs and kits, parcel by parcel."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class SentItem:
    """An item as it was sent to the warehouse for one order line. `line` is the row's key."""

    line: int
    wms_line_number: str
    item_number: str
    quantity: Decimal
    units_per_offer: Decimal


@dataclass(frozen=True)
class CarriedItem:
    """An item that lies in a parcel, by the line numbers that the warehouse gives for it."""

    line_number: str | None
    customer_line_number: str | None
    item_number: str
    quantity: Decimal


@dataclass(frozen=True)
class Tied:
    """What a parcel carries of each order line, in items; and what belongs to no line."""

    by_line: Mapping[int, Mapping[str, Decimal]]
    strange: tuple[CarriedItem, ...]


def tie(carried: Sequence[CarriedItem], sent: Sequence[SentItem], gone: Mapping[tuple[int, str], Decimal]) -> Tied:
    """Find the order line of every carried item: by line number, else by item, the lines with something left first.

    `gone` says how many of each (line, item) left in other parcels.
    """
    by_number = {item.wms_line_number: item for item in sent}
    found: dict[int, dict[str, Decimal]] = {}
    strange: list[CarriedItem] = []
    for part in carried:
        item = by_number.get(part.line_number or "") or by_number.get(part.customer_line_number or "")
        if item is not None:
            _add(found, item, part.quantity)
            continue
        fitting = [item for item in sent if item.item_number == part.item_number]
        if not fitting:
            strange.append(part)
            continue
        left = part.quantity
        for item in fitting:
            taken = gone.get((item.line, item.item_number), Decimal(0)) + found.get(item.line, {}).get(
                item.item_number, Decimal(0)
            )
            share = min(left, max(Decimal(0), item.quantity - taken))
            if share > 0:
                _add(found, item, share)
                left -= share
        if left > 0:
            _add(found, fitting[-1], left)
    return Tied(by_line=found, strange=tuple(strange))


def units_completed(
    units_per_offer: Mapping[str, Decimal], earlier: Mapping[str, Decimal], now: Mapping[str, Decimal], *, counted: int
) -> int:
    """Sold units that are whole with this parcel and were not before: as many as the scarcest item allows.

    A kit whose items travel in several parcels counts in the parcel that makes it whole.
    """
    whole = min(
        int((earlier.get(item, Decimal(0)) + now.get(item, Decimal(0))) // units)
        for item, units in units_per_offer.items()
    )
    return max(0, whole - counted)


def _add(found: dict[int, dict[str, Decimal]], item: SentItem, quantity: Decimal) -> None:
    parts = found.setdefault(item.line, {})
    parts[item.item_number] = parts.get(item.item_number, Decimal(0)) + quantity
