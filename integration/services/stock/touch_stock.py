"""Says that numbers must be worked out anew, in the transaction of the fact that makes it so. Waits for nobody."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection as database

from core.clock import db_now
from integration.models import Channel, Order, StockRecheck, StockTouch, Warehouse

# What was offered of an order's lines, and which items that takes; the caller's transaction holds the orders.
_OF_ORDERS = """
WITH lines AS (
    SELECT DISTINCT c.warehouse_id, o.channel_id, l.offer_sku
    FROM integration_order o JOIN integration_channel c ON c.id = o.channel_id
    JOIN integration_orderline l ON l.order_id = o.id
    WHERE o.id = ANY(%(orders)s) AND c.warehouse_id IS NOT NULL
)
"""
# A kit has no stock of its own: what is in it is meant.
_ITEMS_OF_LINES = """
FROM lines l JOIN integration_skumapping m ON m.channel_id = l.channel_id AND m.offer_sku = l.offer_sku
LEFT JOIN integration_stockitem k ON k.warehouse_id = l.warehouse_id AND k.number = m.item_number AND k.is_order_kit
LEFT JOIN integration_itemcomponent c ON c.kit_id = k.id
"""
_TOUCH_ITEMS = (
    _OF_ORDERS
    + """INSERT INTO integration_stocktouch (warehouse_id, item_number, channel_id, offer_sku, is_forced)
SELECT DISTINCT l.warehouse_id, COALESCE(c.component_number, m.item_number), NULL::bigint, '', false
"""
    + _ITEMS_OF_LINES
)
_TOUCH_OFFERS = (
    _OF_ORDERS
    + """INSERT INTO integration_stocktouch (warehouse_id, item_number, channel_id, offer_sku, is_forced)
SELECT l.warehouse_id, '', l.channel_id, l.offer_sku, true FROM lines l
"""
)
_RECHECK = (
    _OF_ORDERS  # noqa: S608 -- made of constants of this module
    + """INSERT INTO integration_stockrecheck (warehouse_id, item_number, reason, asked_at, not_before)
SELECT DISTINCT l.warehouse_id, COALESCE(c.component_number, m.item_number), %(reason)s, app_now(),
    app_now() + make_interval(secs => unnest(%(looks)s::float8[]) + COALESCE(
        (SELECT (w.profile #>> '{inventory,settle_seconds}')::float8 FROM integration_warehouse w WHERE w.id = l.warehouse_id),
        %(wait)s))
"""
    + _ITEMS_OF_LINES
)
# How long after an order reached the warehouse its units are surely out of what it says is available, where the profile
# of the warehouse does not say; and when it is asked after that: the second look is for one that took longer after all,
# since no reading of what moved need show it.
SETTLE_SECONDS = 5.0
LOOKS = (0.0, 60.0)


def settle_seconds(*, warehouse_id: int) -> float:
    """How long the warehouse takes to have an order out of what it says is available, as its profile says."""
    told = (
        Warehouse.objects.filter(pk=warehouse_id).values_list("profile__inventory__settle_seconds", flat=True).first()
    )
    return float(told) if told is not None else SETTLE_SECONDS


def touch_items(*, warehouse_id: int, item_numbers: Iterable[str]) -> None:
    """Every offer that these items are in is worked out anew."""
    StockTouch.objects.bulk_create(
        [StockTouch(warehouse_id=warehouse_id, item_number=number) for number in sorted(set(item_numbers))],
        batch_size=5000,
    )


def touch_offers(*, channel: Channel, offer_skus: Iterable[str], is_forced: bool = False) -> None:
    """These offers are worked out anew; forced: their numbers are told to the shop again even if they stay the same."""
    if channel.warehouse_id is None:
        return
    StockTouch.objects.bulk_create(
        [
            StockTouch(
                warehouse_id=channel.warehouse_id, channel_id=channel.pk, offer_sku=offer_sku, is_forced=is_forced
            )
            for offer_sku in sorted(set(offer_skus))
        ],
        batch_size=5000,
    )


def touch_maps(*, channel: Channel, offer_skus: Iterable[str], item_numbers: Iterable[str]) -> None:
    """These SKUs are now, or were, these items: their offers follow, and what the items are in, for units in flight."""
    if channel.warehouse_id is not None:
        touch_offers(channel=channel, offer_skus=offer_skus)
        touch_items(warehouse_id=channel.warehouse_id, item_numbers=item_numbers)


def touch_orders(orders: Sequence[Order], *, is_forced: bool = False) -> None:
    """The units in flight of these orders changed: the offers of all their items, on every channel, follow.

    Forced where the shop may have changed the number by itself: after a refusal or a cancellation.
    """
    if not orders:
        return
    values = {"orders": [order.pk for order in orders]}
    with database.cursor() as cursor:
        cursor.execute(_TOUCH_ITEMS, values)
        if is_forced:
            cursor.execute(_TOUCH_OFFERS, values)


def recheck_orders(orders: Sequence[Order], *, reason: str) -> None:
    """These orders reached or left the warehouse: their items are asked for by number, a moment and a minute later."""
    if not orders:
        return
    values: dict[str, Any] = {
        "orders": [order.pk for order in orders],
        "reason": reason,
        "wait": SETTLE_SECONDS,
        "looks": list(LOOKS),
    }
    with database.cursor() as cursor:
        cursor.execute(_RECHECK, values)


def recheck_items(
    *, warehouse_id: int, item_numbers: Iterable[str], reason: str, not_before: datetime | None = None
) -> None:
    """The stock of these items is asked for by number."""
    now = db_now()
    StockRecheck.objects.bulk_create(
        [
            StockRecheck(
                warehouse_id=warehouse_id,
                item_number=number,
                reason=reason,
                asked_at=now,
                not_before=not_before or now + timedelta(seconds=SETTLE_SECONDS),
            )
            for number in sorted(set(item_numbers))
        ],
        batch_size=5000,
    )
