"""Has numbers told to the shop again though they stayed the same."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection as database

from integration.models import Channel

# One number of the sequence for all: whatever was told before is older. A refused number need not wait any longer.
AGAIN: Final = """
WITH seq AS MATERIALIZED (SELECT nextval('integration_stock_seq') AS seq)
UPDATE integration_offerstock o SET wanted_seq = seq.seq, retry_at = NULL
FROM seq
WHERE o.channel_id = %(channel)s AND o.wanted IS NOT NULL AND o.offer_sku = ANY(%(skus)s)
"""


def tell_again(*, channel: Channel, offer_skus: Iterable[str]) -> int:
    """Have these offers wait for the next file; how many have a number. The caller holds the lock of the numbers."""
    values: dict[str, Any] = {"channel": channel.pk, "skus": sorted(set(offer_skus))}
    with database.cursor() as cursor:
        cursor.execute(AGAIN, values)
        return int(cursor.rowcount)
