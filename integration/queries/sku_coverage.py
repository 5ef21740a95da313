"""How much of what each channel sells has an item behind it."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from django.db import connection

from integration.models import Channel
from integration.queries.held_causes import HeldCause

# Coverage is read from the newest orders alone, so that it costs the same however long the history is.
NEWEST: Final = 10_000

_SEEN: Final = """
WITH recent AS (SELECT id, channel_id FROM integration_order ORDER BY ordered_at DESC, id DESC LIMIT %(newest)s),
seen AS (SELECT DISTINCT recent.channel_id, line.offer_sku
         FROM recent JOIN integration_orderline line ON line.order_id = recent.id)
SELECT channel_id, count(*), count(*) FILTER (WHERE EXISTS (
    SELECT 1 FROM integration_skumapping m WHERE m.channel_id = seen.channel_id AND m.offer_sku = seen.offer_sku))
FROM seen GROUP BY channel_id
"""


@dataclass(frozen=True)
class Coverage:
    """Offer SKUs among the newest orders, how many of them are mapped, and what the others hold now."""

    channel: Channel
    seen: int
    mapped: int
    held_skus: int
    held_orders: int
    held_value: Decimal
    currency: str

    @property
    def unmapped(self) -> int:
        """SKUs that were sold and have no item."""
        return self.seen - self.mapped

    @property
    def share(self) -> str:
        """The mapped share in words; never rounded up to a whole it is not."""
        if not self.seen:
            return "nothing sold yet"
        thousandths = self.mapped * 1000 // self.seen
        return f"{thousandths / 10:.1f} %" if thousandths % 10 else f"{thousandths // 10} %"


def sku_coverage(causes: Iterable[HeldCause]) -> list[Coverage]:
    """One row per channel, by name; `causes` are the SKUs that hold orders now. Two statements."""
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, {"newest": NEWEST})
        seen = {channel_id: (number, mapped) for channel_id, number, mapped in cursor.fetchall()}
    by_channel: dict[int, list[HeldCause]] = {}
    for cause in causes:
        by_channel.setdefault(cause.channel.pk, []).append(cause)
    return [
        _coverage(channel, seen.get(channel.pk, (0, 0)), by_channel.get(channel.pk, []))
        for channel in Channel.objects.defer("api_key").order_by("name")
    ]


def _coverage(channel: Channel, seen: tuple[int, int], causes: list[HeldCause]) -> Coverage:
    return Coverage(
        channel=channel,
        seen=seen[0],
        mapped=seen[1],
        held_skus=len({cause.cause_key for cause in causes}),
        held_orders=sum(cause.orders for cause in causes),
        held_value=sum((cause.value for cause in causes), Decimal(0)),
        currency=causes[0].currency if causes else channel.currency,
    )
