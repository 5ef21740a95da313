"""Stores a page of marketplace orders, and in the same transaction the effects that the page makes necessary."""

import hashlib
import json
import zlib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from core.clock import db_now
from integration.domain.order_number import order_number
from integration.domain.stages import LABELS, SIDE_EXITS, is_forward, stage_told
from integration.mirakl.schemas import Order as WireOrder
from integration.models import Channel, Order, OrderEvent, OrderLine, OrderMessage
from integration.services.decide_acceptance import decide_acceptance
from integration.services.follow_cancellation import follow_cancellation
from integration.services.follow_change import Wanted, follow_change, wanted_of
from integration.services.move_stage import STAMPS
from integration.services.order_facts import is_news, line_facts, order_facts
from integration.services.stock.touch_stock import touch_orders

LINE_FIELDS = (
    "mirakl_state",
    "quantity",
    "quantity_accepted",
    "quantity_cancelled",
    "unit_price",
    "total_price",
    "commission",
)
# What a message may change on an order; what staff and the warehouse set is not among it.
ORDER_FIELDS = (
    "commercial_id",
    "mirakl_state",
    "shipping_type_code",
    "fulfillment_center",
    "can_shop_ship",
    "currency",
    "total_price",
    "customer",
    "ordered_at",
    "mirakl_updated_at",
    "acceptance_deadline_at",
    "shipping_deadline_at",
    "payload_hash",
    "stage",
    "stage_since",
    "accepted_at",
    *sorted(set(STAMPS.values()) - {"accepted_at"}),
)
AT_ONCE = 100
# Stages of an order whose units no warehouse has taken out of its stock yet.
IN_FLIGHT = ("received", "accepted", "awaiting_debit", "ready")


@dataclass(frozen=True)
class Stored:
    """What one page brought: orders seen for the first time, orders that changed, and orders as they were."""

    new: int
    changed: int
    same: int


def store_orders(*, channel: Channel, orders: Sequence[WireOrder]) -> Stored:
    """Upsert by (channel, order id). An older message never overwrites a newer one; an equal one changes nothing.

    One transaction per page: orders, lines, passport, raw messages and acceptance effects stand or fall together.
    """
    fresh = _newest(orders)
    hashes = {order_id: _digest(order.raw) for order_id, order in fresh.items()}
    with transaction.atomic():
        now = db_now()
        known = {
            row.order_id: row
            for row in Order.objects.select_for_update().filter(channel=channel, order_id__in=fresh).order_by("id")
        }
        new = [order for order_id, order in fresh.items() if order_id not in known]
        changed = [
            (known[order_id], order)
            for order_id, order in fresh.items()
            if order_id in known
            and known[order_id].payload_hash != hashes[order_id]
            and is_news(known[order_id], order)
        ]
        rows = _create(channel, new, hashes, now)
        moved = _change(changed, hashes, now)
        touched = rows + [row for row, _ in changed]
        _keep_messages(touched, fresh, hashes, now)
        decide_acceptance(channel=channel, orders=[row for row in touched if row.stage == "received"], now=now)
        # A shop takes what it sells off its own number, and gives back what is cancelled: it is told ours again.
        touch_orders([row for row in rows if row.stage in IN_FLIGHT] + moved, is_forced=True)
    return Stored(new=len(rows), changed=len(changed), same=len(fresh) - len(rows) - len(changed))


def _newest(orders: Sequence[WireOrder]) -> dict[str, WireOrder]:
    """Each order once, as it was told last; STAGING is the operator's own check and none of ours."""
    fresh: dict[str, WireOrder] = {}
    for order in orders:
        old = fresh.get(order.order_id)
        is_older = (
            old is not None
            and old.last_updated_date is not None
            and order.last_updated_date is not None
            and order.last_updated_date < old.last_updated_date
        )
        if order.order_state != "STAGING" and not is_older:
            fresh[order.order_id] = order
    return fresh


def _create(channel: Channel, orders: Sequence[WireOrder], hashes: Mapping[str, str], now: datetime) -> list[Order]:
    drafts = []
    for order in orders:
        row = Order(
            channel=channel,
            order_id=order.order_id,
            wms_number=order_number(channel.code, order.order_id),
            first_seen_at=now,
            stage_since=now,
            stage=stage_told(order.order_state, is_fully_refunded=bool(order.fully_refunded)),
            **order_facts(order, hashes[order.order_id], now, channel.acceptance_hours),
        )
        _stamp(row, order, now)
        drafts.append(row)
    rows = Order.objects.bulk_create(drafts)
    OrderLine.objects.bulk_create(
        line for row, order in zip(rows, orders, strict=True) for line in line_facts(row, order)
    )
    OrderEvent.objects.bulk_create(
        OrderEvent(
            order=row,
            at=now,
            lane="acceptance",
            kind="received",
            stage=row.stage,
            summary=f"First read from {channel.name}, state {row.mirakl_state}",
        )
        for row in rows
    )
    return rows


