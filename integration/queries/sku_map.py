"""The SKU map as people read it: one row per offer SKU, whatever it is made of, with its history."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Final

from django.db.models import Exists, OuterRef, QuerySet

from core.clock import db_now
from core.models import AuditEntry
from integration.models import Channel, Order, OrderLine, SkuMapping

HISTORY: Final = 30
COUNTED: Final = 1_000
RECENT: Final = timedelta(days=30)
BEFORE_WAREHOUSE: Final = ("received", "accepted", "awaiting_debit", "ready")

Parts = list[tuple[str, Decimal]]


@dataclass(frozen=True)
class Recent:
    """Order lines with the SKU in the last 30 days; counting ends at a thousand."""

    lines: int

    @property
    def words(self) -> str:
        """The number, or that there are more."""
        return f"more than {COUNTED:,}" if self.lines > COUNTED else f"{self.lines:,}"


def mapped_skus() -> QuerySet[SkuMapping]:
    """One row for each mapped SKU of each channel: of a kit, the row of its first item."""
    earlier = SkuMapping.objects.filter(
        channel=OuterRef("channel"), offer_sku=OuterRef("offer_sku"), item_number__lt=OuterRef("item_number")
    )
    return SkuMapping.objects.filter(~Exists(earlier)).select_related("channel", "updated_by").defer("channel__api_key")


def other_parts() -> QuerySet[SkuMapping]:
    """For use within Exists: a further item of the same SKU, which makes the SKU a kit."""
    return SkuMapping.objects.filter(channel=OuterRef("channel"), offer_sku=OuterRef("offer_sku")).exclude(
        pk=OuterRef("pk")
    )


def parts_of(rows: Sequence[SkuMapping]) -> dict[tuple[int, str], Parts]:
    """All items of each SKU among `rows`, by channel and SKU, in one statement."""
    found: dict[tuple[int, str], Parts] = {}
    wanted = SkuMapping.objects.filter(
        channel__in={row.channel_id for row in rows}, offer_sku__in={row.offer_sku for row in rows}
    )
    for channel_id, sku, item, units in wanted.order_by("item_number").values_list(
        "channel_id", "offer_sku", "item_number", "units_per_offer"
    ):
        found.setdefault((channel_id, sku), []).append((item, units))
    return found


def parts_of_sku(channel: Channel, offer_sku: str) -> Parts:
    """The items of one SKU, empty when it is not mapped."""
    rows = SkuMapping.objects.filter(channel=channel, offer_sku=offer_sku).order_by("item_number")
    return [(row.item_number, row.units_per_offer) for row in rows]


def further_parts(channel: Channel, named: Collection[tuple[str, str]]) -> list[tuple[str, str]]:
    """Items that SKUs among `named` (SKU and item) have now beyond those named, by SKU; none for other SKUs."""
    skus = {sku for sku, _ in named}
    rows = SkuMapping.objects.filter(channel=channel, offer_sku__in=skus).order_by("offer_sku", "item_number")
    return [pair for pair in rows.values_list("offer_sku", "item_number") if pair not in named]


def recent_lines(channel: Channel, offer_sku: str) -> Recent:
    """How often the SKU was sold lately."""
    since = db_now() - RECENT
    rows = OrderLine.objects.filter(offer_sku=offer_sku, order__channel=channel, order__ordered_at__gte=since)
    return Recent(rows[: COUNTED + 1].count())


def waiting_orders(channel: Channel, offer_sku: str) -> QuerySet[Order]:
    """Orders with the SKU that have not been prepared for the warehouse: they would wait without a mapping."""
    lines = OrderLine.objects.filter(offer_sku=offer_sku, order=OuterRef("pk"))
    return Order.objects.filter(Exists(lines), channel=channel, stage__in=BEFORE_WAREHOUSE, import_prepared_at=None)


def waiting_order(channel: Channel, offer_sku: str) -> Order | None:
    """The one to look at: of those whose address is known already, the nearest deadline; else any that waits."""
    rows = waiting_orders(channel, offer_sku).select_related("channel__warehouse")
    nearest = rows.order_by("shipping_deadline_at", "id")
    return nearest.filter(stage="ready").first() or nearest.first()


def map_history(channel: Channel, sort: str, key: str) -> QuerySet[AuditEntry]:
    """Who set or removed one row of a map, the newest first. `sort` is sku, carrier or shipping_type."""
    rows = AuditEntry.objects.filter(subject_type="channel", subject_id=f"{channel.code} {sort}:{key}"[:250])
    return rows.select_related("actor").order_by("-at", "-id")[:HISTORY]
