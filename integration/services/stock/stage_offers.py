"""Sets aside what a listing of offers tells, part by part, so that nothing of it counts before it can be applied."""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Final

from django.db import connection as database
from django.db import transaction

from integration.mirakl.export_file import ExportedOffer
from integration.mirakl.offers import Offer
from integration.models import Channel

BATCH: Final = 5000
# Another centre's offers are filled from stock that is not ours.
OURS: Final = ("", "DEFAULT")
LARGEST: Final = 2**31 - 1
COPY: Final = """COPY integration_offerintake (channel_id, part, offer_sku, offer_id, title, product_sku, refs, quantity,
    is_active, reasons, min_quantity_alert, min_order_quantity, max_order_quantity, package_quantity, places, is_deleted)
    FROM STDIN"""
LONGEST_SKU: Final = 200


@dataclass(frozen=True, slots=True)
class StagedOffer:
    """An offer as a listing told it. None is not told, and leaves what is known."""

    offer_sku: str
    offer_id: str
    title: str | None
    product_sku: str | None
    refs: list[str] | None
    quantity: int | None
    is_active: bool | None
    reasons: list[str] | None
    min_quantity_alert: int | None
    min_order_quantity: int | None
    max_order_quantity: int | None
    package_quantity: int | None
    places: dict[str, int] | None
    is_deleted: bool = False


def from_listing(offer: Offer) -> StagedOffer | None:
    """A row of OF21; None where another centre fills it."""
    if offer.fulfillment not in OURS or len(offer.shop_sku) > LONGEST_SKU:
        return None
    return StagedOffer(
        offer_sku=offer.shop_sku,
        offer_id=offer.offer_id[:60],
        title=offer.product_title[:500],
        product_sku=offer.product_sku[:200],
        refs=[value[:60] for _, value in offer.product_references],
        quantity=_fits(offer.quantity),
        is_active=offer.active,
        reasons=[reason[:80] for reason in offer.inactivity_reasons],
        min_quantity_alert=_fits(offer.min_quantity_alert),
        min_order_quantity=_fits(offer.min_order_quantity),
        max_order_quantity=_fits(offer.max_order_quantity),
        package_quantity=_fits(offer.package_quantity),
        places=dict(offer.warehouses) or None,
    )


def from_export(offer: ExportedOffer) -> StagedOffer | None:
    """A row of an export, which tells neither title nor reasons; None where another centre fills it."""
    if offer.fulfillment_center_code not in OURS or not 0 < len(offer.shop_sku) <= LONGEST_SKU:
        return None
    return StagedOffer(
        offer_sku=offer.shop_sku,
        offer_id=offer.offer_id[:60],
        title=None,
        product_sku=offer.product_sku[:200] or None,
        refs=None,
        quantity=_fits(offer.quantity),
        is_active=offer.active,
        reasons=None,
        min_quantity_alert=None,
        min_order_quantity=_fits(offer.min_order_quantity),
        max_order_quantity=_fits(offer.max_order_quantity),
        package_quantity=_fits(offer.package_quantity),
        places=None,
        is_deleted=offer.deleted,
    )


def stage_offers(
    *, channel: Channel, part: int, offers: Iterable[StagedOffer], heartbeat: Callable[[], None] = lambda: None
) -> int:
    """Set aside the offers of one part, a batch at a time as they come; returns how many.

    Must be called outside a transaction when `offers` comes from the far side.
    """
    count, rows = 0, iter(offers)
    while batch := list(islice(rows, BATCH)):
        with transaction.atomic(), database.cursor() as cursor, cursor.copy(COPY) as copy:
            for row in _written(channel.pk, part, batch):
                copy.write_row(row)
        count += len(batch)
        heartbeat()
    return count


def drop_staged(*, channel: Channel, part: int | None = None) -> None:
    """Forget what was set aside, all of it or one part."""
    with database.cursor() as cursor:
        cursor.execute(
            "DELETE FROM integration_offerintake WHERE channel_id = %(channel)s AND part = coalesce(%(part)s, part)",
            {"channel": channel.pk, "part": part},
        )


def count_staged(*, channel: Channel) -> int:
    """How many rows are set aside."""
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM integration_offerintake WHERE channel_id = %s", [channel.pk])
        count: int = cursor.fetchone()[0]
    return count


def _written(channel_id: int, part: int, offers: Iterable[StagedOffer]) -> Iterator[tuple[object, ...]]:
    for row in offers:
        yield (
            channel_id,
            part,
            row.offer_sku,
            row.offer_id,
            row.title,
            row.product_sku,
            row.refs,
            row.quantity,
            row.is_active,
            row.reasons,
            row.min_quantity_alert,
            row.min_order_quantity,
            row.max_order_quantity,
            row.package_quantity,
            json.dumps(row.places) if row.places else None,
            row.is_deleted,
        )


def _fits(count: int | None) -> int | None:
    """A count that the column holds; one beyond it was not told."""
    return count if count is not None and abs(count) <= LARGEST else None
