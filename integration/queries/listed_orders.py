"""The orders and the parcels of the lists, with what a row shows, in a constant number of statements."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from core.clock import db_now
from integration.models import Facility, Hold, Order, OrderLine, Parcel, ParcelLine, Shipment
from integration.models.order import OPEN_ORDER

# Stages in which the dispatch deadline still runs for the warehouse.
BEFORE_CONFIRMED: Final = ("ready", "in_wms", "picking", "shipped")
# So many shipments are looked at for what buildings there are: enough to meet each, and never all of history.
NEWEST: Final = 2_000


@dataclass(frozen=True)
class FacilitySeen:
    """A building by which parcels may be chosen. Shipments call it by one of `words`: its number, or its name."""

    value: str
    label: str
    words: tuple[str, ...]


def listed_orders() -> QuerySet[Order]:
    """Orders with their channel, `open_holds` (the oldest first) and lines; ordering is left to the caller."""
    holds = Hold.objects.filter(released_at=None).order_by("since", "id")
    return Order.objects.select_related("channel").prefetch_related(
        Prefetch("holds", queryset=holds, to_attr="open_holds"),
        Prefetch("lines", queryset=OrderLine.objects.only("order_id", "quantity")),
    )


def listed_parcels() -> QuerySet[Parcel]:
    """Parcels with their shipment, order, channel and lines; ordering is left to the caller."""
    return Parcel.objects.select_related("shipment", "order__channel").prefetch_related(
        Prefetch("lines", queryset=ParcelLine.objects.only("parcel_id", "quantity"))
    )


def late_orders(rows: QuerySet[Order]) -> QuerySet[Order]:
    """Those past their dispatch deadline that the marketplace does not know to be shipped."""
    return rows.filter(stage__in=BEFORE_CONFIRMED, shipping_deadline_at__lt=db_now())


def orders_due_by(rows: QuerySet[Order], moment: datetime) -> QuerySet[Order]:
    """Those whose dispatch deadline lies before the moment, and for which somebody still has something to do.

    The condition is that of the index `order_open_deadline`, so the cost does not grow with history.
    """
    return rows.filter(OPEN_ORDER, shipping_deadline_at__lte=moment)


def end_of_day() -> datetime:
    """The end of today in the reader's own zone."""
    return timezone.localtime(db_now()).replace(hour=23, minute=59, second=59, microsecond=999_999)


def orders_matching(rows: QuerySet[Order], words: str) -> QuerySet[Order]:
    """Those whose order id, commercial id or WMS number begins with the words, or that sold the offer SKU exactly.

    Each is looked up by its own index and the answers are united: an OR over two tables would read every order.
    """
    found: QuerySet[Order, int] = Order.objects.none().values_list("pk", flat=True)
    parts = []
    for text in spellings(words):
        parts += [
            Order.objects.filter(order_id__startswith=text).values_list("pk", flat=True),
            Order.objects.filter(commercial_id__startswith=text).values_list("pk", flat=True),
            Order.objects.filter(wms_number__startswith=text).values_list("pk", flat=True),
        ]
    sold = OrderLine.objects.filter(offer_sku__in=spellings(words)).values_list("order_id", flat=True)
    return rows.filter(pk__in=found.union(*parts, sold))


def parcels_matching(rows: QuerySet[Parcel], words: str) -> QuerySet[Parcel]:
    """Those whose tracking number, shipment number or order id begins with the words; each by its own index."""
    found: QuerySet[Parcel, int] = Parcel.objects.none().values_list("pk", flat=True)
    parts = []
    for text in spellings(words):
        parts += [
            Parcel.objects.filter(tracking_number__startswith=text).values_list("pk", flat=True),
            Parcel.objects.filter(shipment__number__startswith=text).values_list("pk", flat=True),
            Parcel.objects.filter(order__order_id__startswith=text).values_list("pk", flat=True),
        ]
    return rows.filter(pk__in=found.union(*parts))


def facilities_seen() -> list[FacilitySeen]:
    """The buildings to choose from: those with a name, and every word that one of the newest shipments used."""
    newest = Shipment.objects.order_by("-shipped_at", "-id").values_list("facility", flat=True)[:NEWEST]
    words = set(newest) - {""}
    found: dict[str, FacilitySeen] = {}
    for number, name in Facility.objects.order_by("name", "number").values_list("number", "name"):
        if number != name or number in words:
            # Two warehouses may number alike: one choice, every word.
            before = found[number].words if number in found else ()
            found[number] = FacilitySeen(number, name, (*before, number, name))
    named = {word for row in found.values() for word in row.words}
    return [*found.values(), *(FacilitySeen(word, word, (word,)) for word in sorted(words - named))]


def spellings(words: str) -> list[str]:
    """The words as they were typed, and in capitals, since most numbers are: an index knows no other forgiveness."""
    text = words.strip()
    return [text] if text == text.upper() else [text, text.upper()]
