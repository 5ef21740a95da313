"""Whether an order in the warehouse is the order that was sent."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from integration.deposco.normalise import as_decimal, as_text, inside
from integration.deposco.schemas import WmsOrder
from integration.deposco.v2.reading import key_of, rows_of

Fingerprint = tuple[str, tuple[tuple[str, Decimal], ...]]


def order_fingerprint(order: WmsOrder | Mapping[str, Any]) -> Fingerprint:
    """The number and what is to be sent: items with quantities, whatever the order, the numbers' form, or the generation.

    The marketplace's id is left out: one tenant was seen to give it back in another field than it was sent in.
    """
    if isinstance(order, WmsOrder):
        lines = [(line.item_number, line.quantity.normalize()) for line in order.lines]
        return order.number, tuple(sorted(lines))
    listed = order.get("orderLines")
    if isinstance(listed, dict) and "data" in listed:
        pairs = [(key_of(row.get("item"), "number"), row) for row in rows_of(listed)]
    else:
        pairs = [(as_text(row.get("itemNumber")), row) for row in inside(dict(order), "orderLines", "orderLine")]
    sent = [(item or "", (as_decimal(row.get("orderPackQuantity")) or Decimal(0)).normalize()) for item, row in pairs]
    return as_text(order.get("number")) or "", tuple(sorted(sent))
