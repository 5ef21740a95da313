"""Keeps whether an item stands behind each listed offer, so that those without one are found without looking at all."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection as database

from integration.models import Channel

# Waits for nobody: a row that a listing is just writing is left to it, since it marks its offers when they are written.
# In one order, so that two who mark at once never wait for each other in a circle.
MARK: Final = """
WITH other AS (
    SELECT l.id FROM unnest(%(skus)s::text[]) AS asked(offer_sku)
    JOIN integration_listedoffer l ON l.channel_id = %(channel)s AND l.offer_sku = asked.offer_sku
    WHERE l.is_mapped <> EXISTS (
        SELECT 1 FROM integration_skumapping m WHERE m.channel_id = l.channel_id AND m.offer_sku = l.offer_sku)
    ORDER BY l.id FOR UPDATE OF l SKIP LOCKED
)
UPDATE integration_listedoffer l SET is_mapped = NOT l.is_mapped FROM other WHERE l.id = other.id
"""


def mark_mapped(*, channel: Channel, offer_skus: Iterable[str]) -> int:
    """Mark these offers by the map as it is now; returns how many were marked otherwise. Caller owns the transaction."""
    values: dict[str, Any] = {"channel": channel.pk, "skus": sorted(set(offer_skus))}
    with database.cursor() as cursor:
        cursor.execute(MARK, values)
        return int(cursor.rowcount)
