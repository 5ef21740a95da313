"""Suggests items for an SKU that nobody mapped, each with its evidence. Nothing is ever applied by itself."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from core.http import HttpError
from integration.deposco.errors import UnsupportedTransportError
from integration.domain.likeness import likeness
from integration.gateways import deposco_for
from integration.models import Channel, SkuMapping
from integration.services.guard_connection import connection_allows
from integration.services.take_soon import take_soon

MOST = 5
LEAST_LIKENESS = 0.72
LOOKED_AT = 50_000


@dataclass(frozen=True)
class Suggestion:
    """An item, how many of it one offer would be, why, and how sure that is (1 is certain)."""

    item_number: str
    units_per_offer: Decimal
    evidence: str
    score: float


def suggest_items(*, channel: Channel, offer_sku: str) -> tuple[Suggestion, ...]:
    """The best few, the surest first: the warehouse's item of this number or barcode, another shop's mapping, near names.

    Asks the warehouse one question where a call is free, and goes without where not. Raises nothing of it.
    """
    found = [*_in_warehouse(channel, offer_sku), *_elsewhere(channel, offer_sku), *_alike(channel, offer_sku)]
    best: dict[tuple[str, Decimal], Suggestion] = {}
    for one in sorted(found, key=lambda row: -row.score):
        best.setdefault((one.item_number, one.units_per_offer), one)
    return tuple(best.values())[:MOST]


def _in_warehouse(channel: Channel, offer_sku: str) -> Iterable[Suggestion]:
    warehouse = channel.warehouse
    if warehouse is None or not warehouse.is_active or not connection_allows(warehouse.connection):
        return
    if not take_soon(f"{warehouse.connection}:calls", priority=100, longest=0.5):
        return
    client, recorder = deposco_for(warehouse)
    try:
        item = client.item_facts(offer_sku)
    except (HttpError, UnsupportedTransportError):
        return
    finally:
        recorder.flush()
    if item is None:
        return
    if item.number == offer_sku:
        yield Suggestion(item.number, Decimal(1), f"The warehouse has an item numbered {item.number}", 0.95)
    elif item.number and offer_sku in item.upcs:
        yield Suggestion(item.number, Decimal(1), f"{offer_sku} is a barcode of item {item.number}", 0.97)


def _elsewhere(channel: Channel, offer_sku: str) -> Iterable[Suggestion]:
    """How other shops of the same warehouse map the SKU; kits are not suggested, since one part alone would be wrong."""
    rows = SkuMapping.objects.filter(offer_sku=offer_sku, channel__warehouse=channel.warehouse_id)
    by_channel: dict[str, list[SkuMapping]] = {}
    for row in rows.exclude(channel=channel).select_related("channel"):
        by_channel.setdefault(row.channel.name, []).append(row)
    for name, parts in by_channel.items():
        if len(parts) == 1:
            yield Suggestion(parts[0].item_number, parts[0].units_per_offer, f"{name} maps it so", 0.9)


def _alike(channel: Channel, offer_sku: str) -> Iterable[Suggestion]:
    items = SkuMapping.objects.filter(channel__warehouse=channel.warehouse_id).order_by("item_number")
    for item in items.values_list("item_number", flat=True).distinct()[:LOOKED_AT]:
        score = likeness(offer_sku, item)
        if score >= LEAST_LIKENESS:
            words = "The same letters and digits" if score == 1 else f"Looks alike ({score:.0%})"
            yield Suggestion(item, Decimal(1), f"{words}: {item}", min(score, 0.99) * 0.85)
