"""One item: what facilities have of it, which orders hold it, and the offers it is sold as. A constant number of statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final, TypeVar

from django.db.models import Q, QuerySet

from core.clock import db_now
from integration.models import (
    Channel,
    ChannelFacility,
    ItemComponent,
    ListedOffer,
    OfferStock,
    OrderLine,
    SkuMapping,
    StockItem,
    StockLevel,
    StockPushLine,
)
from integration.queries.stock.stock_matrix import NOTHING, shown

# Before it reached the warehouse an order's units are in no ATP; after it, the reading must have begun later than that.
NOT_IN_WAREHOUSE: Final = ("received", "accepted", "awaiting_debit", "ready")
SETTLE: Final = timedelta(seconds=5)
LOOKED_BACK: Final = timedelta(hours=24)
ORDERS_SHOWN: Final = 100
OFFERS_SHOWN: Final = 40
PUSHES_SHOWN: Final = 5
Row = TypeVar("Row", OfferStock, ListedOffer)

# The newest lines of each offer: one descent of the index an offer, however long its history is.
_LAST_LINES: Final = """
SELECT line.* FROM unnest(%s::bigint[], %s::text[]) AS wanted (channel_id, offer_sku)
CROSS JOIN LATERAL (
    SELECT * FROM integration_stockpushline l
    WHERE l.channel_id = wanted.channel_id AND l.offer_sku = wanted.offer_sku ORDER BY l.id DESC LIMIT %s
) line ORDER BY line.id DESC
"""


@dataclass(frozen=True)
class InFlight:
    """A line that was sold and that no reading has seen yet, in units of the item."""

    line: OrderLine
    units: Decimal

    @property
    def reached_warehouse(self) -> bool:
        """Whether the order is in the warehouse, and only the reading is older."""
        return self.line.order.in_wms_at is not None


@dataclass(frozen=True)
class OfferOfItem:
    """One offer that the item is in: our side, the marketplace's, what else is in it, and what it was told last."""

    channel: Channel
    offer_sku: str
    parts: tuple[tuple[str, Decimal], ...]
    stock: OfferStock | None
    listed: ListedOffer | None
    lines: tuple[StockPushLine, ...]

    @property
    def only_item(self) -> str | None:
        """The one item that the offer stands for; None for several."""
        return self.parts[0][0] if len(self.parts) == 1 else None


@dataclass(frozen=True)
class OffersOfItem:
    """The offers of an item, and whether there are more than are shown."""

    offers: list[OfferOfItem]
    is_cut: bool


def levels_of(item: StockItem) -> list[StockLevel]:
    """What each facility has of the item, by the facility's name."""
    rows = StockLevel.objects.filter(warehouse=item.warehouse_id, item_number=item.number)
    return list(rows.select_related("facility").order_by("facility__name", "facility_id"))


def seen_by_channels(levels: Sequence[StockLevel]) -> dict[tuple[int, int], ChannelFacility]:
    """How each channel sees these facilities, by channel and facility."""
    rows = ChannelFacility.objects.filter(facility__in=[level.facility_id for level in levels])
    return {(row.channel_id, row.facility_id): row for row in rows}


def components_of(item: StockItem) -> list[ItemComponent]:
    """What is put together when this kit is ordered."""
    return list(item.components.order_by("component_number")) if item.is_order_kit else []


def items_by_number(item: StockItem, numbers: Sequence[str]) -> dict[str, StockItem]:
    """Items of the same warehouse, for links to them."""
    rows = StockItem.objects.filter(warehouse=item.warehouse_id, number__in=numbers).only("number", "name", "tags")
    return {row.number: row for row in rows}


def kits_with(item: StockItem) -> dict[str, Decimal]:
    """The item itself, once, and the kits it is put into when they are ordered, with how many of it are in each."""
    kits = ItemComponent.objects.filter(
        component_number=item.number, kit__warehouse=item.warehouse_id, kit__is_order_kit=True
    )
    return {item.number: Decimal(1)} | dict(kits.values_list("kit__number", "quantity"))


