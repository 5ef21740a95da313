"""Finds stock that two systems hold back: a buffer here, and one in the warehouse or at the marketplace beside it."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

from django.db import connection as database
from django.db.models import Q

from integration.models import Channel, StockRule, Warehouse
from integration.services.stock.constant_gaps import constant_gap_of
from integration.services.stock.record_findings import Finding

KIND: Final = "stock.double_buffer"
EXAMPLES: Final = 10
LEVEL_GAPS: Final = """
SELECT v.unallocated - v.atp, count(*) FROM integration_stocklevel v
WHERE v.warehouse_id = %(warehouse)s AND v.unallocated > 0 AND v.atp > 0 AND v.unknown_since IS NULL
GROUP BY 1"""
# What is kept here is read off the waterfall: the offer's own buffer, and what its facilities keep back.
SAFETY: Final = """
WITH doubled AS (
    SELECT i.number, i.safety_stock, max(o.free - o.after_buffer + o.eligible - o.after_kept) AS kept
    FROM integration_stockitem i
    JOIN integration_skumapping m ON m.item_number = i.number
    JOIN integration_channel c ON c.id = m.channel_id AND c.warehouse_id = i.warehouse_id
    JOIN integration_offerstock o ON o.channel_id = m.channel_id AND o.offer_sku = m.offer_sku
    WHERE i.warehouse_id = %(warehouse)s AND i.safety_stock > 0
      AND (o.buffer_rule IS NOT NULL OR o.after_kept < o.eligible)
    GROUP BY 1, 2
), most AS (
    SELECT * FROM doubled ORDER BY safety_stock DESC, number LIMIT %(examples)s
)
SELECT count(*), sum(safety_stock),
    (SELECT json_agg(json_build_object('item', number, 'safety stock in Deposco', trim_scale(safety_stock),
        'kept back here', kept) ORDER BY safety_stock DESC, number) FROM most)
FROM doubled"""
MINIMUM: Final = """
WITH doubled AS (
    SELECT o.offer_sku, coalesce(l.min_order_quantity, 0) AS least, coalesce(l.min_quantity_alert, 0) AS alert, r.value
    FROM integration_listedoffer l
    JOIN integration_offerstock o ON o.channel_id = l.channel_id AND o.offer_sku = l.offer_sku
    JOIN integration_stockrule r ON r.id = o.floor_rule AND r.value > 0
    WHERE l.channel_id = %(channel)s AND l.gone_at IS NULL AND (l.min_order_quantity > 1 OR l.min_quantity_alert > 0)
), most AS (
    SELECT * FROM doubled ORDER BY least DESC, alert DESC, offer_sku LIMIT %(examples)s
)
SELECT count(*), max(least), max(alert), max(value),
    (SELECT json_agg(json_build_object('offer', offer_sku, 'minimum order quantity', least, 'quantity alert', alert,
        'floor here', value) ORDER BY least DESC, alert DESC, offer_sku) FROM most)
