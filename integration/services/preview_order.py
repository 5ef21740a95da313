"""Shows what an order would be in the warehouse now, and under a map that is only proposed. Writes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from core.redaction import redact
from integration.errors import InvalidInputError
from integration.models import Order
from integration.services.import_draft import ImportDraft, import_draft, read_import_maps


@dataclass(frozen=True)
class Sketch:
    """The document as Deposco would get it; None with the sentences that say what stands in its way."""

    payload: dict[str, Any] | None
    problems: tuple[str, ...]


@dataclass(frozen=True)
class OrderPreview:
    """The order under the maps as they are, and under the proposed one (the same when none is proposed)."""

    now: Sketch
    proposed: Sketch


def preview_order(
    *,
    order: Order,
    offer_sku: str = "",
    components: Sequence[tuple[str, Decimal]] = (),
    shipping_type_code: str = "",
    ship_via: str = "",
    ship_vendor: str = "",
    shows_buyer: bool = False,
) -> OrderPreview:
    """Sketch the order twice: as it stands, and as if `offer_sku` were `components` and the shipping type `ship_via`.

    The buyer's data is hidden unless `shows_buyer`; pass it only for people who may see buyers. Raises
    InvalidInputError for an order whose shop has no warehouse.
    """
    channel = order.channel
    if channel.warehouse is None:
        raise InvalidInputError({"warehouse": "The shop has no warehouse yet: connect one first."})
    lines = list(order.lines.order_by("position"))
    maps = read_import_maps(channel, [line.offer_sku for line in lines])
    wanted = maps.with_sku(offer_sku, components) if offer_sku and components else maps
    if shipping_type_code and ship_via:
        wanted = wanted.with_ship_via(shipping_type_code, ship_via, ship_vendor)
    now = import_draft(channel=channel, order=order, lines=lines, maps=maps)
    proposed = now if wanted is maps else import_draft(channel=channel, order=order, lines=lines, maps=wanted)
    return OrderPreview(now=_sketch(now, shows_buyer=shows_buyer), proposed=_sketch(proposed, shows_buyer=shows_buyer))


def _sketch(draft: ImportDraft, *, shows_buyer: bool) -> Sketch:
    payload = draft.payload if shows_buyer or draft.payload is None else redact(draft.payload)
    return Sketch(payload=payload, problems=tuple(cause.summary for cause in draft.causes))