def in_flight_of(item: StockItem, levels: Sequence[StockLevel], kits: Mapping[str, Decimal]) -> list[InFlight]:
    """Lines of any channel of the warehouse whose units are in no reading yet, the oldest order first.

    The same choice as where the numbers are worked out: orders that the shop itself ships and that are not in the
    warehouse yet, and those that reached it too late for the oldest known reading, within the last day.
    """
    oldest = min((row.read_at for row in levels if row.atp is not None and row.unknown_since is None), default=None)
    units = _units(item, kits)
    late = Q(order__in_wms_at__gt=_unseen_since(oldest))
    lines = OrderLine.objects.filter(
        Q(order__stage__in=NOT_IN_WAREHOUSE, order__in_wms_at=None) | late,
        offer_sku__in={sku for _, sku in units},
        order__channel__in={channel for channel, _ in units},
        order__fulfillment_center="DEFAULT",
    )
    rows = lines.select_related("order__channel").defer("order__channel__api_key", "order__customer")
    found = [
        InFlight(line, line.quantity_live * units.get((line.order.channel_id, line.offer_sku), NOTHING))
        for line in rows.order_by("order__ordered_at", "id")[:ORDERS_SHOWN]
    ]
    return [row for row in found if row.units > NOTHING]


def offers_of(item: StockItem, kits: Mapping[str, Decimal]) -> OffersOfItem:
    """The offers that the item is in, by itself or within a kit: by channel, then the smallest number first."""
    channels = {
        row.pk: row
        for row in Channel.objects.filter(warehouse=item.warehouse_id).defer("api_key").select_related("stock")
    }
    mine = SkuMapping.objects.filter(channel__in=channels, item_number__in=kits).order_by("channel__name", "offer_sku")
    found = list(dict.fromkeys(mine.values_list("channel_id", "offer_sku")[: OFFERS_SHOWN * 2]))
    keys = found[:OFFERS_SHOWN]
    stocks, listed = _by_key(OfferStock.objects.all(), keys), _by_key(ListedOffer.objects.all(), keys)
    parts = _parts(keys)
    lines = _last_lines(keys)
    offers = [
        OfferOfItem(
            channel=channels[key[0]],
            offer_sku=key[1],
            parts=tuple(parts[key]),
            stock=stocks.get(key),
            listed=listed.get(key),
            lines=tuple(lines.get(key, ())),
        )
        for key in keys
    ]
    offers.sort(key=lambda row: (row.channel.name, shown(row.stock) if row.stock else 2**31, row.offer_sku))
    return OffersOfItem(offers, len(found) > OFFERS_SHOWN)


def _unseen_since(oldest: datetime | None) -> datetime:
    day_ago = db_now() - LOOKED_BACK
    return day_ago if oldest is None else max(day_ago, oldest - SETTLE)


def _units(item: StockItem, kits: Mapping[str, Decimal]) -> dict[tuple[int, str], Decimal]:
    """Units of the item in one of each offer, by channel and SKU."""
    maps = SkuMapping.objects.filter(channel__warehouse=item.warehouse_id, item_number__in=kits)
    units: dict[tuple[int, str], Decimal] = {}
    for row in maps:
        key = (row.channel_id, row.offer_sku)
        units[key] = units.get(key, NOTHING) + row.units_per_offer * kits[row.item_number]
    return units


def _by_key(rows: QuerySet[Row], keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], Row]:
    found = rows.filter(channel__in={channel for channel, _ in keys}, offer_sku__in={sku for _, sku in keys})
    return {(row.channel_id, row.offer_sku): row for row in found}


def _parts(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], list[tuple[str, Decimal]]]:
    rows = SkuMapping.objects.filter(
        channel__in={channel for channel, _ in keys}, offer_sku__in={sku for _, sku in keys}
    ).order_by("item_number")
    found: dict[tuple[int, str], list[tuple[str, Decimal]]] = {}
    for row in rows:
        found.setdefault((row.channel_id, row.offer_sku), []).append((row.item_number, row.units_per_offer))
    return found


def _last_lines(keys: Sequence[tuple[int, str]]) -> dict[tuple[int, str], list[StockPushLine]]:
    values = [[channel for channel, _ in keys], [sku for _, sku in keys], PUSHES_SHOWN]
    found: dict[tuple[int, str], list[StockPushLine]] = {}
    for line in StockPushLine.objects.raw(_LAST_LINES, values):
        found.setdefault((line.channel_id, line.offer_sku), []).append(line)
    return found
