"""How documents of V2 become what we use of them."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from integration.deposco.normalise import as_decimal, as_list, as_text
from integration.deposco.schemas import WmsLine, WmsOrder

Json = dict[str, Any]
# Lists inside of other documents are cut after so many rows, whatever they say of themselves.
NESTED = 10


def rows_of(collection: Any) -> list[Json]:
    """The rows of a list inside of a document, with its envelope or without."""
    rows = collection.get("data") if isinstance(collection, dict) else collection
    return [row for row in as_list(rows) if isinstance(row, dict)]


def is_whole(collection: Any) -> bool:
    """Whether a list inside of a document is all there is."""
    told = collection.get("complete") if isinstance(collection, dict) else None
    return len(rows_of(collection)) < NESTED and told is not False


def part_of(row: Json, name: str) -> Json:
    """A document inside of a document; empty when there is none."""
    part = row.get(name)
    return part if isinstance(part, dict) else {}


def key_of(reference: Any, name: str) -> str | None:
    """One part of the business key of a reference; None when it names none."""
    key = reference.get("businessKey") if isinstance(reference, dict) else None
    return as_text(key.get(name)) if isinstance(key, dict) else None


def id_of(row: Any) -> str | None:
    """The numeric id of a document (self) or of a reference."""
    if not isinstance(row, dict):
        return None
    own = row.get("self")
    return as_text(own.get("id")) if isinstance(own, dict) else as_text(row.get("id"))


def unwrapped(body: Json, name: str) -> Json:
    """The document itself, where an answer wraps it by its name."""
    inner = body.get(name)
    return inner if isinstance(inner, dict) and "number" not in body else body


def is_of_unit(row: Json, business_unit: str) -> bool:
    """Whether a row is of this business unit, as far as it tells."""
    return key_of(row.get("businessUnit"), "code") in (None, business_unit)


def wms_order(row: Json, lines: Sequence[Json]) -> WmsOrder:
    """One order with its lines, which may have come from elsewhere. A line whose item is gone has an empty one."""
    return WmsOrder(
        number=as_text(row.get("number")) or "",
        status=as_text(row.get("orderStatus")) or "",
        customer_order_number=as_text(row.get("customerOrderNumber")) or "",
        lines=tuple(
            WmsLine(
                line_number=as_text(line.get("lineNumber")) or "",
                item_number=key_of(line.get("item"), "number") or "",
                quantity=as_decimal(line.get("orderPackQuantity")) or Decimal(0),
                cancelled=as_decimal(line.get("canceledPackQuantity")) or Decimal(0),
                shipped=as_decimal(line.get("shippedPackQuantity")) or Decimal(0),
            )
            for line in lines
        ),
        raw=row,
    )


def errors_of(body: Any) -> list[str]:
    """The sentences of an error envelope."""
    rows = body.get("errors") if isinstance(body, dict) else None
    texts = [as_text(row.get("errorMessage")) for row in as_list(rows) if isinstance(row, dict)]
    return [text for text in texts if text]
