"""Items and what each of their offers shows: the list, its questions, and the cells of one page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection as database
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum

from integration.models import Channel, Facility, OfferStock, SkuMapping, StockFinding, StockItem, StockLevel
from integration.queries.listed_orders import spellings

NOTHING: Final = Decimal(0)
COUNTED: Final = 999
# So many offers are followed to their items one by one.
FEW: Final = 10_000
_ITEMS_OF: Final = """
WITH hit AS MATERIALIZED (SELECT * FROM unnest(%s::bigint[], %s::text[]) AS hit (channel_id, offer_sku))
SELECT DISTINCT i.id FROM hit JOIN integration_channel c ON c.id = hit.channel_id
JOIN integration_skumapping m ON m.channel_id = hit.channel_id AND m.offer_sku = hit.offer_sku
JOIN integration_stockitem i ON i.warehouse_id = c.warehouse_id AND i.number = m.item_number
"""
# So few free units, all of them on offer, that one sale elsewhere may be one too many.
LAST_UNITS: Final = 2
# A lower number than the marketplace has waits: dropped to zero, or otherwise.
DROPS: Final = (0, 1)

# Each question by the rows that an index of OfferStock holds alone, so that few answers are found quickly.
ZERO_BY_BUFFER: Final = Q(wanted=0, free__gt=0)
DIFFERS: Final = Q(differs_since__isnull=False)
STALE: Final = Q(is_stale=True)
REFUSED: Final = Q(refused_at__isnull=False)
WAITING: Final = Q(wanted_seq__gt=F("pushed_seq"))
OVERSELL: Final = (
    (WAITING & Q(urgency__in=DROPS))
    | (REFUSED & Q(pushed__gt=F("wanted")))
    | (DIFFERS & Q(seen__gt=F("wanted")))
    | Q(wanted__gt=0, free__lte=LAST_UNITS, after_buffer=F("free"))
)
QUESTIONS: Final = {
    "zero_by_buffer": ZERO_BY_BUFFER,
    "differs": DIFFERS,
    "stale": STALE,
    "refused": REFUSED,
    "waiting": WAITING,
    "oversell": OVERSELL,
}


@dataclass
class MatrixRow:
    """One item's stock over all facilities, and its offers by channel, the smallest number first.

    `atp` None: no facility ever told a number. `read_at`: the oldest reading of it. `unknown`: facilities whose number
    was absent from their last reading.
    """

    atp: Decimal | None = None
    read_at: datetime | None = None
    unknown: int = 0
    offers: dict[int, list[OfferStock]] = field(default_factory=dict)


def listed_items() -> QuerySet[StockItem]:
    """Every item; ordering is left to the caller."""
    return StockItem.objects.select_related("warehouse").only(
        "number", "name", "is_order_kit", "is_active", "warehouse__name"
    )


def asked_now(channel: Channel | None = None) -> dict[str, int]:
    """How many offers each question is true of, counting no further than anybody reads. A statement for each."""
    offers = OfferStock.objects.all() if channel is None else OfferStock.objects.filter(channel=channel)
    return {name: offers.filter(true)[: COUNTED + 1].count() for name, true in QUESTIONS.items()}


def unmapped_now() -> int:
    """Offers without an item, as they were counted when the offers were read back last."""
    found = StockFinding.objects.filter(kind="stock.offer_unmapped", cleared_at=None)
    return found.aggregate(offers=Sum("count"))["offers"] or 0


def stock_channels(code: str = "") -> list[Channel]:
    """The channels that are told stock, by name; with a code that channel alone, told or not."""
    rows = Channel.objects.defer("api_key").order_by("name")
    return list(rows.filter(code=code) if code else rows.filter(lanes__contains=["stock"]))


@dataclass(frozen=True)
class Answer:
    """The items of which a question is true. `is_dense`: of so many that counting them far would take too long."""

    rows: QuerySet[StockItem]
    is_dense: bool


def items_asked(rows: QuerySet[StockItem], question: str, channel: Channel | None = None) -> Answer:
    """Items with an offer, on that channel or on any, of which the question is true.

    Few such offers are found by their own index, and their items by them. Where there are many, going through the items
    in the order of the list soon meets a page of them; either way would be slow for the other.
    """
    offers = OfferStock.objects.filter(QUESTIONS[question])
    if channel is not None:
        offers = offers.filter(channel=channel)
    found = list(offers.values_list("channel_id", "offer_sku")[: FEW + 1])
    if len(found) > FEW:
        mine = offers.filter(channel=OuterRef("channel"), offer_sku=OuterRef("offer_sku"))
        return Answer(rows.filter(Exists(_maps_of_item(channel).filter(Exists(mine)))), is_dense=True)
    with database.cursor() as cursor:
        cursor.execute(_ITEMS_OF, [[channel_id for channel_id, _ in found], [sku for _, sku in found]])
        return Answer(rows.filter(pk__in=[pk for (pk,) in cursor.fetchall()]), is_dense=False)


def items_on(rows: QuerySet[StockItem], channel: Channel) -> QuerySet[StockItem]:
    """Items that some offer of the channel stands for."""
    return rows.filter(Exists(_maps_of_item(channel)))


def items_in(rows: QuerySet[StockItem], facility: Facility) -> QuerySet[StockItem]:
    """Items of which the facility has something to promise."""
    levels = StockLevel.objects.filter(
        warehouse=OuterRef("warehouse"), item_number=OuterRef("number"), facility=facility, atp__gt=0
    )
    return rows.filter(Exists(levels))


def items_matching(rows: QuerySet[StockItem], words: str) -> QuerySet[StockItem]:
    """Items whose number or name begins with the words, of which they are a UPC, or that such an offer SKU stands for.

    Each is looked up by its own index and the answers are united: an OR over two tables would read every item.
    """
    text = words.strip()
    found: QuerySet[StockItem, int] = StockItem.objects.none().values_list("pk", flat=True)
    parts = [StockItem.objects.filter(name__istartswith=text), StockItem.objects.filter(upcs__contains=[text])]
    for spelling in spellings(words):
        mapped = SkuMapping.objects.filter(offer_sku__startswith=spelling)
        parts += [
            StockItem.objects.filter(number__startswith=spelling),
            StockItem.objects.filter(number__in=mapped.values("item_number")),
        ]
    return rows.filter(pk__in=found.union(*(part.values_list("pk", flat=True) for part in parts)))


def matrix_of(items: Sequence[StockItem], channels: Iterable[Channel]) -> dict[int, MatrixRow]:
    """What a page shows of its items, by the item's key. Three statements, however many items there are."""
    rows = {(item.warehouse_id, item.number): MatrixRow() for item in items}
    if not rows:
        return {}
    numbers = [item.number for item in items]
    _read_levels(rows, numbers)
    _read_offers(rows, numbers, {channel.pk: channel.warehouse_id for channel in channels})
    return {item.pk: rows[item.warehouse_id, item.number] for item in items}


