"""What an offer SKU is in the warehouse: an item, a pack of it, or a kit."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class Mapping:
    """One row of the SKU map. `is_active` False: the warehouse will not ship the item."""

    item_number: str
    units_per_offer: Decimal
    is_active: bool = True


@dataclass(frozen=True)
class Component:
    """So many of an item for one line. `units_per_offer` tells how many make one sold unit."""

    item_number: str
    quantity: Decimal
    units_per_offer: Decimal


@dataclass(frozen=True)
class Resolved:
    """The line can be shipped as these items."""

    components: tuple[Component, ...]


@dataclass(frozen=True)
class Unmapped:
    """Nobody has said what this SKU is."""

    offer_sku: str


@dataclass(frozen=True)
class Inactive:
    """The SKU is an item that the warehouse will not ship."""

    offer_sku: str
    item_number: str


def resolve_line(offer_sku: str, quantity: int, rows: Sequence[Mapping]) -> Resolved | Unmapped | Inactive:
    """The items of one line: every row of the SKU, times the quantity sold. Several offers may be one item."""
    if not rows:
        return Unmapped(offer_sku)
    asleep = next((row for row in rows if not row.is_active), None)
    if asleep is not None:
        return Inactive(offer_sku, asleep.item_number)
    return Resolved(
        tuple(Component(row.item_number, row.units_per_offer * quantity, row.units_per_offer) for row in rows)
    )
