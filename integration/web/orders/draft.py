"""What would be sent to the warehouse for one order, as the maps stand now. Nothing is stored and nothing is sent."""

import json
from dataclasses import dataclass
from typing import Final

from core.redaction import redact
from integration.models import Order
from integration.services.import_draft import import_draft, read_import_maps

INDENT: Final = 2
# What a profile that names something unknown ends in: the profile is data, and anybody may have written it.
BROKEN_PROFILE: Final = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)


@dataclass(frozen=True)
class Draft:
    """The document as text, or what stands in its way in words."""

    body: str
    causes: tuple[str, ...]


def draft_of(order: Order, *, sees_buyers: bool) -> Draft:
    """Draft the order as the import lane would; without the right to see buyers the document comes redacted."""
    lines = list(order.lines.order_by("position", "id"))
    maps = read_import_maps(order.channel, [line.offer_sku for line in lines])
    try:
        draft = import_draft(channel=order.channel, order=order, lines=lines, maps=maps)
    except BROKEN_PROFILE as error:
        words = f"The order cannot be written as the warehouse's profile asks: {type(error).__name__} {error}"
        return Draft(body="", causes=(words,))
    shown = draft.payload if sees_buyers else redact(draft.payload)
    return Draft(
        body=json.dumps(shown, indent=INDENT, ensure_ascii=False, default=str) if draft.payload is not None else "",
        causes=tuple(cause.summary for cause in draft.causes),
    )


def why_no_draft(order: Order) -> str:
    """Why nothing would be sent for this order any more, or yet; empty when something would."""
    if order.in_wms_at is not None:
        return "The warehouse has the order already: what was sent stands in the timeline."
    if order.stage != "ready":
        return "An order is drafted when it is ready to import."
    if order.channel.warehouse_id is None:
        return "Its channel has no warehouse."
    return ""