def shown(offer: OfferStock) -> int:
    """The number by which offers are put in order: what landed, else what shall; an unknown one stands last."""
    number = offer.pushed if offer.pushed is not None else offer.wanted
    return number if number is not None else 2**31


def _maps_of_item(channel: Channel | None) -> QuerySet[SkuMapping]:
    maps = SkuMapping.objects.filter(item_number=OuterRef("number"), channel__warehouse=OuterRef("warehouse"))
    return maps if channel is None else maps.filter(channel=channel)


def _read_levels(rows: dict[tuple[int, str], MatrixRow], numbers: list[str]) -> None:
    levels = StockLevel.objects.filter(warehouse__in={warehouse for warehouse, _ in rows}, item_number__in=numbers)
    for warehouse, number, atp, read_at, unknown_since in levels.values_list(
        "warehouse_id", "item_number", "atp", "read_at", "unknown_since"
    ):
        row = rows.get((warehouse, number))
        if row is None:
            continue
        if atp is not None:
            row.atp = (row.atp or NOTHING) + max(NOTHING, atp)
        row.read_at = read_at if row.read_at is None else min(row.read_at, read_at)
        row.unknown += unknown_since is not None


def _read_offers(rows: dict[tuple[int, str], MatrixRow], numbers: list[str], warehouses: dict[int, int | None]) -> None:
    maps = SkuMapping.objects.filter(channel__in=warehouses, item_number__in=numbers)
    items_of: dict[tuple[int, str], list[MatrixRow]] = {}
    for channel_id, offer_sku, number in maps.values_list("channel_id", "offer_sku", "item_number"):
        row = rows.get((warehouses[channel_id] or 0, number))
        if row is not None:
            items_of.setdefault((channel_id, offer_sku), []).append(row)
    offers = OfferStock.objects.filter(
        channel__in={channel for channel, _ in items_of}, offer_sku__in={sku for _, sku in items_of}
    )
    for offer in offers:
        for row in items_of.get((offer.channel_id, offer.offer_sku), ()):
            row.offers.setdefault(offer.channel_id, []).append(offer)
    for row in rows.values():
        for found in row.offers.values():
            found.sort(key=lambda offer: (shown(offer), offer.offer_sku))
