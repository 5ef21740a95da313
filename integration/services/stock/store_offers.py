"""Makes our picture of a shop's offers equal to what was set aside of a listing; only what changed is written."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from integration.models import Channel

PARTS: Final = "SELECT DISTINCT part FROM integration_offerintake WHERE channel_id = %(channel)s ORDER BY part"
# What a listing did not tell stays as it was known. Reasons are of an inactive offer only: one that is active has none.
UPSERT: Final = """
WITH told AS (
    SELECT DISTINCT ON (offer_sku) * FROM integration_offerintake
    WHERE channel_id = %(channel)s AND part = %(part)s AND NOT is_deleted ORDER BY offer_sku, ctid DESC
), full_row AS (
    SELECT t.offer_sku, l.id AS known, t.offer_id, coalesce(t.title, l.title, '') AS title,
           coalesce(t.product_sku, l.product_sku, '') AS product_sku, coalesce(t.refs, l."references", '{}') AS refs,
           coalesce(t.quantity, l.quantity) AS quantity, coalesce(t.is_active, l.is_active, true) AS is_active,
           CASE WHEN coalesce(t.is_active, l.is_active, true) THEN '{}'
                ELSE coalesce(t.reasons, l.inactivity_reasons, '{}') END AS reasons,
           coalesce(t.min_quantity_alert, l.min_quantity_alert) AS min_quantity_alert,
           coalesce(t.min_order_quantity, l.min_order_quantity) AS min_order_quantity,
           coalesce(t.max_order_quantity, l.max_order_quantity) AS max_order_quantity,
           coalesce(t.package_quantity, l.package_quantity) AS package_quantity, coalesce(t.places, l.places) AS places
    FROM told t LEFT JOIN integration_listedoffer l ON l.channel_id = %(channel)s AND l.offer_sku = t.offer_sku
), changed AS (
    SELECT f.* FROM full_row f LEFT JOIN integration_listedoffer l ON l.id = f.known
    WHERE f.quantity IS NOT NULL AND (l.id IS NULL OR l.gone_at IS NOT NULL OR
        (f.offer_id, f.title, f.product_sku, f.refs, f.quantity, f.is_active, f.reasons, f.min_quantity_alert,
         f.min_order_quantity, f.max_order_quantity, f.package_quantity, f.places) IS DISTINCT FROM
        (l.offer_id, l.title, l.product_sku, l."references", l.quantity, l.is_active, l.inactivity_reasons,
         l.min_quantity_alert, l.min_order_quantity, l.max_order_quantity, l.package_quantity, l.places))
), written AS (
    INSERT INTO integration_listedoffer (channel_id, offer_sku, offer_id, title, product_sku, "references", quantity,
        is_active, inactivity_reasons, min_quantity_alert, min_order_quantity, max_order_quantity, package_quantity,
        places, read_at, is_mapped)
    SELECT %(channel)s, offer_sku, offer_id, title, product_sku, refs, quantity, is_active, reasons, min_quantity_alert,
        min_order_quantity, max_order_quantity, package_quantity, places, %(began)s, EXISTS (
            SELECT 1 FROM integration_skumapping m WHERE m.channel_id = %(channel)s AND m.offer_sku = changed.offer_sku)
    FROM changed ORDER BY offer_sku
    ON CONFLICT (channel_id, offer_sku) DO UPDATE SET offer_id = excluded.offer_id, title = excluded.title,
        product_sku = excluded.product_sku, "references" = excluded."references", quantity = excluded.quantity,
        is_active = excluded.is_active, inactivity_reasons = excluded.inactivity_reasons,
        min_quantity_alert = excluded.min_quantity_alert, min_order_quantity = excluded.min_order_quantity,
        max_order_quantity = excluded.max_order_quantity, package_quantity = excluded.package_quantity,
        places = excluded.places, read_at = excluded.read_at, is_mapped = excluded.is_mapped, gone_at = NULL
    RETURNING 1
)
SELECT count(*) FROM written"""
# The map may have changed while they were written, or while who changed it found them locked: seen from now.
MARK: Final = """
WITH marked AS (
    UPDATE integration_listedoffer l SET is_mapped = NOT l.is_mapped
    FROM (SELECT DISTINCT offer_sku FROM integration_offerintake
          WHERE channel_id = %(channel)s AND part = %(part)s AND NOT is_deleted) t
    WHERE l.channel_id = %(channel)s AND l.offer_sku = t.offer_sku AND l.is_mapped <> EXISTS (
        SELECT 1 FROM integration_skumapping m WHERE m.channel_id = l.channel_id AND m.offer_sku = l.offer_sku)
    RETURNING 1
)
SELECT count(*) FROM marked"""
# Of a listing of what changed, offers that were deleted; of a whole listing, every offer that it does not name.
DELETED: Final = """
WITH gone AS (
    UPDATE integration_listedoffer l SET gone_at = %(now)s
    FROM integration_offerintake t
    WHERE t.channel_id = %(channel)s AND t.is_deleted AND l.channel_id = t.channel_id AND l.offer_sku = t.offer_sku
      AND l.gone_at IS NULL AND NOT EXISTS (SELECT 1 FROM integration_offerintake other
          WHERE other.channel_id = t.channel_id AND other.offer_sku = t.offer_sku AND NOT other.is_deleted)
    RETURNING 1
)
SELECT count(*) FROM gone"""
MISSING: Final = """
WITH gone AS (
    UPDATE integration_listedoffer l SET gone_at = %(now)s
    WHERE l.channel_id = %(channel)s AND l.gone_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM integration_offerintake t WHERE t.channel_id = %(channel)s AND t.offer_sku = l.offer_sku)
    RETURNING 1
)
SELECT count(*) FROM gone"""


@dataclass(frozen=True)
class OffersStored:
    """How many offers were new or other than known, and how many are listed no more."""

    changed: int = 0
    gone: int = 0


def store_offers(
    *,
    channel: Channel,
    began: datetime,
    now: datetime,
    is_whole: bool,
    heartbeat: Callable[[], None] = lambda: None,
) -> OffersStored:
    """Apply what was set aside, part by part. `is_whole`: it names every offer there is, so others are gone.

    Repeating it changes nothing, so one that breaks off is simply begun again.
    """
    values: dict[str, Any] = {"channel": channel.pk, "began": began, "now": now}
    changed = 0
    with database.cursor() as cursor:
        cursor.execute(PARTS, values)
        parts = [part for (part,) in cursor.fetchall()]
    for part in parts:
        changed += _run(UPSERT, {**values, "part": part})
        _run(MARK, {**values, "part": part})
        heartbeat()
    gone = _run(DELETED, values) + (_run(MISSING, values) if is_whole else 0)
    heartbeat()
    return OffersStored(changed=changed, gone=gone)


def _run(statement: str, values: dict[str, Any]) -> int:
    with transaction.atomic(), database.cursor() as cursor:
        # A part may hold a hundred thousand offers, and a shop a million.
        cursor.execute("SET LOCAL statement_timeout = '180s'")
        cursor.execute(statement, values)
        count: int = cursor.fetchone()[0]
    return count