def _stamp(row: Order, order: WireOrder, now: datetime) -> None:
    """The clocks of the stages a message tells of: the first time a stage is reached stays its time."""
    stamp = STAMPS.get(row.stage)
    if stamp and getattr(row, stamp) is None:
        setattr(row, stamp, now)
    if row.accepted_at is None and row.stage not in ("received", *SIDE_EXITS):
        row.accepted_at = order.acceptance_decision_date or now


def _change(changed: Sequence[tuple[Order, WireOrder]], hashes: Mapping[str, str], now: datetime) -> list[Order]:
    """Write what changed and let it be followed; returns orders that now hold more units, or fewer, than before."""
    lines: dict[int, dict[str, OrderLine]] = defaultdict(dict)
    for line in OrderLine.objects.filter(order__in=[row for row, _ in changed]):
        lines[line.order_id][line.line_id] = line
    before = {row.id: wanted_of(row, lines[row.id].values()) for row, _ in changed}
    stages = {row.id: row.stage for row, _ in changed}
    touched: list[OrderLine] = []
    events: list[OrderEvent] = []
    for row, order in changed:
        touched += _change_lines(row, order, lines[row.id])
        events += _change_order(row, order, hashes[order.order_id], now)
    # Written together, before anything follows from them: what follows reads and locks these rows.
    OrderLine.objects.bulk_update(touched, LINE_FIELDS, batch_size=AT_ONCE)
    Order.objects.bulk_update([row for row, _ in changed], ORDER_FIELDS, batch_size=AT_ONCE)
    OrderEvent.objects.bulk_create(events)
    for row, _ in changed:
        _follow(row, before[row.id], wanted_of(row, lines[row.id].values()), now)
    return [
        row
        for row, _ in changed
        if before[row.id].quantities != wanted_of(row, lines[row.id].values()).quantities
        or (stages[row.id] in IN_FLIGHT) != (row.stage in IN_FLIGHT)
    ]


def _change_order(row: Order, order: WireOrder, digest: str, now: datetime) -> list[OrderEvent]:
    old_state, old_customer = row.mirakl_state, row.customer
    facts = order_facts(order, digest, now, None)
    facts["mirakl_updated_at"] = order.last_updated_date or row.mirakl_updated_at
    for field, value in facts.items():
        setattr(row, field, value)
    if not row.customer.get("shipping_address") and old_customer.get("shipping_address"):
        # An address that was told once is not unlearned because a later message leaves it out.
        row.customer = {
            **row.customer,
            "shipping_address": old_customer["shipping_address"],
            "billing_address": row.customer.get("billing_address") or old_customer.get("billing_address"),
        }
    stage = stage_told(order.order_state, is_fully_refunded=bool(order.fully_refunded))
    moved = is_forward(row.stage, stage)
    if moved:
        row.stage, row.stage_since = stage, now
        _stamp(row, order, now)
    if not moved and old_state == row.mirakl_state:
        return []
    event = OrderEvent(
        order=row,
        at=now,
        lane="change",
        kind=f"stage.{row.stage}" if moved else "mirakl_state",
        stage=row.stage,
        summary=f"Mirakl says {row.mirakl_state}: {LABELS[row.stage]}",
    )
    return [event]


def _change_lines(row: Order, order: WireOrder, present: dict[str, OrderLine]) -> list[OrderLine]:
    """Make the lines as they are told now; returns those that are to be written, new ones are written already."""
    touched = []
    for wanted in line_facts(row, order):
        line = present.get(wanted.line_id)
        if line is None:
            wanted.save()
            present[wanted.line_id] = wanted
        elif any(getattr(line, name) != getattr(wanted, name) for name in LINE_FIELDS):
            for name in LINE_FIELDS:
                setattr(line, name, getattr(wanted, name))
            touched.append(line)
    return touched


def _follow(row: Order, before: Wanted, after: Wanted, now: datetime) -> None:
    if row.stage in SIDE_EXITS:
        follow_cancellation(order=row, now=now)
    else:
        follow_change(order=row, before=before, after=after, now=now)


def _keep_messages(
    rows: Sequence[Order], fresh: Mapping[str, WireOrder], hashes: Mapping[str, str], now: datetime
) -> None:
    OrderMessage.objects.bulk_create(
        [
            OrderMessage(
                order=row,
                received_at=now,
                sha256=hashes[row.order_id],
                body=zlib.compress(_canonical(fresh[row.order_id].raw)),
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )


def _canonical(raw: dict[str, Any]) -> bytes:
    return json.dumps(raw, sort_keys=True, default=str, ensure_ascii=False).encode("utf-8", "replace")


def _digest(raw: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(raw)).hexdigest()
