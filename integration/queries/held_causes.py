"""What is held now, by cause: how many orders, their worth, the nearest deadline. Reads open holds alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db import connection

from integration.models import Channel

SHOWN: Final = 10

_CAUSES: Final = """
WITH held AS (
    SELECT DISTINCT h.kind, h.cause_key, h.order_id FROM integration_hold h
    WHERE h.released_at IS NULL AND h.kind = ANY(%(kinds)s))
SELECT o.channel_id, held.kind, held.cause_key, count(*), sum(o.total_price), min(o.currency),
       min(o.shipping_deadline_at), count(*) FILTER (WHERE o.shipping_deadline_at < app_now())
FROM held JOIN integration_order o ON o.id = held.order_id
WHERE %(channel)s::bigint IS NULL OR o.channel_id = %(channel)s
GROUP BY 1, 2, 3
ORDER BY 4 DESC, 7 NULLS LAST, 3
"""


@dataclass(frozen=True)
class HeldCause:
    """One cause on one channel, and what waits for it. An order that another cause holds too counts here as well."""

    channel: Channel
    kind: str
    cause_key: str
    orders: int
    value: Decimal
    currency: str
    earliest_deadline: datetime | None
    past_deadline: int


def held_causes(kinds: Sequence[str], *, channel: Channel | None = None) -> list[HeldCause]:
    """Every cause of these kinds that holds an order now, the most orders first; two statements whatever their number."""
    channels = Channel.objects.defer("api_key").in_bulk()
    with connection.cursor() as cursor:
        cursor.execute(_CAUSES, {"kinds": list(kinds), "channel": channel.pk if channel else None})
        rows = cursor.fetchall()
    return [HeldCause(channels[channel_id], *figures) for channel_id, *figures in rows]
