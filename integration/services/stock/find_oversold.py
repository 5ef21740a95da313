"""Finds items of which more was sold than the warehouse can send, with the orders that want them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import connection as database

from integration.models import Warehouse
from integration.models.order import DEAD_LINE_STATES
from integration.services.stock.in_flight import LOOK_BACK_HOURS, in_flight
from integration.services.stock.record_findings import Finding
from integration.services.stock.touch_stock import settle_seconds

KIND: Final = "order.oversold"
# The largest first: each is a case, and more than so many are one cause that no list of items helps to find.
MOST_ITEMS: Final = 200
EXAMPLES: Final = 20
# What may be sold of: facilities in use that a channel may send from. An item that was never told is not zero.
AVAILABLE: Final = """
SELECT u.item, u.units, sum(greatest(0, v.atp))
FROM unnest(%(items)s::text[], %(units)s::numeric[]) AS u(item, units)
JOIN integration_stocklevel v ON v.warehouse_id = %(warehouse)s AND v.item_number = u.item AND v.atp IS NOT NULL
JOIN integration_facility f ON f.id = v.facility_id
WHERE f.is_active AND (NOT EXISTS (SELECT 1 FROM integration_channelfacility cf WHERE cf.facility_id = f.id)
    OR EXISTS (SELECT 1 FROM integration_channelfacility cf WHERE cf.facility_id = f.id AND cf.is_eligible))
GROUP BY u.item, u.units HAVING u.units > sum(greatest(0, v.atp))
ORDER BY u.units - sum(greatest(0, v.atp)) DESC, u.item LIMIT %(most)s"""
# The orders whose units are in flight, as integration.services.stock.in_flight counts them, for these items alone.
ORDERS: Final = """
WITH wanted AS (
    SELECT m.channel_id, m.offer_sku, coalesce(k.component_number, m.item_number) AS item,
           m.units_per_offer * coalesce(k.quantity, 1) AS units
    FROM integration_skumapping m JOIN integration_channel c ON c.id = m.channel_id AND c.warehouse_id = %(warehouse)s
    LEFT JOIN integration_stockitem i ON i.warehouse_id = %(warehouse)s AND i.number = m.item_number AND i.is_order_kit
    LEFT JOIN integration_itemcomponent k ON k.kit_id = i.id
    WHERE m.item_number = ANY(%(items)s) OR k.component_number = ANY(%(items)s)
), selling AS (
    SELECT w.item, o.id, o.order_id, o.shipping_deadline_at, o.total_price, o.currency, c.name AS channel,
           sum(w.units * greatest(0, coalesce(l.quantity_accepted, l.quantity) - l.quantity_cancelled)) AS units
    FROM wanted w
    JOIN integration_orderline l ON l.offer_sku = w.offer_sku AND l.mirakl_state <> ALL(%(dead)s)
    JOIN integration_order o ON o.id = l.order_id AND o.channel_id = w.channel_id AND o.fulfillment_center = 'DEFAULT'
    JOIN integration_channel c ON c.id = o.channel_id
    WHERE w.item = ANY(%(items)s) AND (
        (o.in_wms_at IS NULL AND o.stage IN ('received', 'accepted', 'awaiting_debit', 'ready'))
        OR (o.in_wms_at > app_now() - make_interval(hours => %(hours)s) AND o.in_wms_at > (
            SELECT min(v.read_at) FROM integration_stocklevel v WHERE v.warehouse_id = %(warehouse)s
              AND v.item_number = w.item AND v.atp IS NOT NULL AND v.unknown_since IS NULL
            ) - make_interval(secs => %(settle)s)))
    GROUP BY 1, 2, 3, 4, 5, 6, 7
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY item ORDER BY shipping_deadline_at NULLS LAST, id) AS place
    FROM selling WHERE units > 0
)
SELECT item, count(*), min(shipping_deadline_at), sum(total_price), min(currency), count(DISTINCT currency),
    json_agg(json_build_object('order', order_id, 'order_id', id, 'channel', channel, 'units', trim_scale(units),
        'ship by', to_char(shipping_deadline_at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC') ORDER BY place)
        FILTER (WHERE place <= %(examples)s)
FROM placed GROUP BY item"""


def oversold_items(*, warehouse: Warehouse) -> Sequence[Finding]:
    """One finding for each item whose units in flight are above what can be sent, at most 200, the largest first."""
    flying = in_flight(warehouse_id=warehouse.pk)
    if not flying.items:
        return []
    values = {"warehouse": warehouse.pk, "most": MOST_ITEMS}
    short = _rows(AVAILABLE, {**values, "items": list(flying.items), "units": list(flying.units)})
    if not short:
        return []
    orders = {
        row[0]: row[1:]
        for row in _rows(
            ORDERS,
            {
                **values,
                "items": [item for item, _, _ in short],
                "dead": sorted(DEAD_LINE_STATES),
                "hours": LOOK_BACK_HOURS,
                "settle": settle_seconds(warehouse_id=warehouse.pk),
                "examples": EXAMPLES,
            },
        )
    }
    return [_finding(item, units, atp, orders[item]) for item, units, atp in short if item in orders]


def _finding(item: str, units: Decimal, atp: Decimal, orders: tuple[Any, ...]) -> Finding:
    count, deadline, value, currency, currencies, examples = orders
    missing = units - atp
    noun = "order" if count == 1 else "orders"
    summary = f"{item}: {_plain(units)} sold in {count:,} {noun}, {_plain(atp)} can be sent"
    detail: Mapping[str, Any] = {
        "item": item,
        "units_sold": _plain(units),
        "units_that_can_be_sent": _plain(atp),
        "units_missing": _plain(missing),
        "orders": count,
        "deadline": deadline,
        # Money of several currencies is no sum.
        "value": value if currencies == 1 else None,
        "currency": currency if currencies == 1 else "",
        "examples": list(examples or []),
    }
    return Finding(KIND, item, summary, count, detail)


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _rows(statement: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
