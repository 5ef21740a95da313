"""Whether an order in the warehouse is the order that was sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integration.deposco.normalise import as_decimal, as_text, inside
from integration.deposco.schemas import WmsOrder

Fingerprint = tuple[str, tuple[tuple[str, Decimal], ...]]


def order_fingerprint(order: WmsOrder | Mapping[str, Any]) -> Fingerprint:
    """The number and what is to be sent: items with quantities, whatever the order and the form of the numbers.

    The marketplace's id is left out: one tenant was seen to give it back in another field than it was sent in.
    """
    if isinstance(order, WmsOrder):
        lines = [(line.item_number, line.quantity.normalize()) for line in order.lines]
        return order.number, tuple(sorted(lines))
    rows = inside(dict(order), "orderLines", "orderLine")
    pairs = [
        (as_text(row.get("itemNumber")) or "", (as_decimal(row.get("orderPackQuantity")) or Decimal(0)).normalize())
        for row in rows
    ]
    return as_text(order.get("number")) or "", tuple(sorted(pairs))