FROM doubled"""


def warehouse_buffers(warehouse: Warehouse) -> Sequence[Finding]:
    """What the warehouse itself holds back, beside rules here: one gap in most of its numbers, and safety stock."""
    return [*_level_gap(warehouse), *_safety_stock(warehouse)]


def offer_buffers(channel: Channel, gap: int | None) -> Sequence[Finding]:
    """What the marketplace holds back: `gap` less than told on most offers, and minimum quantities beside a floor."""
    return [*_seen_gap(channel, gap), *_minimum_quantities(channel)]


def _level_gap(warehouse: Warehouse) -> Sequence[Finding]:
    mine = Q(channel=None, facility=None) | Q(channel__warehouse=warehouse) | Q(facility__warehouse=warehouse)
    rules = _kept_by_rules(mine)
    if not rules:
        return []
    counted = _rows(LEVEL_GAPS, warehouse=warehouse.pk)
    gap = constant_gap_of(counted)
    if gap is None:
        return []
    sharing = sum(number for one, number in counted if one == gap)
    summary = f"{warehouse.name} holds back {_units(gap)} of its items itself, and rules here hold back more"
    detail = {
        "gap": _plain(gap),
        "held_back_in_deposco": _plain(gap),
        "numbers_with_this_gap": f"{sharing:,} of {sum(number for _, number in counted):,}",
        "to_switch_off_there": "In Deposco, take the reserve off the items or the facility",
        "to_switch_off_here": "On the Buffers page, end the rules below",
        "examples": rules,
    }
    return [Finding(KIND, f"{warehouse.code}:levels", summary, sharing, detail)]


def _safety_stock(warehouse: Warehouse) -> Sequence[Finding]:
    [(count, units, examples)] = _rows(SAFETY, warehouse=warehouse.pk)
    if not count:
        return []
    noun = "1 item has" if count == 1 else f"{count:,} items have"
    summary = f"{noun} safety stock in {warehouse.name} and a buffer here"
    detail = {
        "gap": f"{count}:{_plain(units)}",
        "items": count,
        "safety_stock_in_deposco": _plain(units),
        "to_switch_off_there": "In Deposco, set the item's safety stock to zero",
        "to_switch_off_here": "On the Buffers page, give these items a buffer of zero",
        "examples": list(examples or []),
    }
    return [Finding(KIND, f"{warehouse.code}:safety", summary, count, detail)]


def _seen_gap(channel: Channel, gap: int | None) -> Sequence[Finding]:
    if gap is None:
        return []
    summary = f"{channel.name} shows {_units(Decimal(gap))} less than told on most of its offers"
    detail = {
        "gap": gap,
        "held_back_at_the_marketplace": gap,
        "to_switch_off_there": "In the marketplace's back office, take the reserve off the shop's stock",
        "to_switch_off_here": "Or on the Buffers page, lower the channel's buffer by as much",
        "examples": _kept_by_rules(Q(channel=None) | Q(channel=channel)),
    }
    return [Finding(KIND, "seen", summary, 1, detail)]


def _minimum_quantities(channel: Channel) -> Sequence[Finding]:
    [(count, least, alert, floor, examples)] = _rows(MINIMUM, channel=channel.pk)
    if not count:
        return []
    noun = "1 offer" if count == 1 else f"{count:,} offers"
    summary = f"{noun} of {channel.name} with a minimum quantity at the marketplace and a floor here"
    detail = {
        "gap": f"{count}:{least}:{alert}:{floor}",
        "offers": count,
        "largest_minimum_order_quantity": least,
        "largest_quantity_alert": alert,
        "largest_floor_here": floor,
        "to_switch_off_there": "In the marketplace's back office, clear the minimum of the offers",
        "to_switch_off_here": "On the Buffers page, end the floor for these offers",
        "examples": list(examples or []),
    }
    return [Finding(KIND, "minimum", summary, count, detail)]


def _kept_by_rules(scope: Q) -> list[dict[str, Any]]:
    """The rules in use that hold stock back, the most general first."""
    holds = Q(aspect="buffer") & (Q(units__gt=0) | Q(percent__gt=0)) | Q(aspect="share", value__lt=100)
    rows = StockRule.objects.filter(scope, holds, is_active=True).select_related("channel", "facility")
    return [
        {
            "rule": rule.get_aspect_display(),
            "of": _scope_words(rule),
            "holds back": f"{100 - (rule.value or 0)} %" if rule.aspect == "share" else _buffer_words(rule),
        }
        for rule in rows.order_by("offer_sku", "item_number", "tag", "id")[:EXAMPLES]
    ]


def _scope_words(rule: StockRule) -> str:
    parts = (
        rule.channel.name if rule.channel else "",
        f"offer {rule.offer_sku}" if rule.offer_sku else "",
        f"item {rule.item_number}" if rule.item_number else "",
        f"tag {rule.tag}" if rule.tag else "",
        f"facility {rule.facility.name}" if rule.facility else "",
    )
    return ", ".join(part for part in parts if part) or "everything"


def _buffer_words(rule: StockRule) -> str:
    parts = (_units(Decimal(rule.units)) if rule.units else "", f"{_plain(rule.percent)} %" if rule.percent else "")
    return " or ".join(part for part in parts if part)


def _units(count: Decimal) -> str:
    return f"{_plain(count)} unit" + ("" if count == 1 else "s")


def _plain(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"


def _rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(statement, {"examples": EXAMPLES, **values})
        return list(cursor.fetchall())
