"""Finds orders by any number that stands on a label, a letter or a screen. Exact, by index, bounded."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.db.models import QuerySet

from integration.models import Order, OrderLine, Parcel
from integration.queries.listed_orders import spellings

SHOWN: Final = 20
SEARCHED: Final = (
    "order id",
    "commercial id",
    "number in the warehouse",
    "tracking number",
    "shipment number",
    "offer SKU",
)


@dataclass(frozen=True)
class Hit:
    """One order, and the words by which it was found where they are not its own (a tracking number, a line)."""

    order: Order
    words: str = ""


@dataclass(frozen=True)
class Group:
    """The orders that one kind of number led to, the newest first."""

    label: str
    hits: list[Hit]
    has_more: bool


@dataclass(frozen=True)
class Found:
    """What a search found."""

    groups: list[Group]

    @property
    def only(self) -> Order | None:
        """The one order that everything led to; None when there are several, or none."""
        orders = {hit.order.pk: hit.order for group in self.groups for hit in group.hits}
        is_one = len(orders) == 1 and not any(group.has_more for group in self.groups)
        return next(iter(orders.values())) if is_one else None


def find_orders(text: str) -> Found:
    """Look the text up as each kind of number, as it was typed and in capitals: six statements, each bounded."""
    texts = spellings(text)
    if not texts[0]:
        return Found([])
    orders = Order.objects.select_related("channel").order_by("-id")
    parcels = Parcel.objects.select_related("order__channel", "shipment").order_by("-id")
    lines = OrderLine.objects.filter(offer_sku__in=texts).select_related("order__channel").order_by("-id")
    by_tracking, by_shipment = parcels.filter(tracking_number__in=texts), parcels.filter(shipment__number__in=texts)
    groups = (
        _group(SEARCHED[0], _own(orders.filter(order_id__in=texts))),
        _group(SEARCHED[1], _own(orders.filter(commercial_id__in=texts))),
        _group(SEARCHED[2], _own(orders.filter(wms_number__in=texts))),
        _group(SEARCHED[3], [Hit(row.order, row.tracking_number) for row in by_tracking[: SHOWN + 1]]),
        _group(SEARCHED[4], [Hit(row.order, row.shipment.number) for row in by_shipment[: SHOWN + 1]]),
        _group(SEARCHED[5], [Hit(row.order, f"{row.quantity} x {row.offer_sku}") for row in lines[: SHOWN + 1]]),
    )
    return Found([group for group in groups if group.hits])


def _own(rows: QuerySet[Order]) -> list[Hit]:
    return [Hit(order) for order in rows[: SHOWN + 1]]


def _group(label: str, hits: Sequence[Hit]) -> Group:
    once = {hit.order.pk: hit for hit in reversed(hits)}
    kept = sorted(once.values(), key=lambda hit: hit.order.pk, reverse=True)[:SHOWN]
    return Group(label=label, hits=kept, has_more=len(hits) > SHOWN)
