"""What the buffer simulator replays: offers with their items, the moves of these, and what was ordered. Bounded reads."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

from integration.models import (
    Channel,
    ChannelFacility,
    Facility,
    ItemComponent,
    OrderLine,
    SkuMapping,
    StockItem,
    StockLevel,
    StockMove,
)

Parts = Mapping[str, Decimal]


@dataclass(frozen=True)
class ReplayedOffer:
    """An offer of the channel. `mapped` are the item numbers of the SKU map, `parts` what is in it, kits opened."""

    offer_sku: str
    mapped: tuple[str, ...]
    parts: Parts

    @property
    def only_item(self) -> str | None:
        """The one item that it stands for; None for several, which no rule by item or tag fits."""
        return self.mapped[0] if len(self.mapped) == 1 else None


@dataclass(frozen=True)
class ItemMove:
    """The ATP of an item in a facility became this."""

    at: datetime
    item: str
    facility_id: int
    before: Decimal | None
    after: Decimal | None


@dataclass(frozen=True)
class ItemLevel:
    """What a facility has of an item now; None: never told, or told no longer."""

    item: str
    facility_id: int
    atp: Decimal | None


@dataclass(frozen=True)
class Ordered:
    """Somebody ordered so many of an offer."""

    at: datetime
    offer_sku: str
    units: int


def skus_of_items(channel: Channel, items: Collection[str], most: int) -> list[str]:
    """Offers that these items are in, at most so many."""
    rows = SkuMapping.objects.filter(channel=channel, item_number__in=items)
    return list(rows.order_by("offer_sku").values_list("offer_sku", flat=True).distinct()[:most])


def items_with_tag(channel: Channel, tag: str, most: int) -> list[str]:
    """Items of the channel's warehouse that carry the tag, at most so many."""
    rows = StockItem.objects.filter(warehouse=channel.warehouse_id, tags__contains=[tag])
    return list(rows.order_by("number").values_list("number", flat=True)[:most])


def offers_named(channel: Channel, offer_skus: Collection[str]) -> list[ReplayedOffer]:
    """These offers as far as the SKU map knows them, with kits of the warehouse opened."""
    rows = list(
        SkuMapping.objects.filter(channel=channel, offer_sku__in=offer_skus)
        .order_by("offer_sku", "item_number")
        .values_list("offer_sku", "item_number", "units_per_offer")
    )
    opened: dict[str, list[tuple[str, Decimal]]] = {}
    kits = ItemComponent.objects.filter(
        kit__warehouse=channel.warehouse_id, kit__is_order_kit=True, kit__number__in={item for _, item, _ in rows}
    )
    for kit, component, quantity in kits.values_list("kit__number", "component_number", "quantity"):
        opened.setdefault(kit, []).append((component, quantity))
    mapped: dict[str, list[str]] = {}
    parts: dict[str, dict[str, Decimal]] = {}
    for sku, item, units in rows:
        mapped.setdefault(sku, []).append(item)
        inside = parts.setdefault(sku, {})
        for component, quantity in opened.get(item, [(item, Decimal(1))]):
            inside[component] = inside.get(component, Decimal(0)) + units * quantity
    return [ReplayedOffer(sku, tuple(mapped[sku]), parts[sku]) for sku in mapped]


def tags_of(channel: Channel, items: Collection[str]) -> dict[str, Sequence[str]]:
    """The tags of these items, by number."""
    rows = StockItem.objects.filter(warehouse=channel.warehouse_id, number__in=items)
    return dict(rows.values_list("number", "tags"))


def moves_since(channel: Channel, items: Collection[str], since: datetime, most: int) -> list[ItemMove]:
    """Their moves from that moment on, at most so many, the oldest first. Only the days concerned are looked at."""
    assert channel.warehouse_id is not None
    rows = StockMove.objects.filter(
        warehouse_id=channel.warehouse_id, item_number__in=items, at__gte=since, day__gte=since.astimezone(UTC).date()
    )
    values = rows.order_by("at", "id").values_list("at", "item_number", "facility_id", "before", "after")
    return [ItemMove(*row) for row in values[:most]]


def levels_now(channel: Channel, items: Collection[str]) -> list[ItemLevel]:
    """What each facility has of them now."""
    rows = StockLevel.objects.filter(warehouse=channel.warehouse_id, item_number__in=items)
    values = rows.values_list("item_number", "facility_id", "atp", "unknown_since")
    return [ItemLevel(item, facility, None if unknown else atp) for item, facility, atp, unknown in values]


def ordered_since(channel: Channel, offer_skus: Collection[str], since: datetime, most: int) -> list[Ordered]:
    """What was ordered of these offers on the channel, whatever became of it, at most so many, the oldest first."""
    rows = OrderLine.objects.filter(offer_sku__in=offer_skus, order__channel=channel, order__ordered_at__gte=since)
    values = rows.order_by("order__ordered_at", "id").values_list("order__ordered_at", "offer_sku", "quantity")
    return [Ordered(*row) for row in values[:most]]


def facilities_of(channel: Channel) -> dict[int, bool]:
    """Every facility of the channel's warehouse, and whether the channel may offer its stock now, rules aside.

    Where the channel has codes of the operator, a facility without one cannot be told, and so cannot be offered.
    """
    seen = {row.facility_id: row for row in ChannelFacility.objects.filter(channel=channel)}
    has_codes = any(row.warehouse_code for row in seen.values())
    facilities = Facility.objects.filter(warehouse=channel.warehouse_id).values_list("pk", "is_active")
    return {pk: is_active and _may_offer(seen.get(pk), has_codes=has_codes) for pk, is_active in facilities}


def level_at_start(moves: Iterable[ItemMove], levels: Iterable[ItemLevel]) -> dict[tuple[str, int], Decimal | None]:
    """What each facility had of each item before the first of these moves; where nothing moved, what it has now."""
    found: dict[tuple[str, int], Decimal | None] = {(level.item, level.facility_id): level.atp for level in levels}
    first: dict[tuple[str, int], Decimal | None] = {}
    for move in moves:
        first.setdefault((move.item, move.facility_id), move.before)
    return found | first


def _may_offer(row: ChannelFacility | None, *, has_codes: bool) -> bool:
    if row is None:
        return not has_codes
    return row.is_eligible and (bool(row.warehouse_code) or not has_codes)
