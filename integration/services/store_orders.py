"""Stores a page of marketplace orders, and in the same transaction the effects that the page makes necessary."""

import hashlib
import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from core.clock import db_now
from integration.domain.order_number import order_number
from integration.domain.stages import LABELS, is_forward, stage_of_mirakl_state
from integration.mirakl.schemas import Order as WireOrder
from integration.models import Channel, Order, OrderEvent, OrderLine, OrderMessage
from integration.services.decide_acceptance import decide_acceptance
from integration.services.follow_cancellation import follow_cancellation
from integration.services.move_stage import STAMPS


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
    fresh = {order.order_id: order for order in orders if order.order_state != "STAGING"}
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
            and _updated(order, now) >= known[order_id].mirakl_updated_at
        ]
        rows = _create(channel, new, hashes, now)
        for row, order in changed:
            _update(row, order, hashes[order.order_id], now)
        touched = rows + [row for row, _ in changed]
        _keep_messages(touched, fresh, hashes, now)
        decide_acceptance(channel=channel, orders=[row for row in touched if row.stage == "received"], now=now)
        for row, _ in changed:
            if row.stage in ("cancelled", "refused"):
                follow_cancellation(order=row, now=now)
    return Stored(new=len(rows), changed=len(changed), same=len(fresh) - len(rows) - len(changed))


def _create(channel: Channel, orders: Sequence[WireOrder], hashes: dict[str, str], now: datetime) -> list[Order]:
    rows = Order.objects.bulk_create(
        Order(
            channel=channel,
            order_id=order.order_id,
            wms_number=order_number(channel.code, order.order_id),
            first_seen_at=now,
            stage_since=now,
            stage=stage_of_mirakl_state(order.order_state),
            **_facts(order, hashes[order.order_id], now),
        )
        for order in orders
    )
    for row in rows:
        stamp = STAMPS.get(row.stage)
        if stamp:
            setattr(row, stamp, now)
    Order.objects.bulk_update([row for row in rows if row.stage in STAMPS], sorted(set(STAMPS.values())))
    OrderLine.objects.bulk_create(line for row, order in zip(rows, orders, strict=True) for line in _lines(row, order))
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


def _update(row: Order, order: WireOrder, digest: str, now: datetime) -> None:
    old_state = row.mirakl_state
    for field, value in _facts(order, digest, now).items():
        setattr(row, field, value)
    stage = stage_of_mirakl_state(order.order_state)
    moved = is_forward(row.stage, stage)
    if moved:
        row.stage, row.stage_since = stage, now
        stamp = STAMPS.get(stage)
        if stamp and getattr(row, stamp) is None:
            setattr(row, stamp, now)
    row.save()
    _update_lines(row, order)
    if moved or old_state != row.mirakl_state:
        OrderEvent.objects.create(
            order=row,
            at=now,
            lane="change",
            kind=f"stage.{row.stage}" if moved else "mirakl_state",
            stage=row.stage,
            summary=f"Mirakl says {row.mirakl_state}: {LABELS[row.stage]}",
        )


def _update_lines(row: Order, order: WireOrder) -> None:
    present = {line.line_id: line for line in row.lines.all()}
    for wanted in _lines(row, order):
        line = present.get(wanted.line_id)
        if line is None:
            wanted.save()
            continue
        line.mirakl_state = wanted.mirakl_state
        line.quantity = wanted.quantity
        line.quantity_accepted = wanted.quantity_accepted
        line.quantity_cancelled = wanted.quantity_cancelled
        line.unit_price, line.total_price, line.commission = wanted.unit_price, wanted.total_price, wanted.commission
        line.save()


def _facts(order: WireOrder, digest: str, now: datetime) -> dict[str, Any]:
    customer = order.raw.get("customer") or {}
    return {
        "commercial_id": order.commercial_id or order.order_id,
        "mirakl_state": order.order_state,
        "shipping_type_code": order.shipping_type_code or "",
        "fulfillment_center": order.fulfillment_center_code or "DEFAULT",
        "can_shop_ship": order.can_shop_ship is not False,
        "currency": order.currency_iso_code,
        "total_price": order.total_price if order.total_price is not None else Decimal(0),
        "customer": {**customer, "notification_email": order.customer_notification_email or ""},
        "ordered_at": order.created_date or now,
        "mirakl_updated_at": _updated(order, now),
        "shipping_deadline_at": order.shipping_deadline,
        "payload_hash": digest,
    }


def _lines(row: Order, order: WireOrder) -> list[OrderLine]:
    return [
        OrderLine(
            order=row,
            line_id=line.order_line_id,
            position=position,
            offer_sku=line.offer_sku,
            title=(line.product_title or "")[:500],
            mirakl_state=line.order_line_state,
            quantity=line.quantity,
            quantity_accepted=_accepted(line.order_line_state, line.quantity),
            quantity_cancelled=sum(int(cancelation.quantity or 0) for cancelation in line.cancelations),
            unit_price=line.price_unit if line.price_unit is not None else Decimal(0),
            total_price=line.total_price if line.total_price is not None else Decimal(0),
            commission=line.total_commission if line.total_commission is not None else Decimal(0),
        )
        for position, line in enumerate(order.order_lines, start=1)
    ]


def _accepted(state: str, quantity: int) -> int | None:
    if state in ("STAGING", "WAITING_ACCEPTANCE"):
        return None
    return 0 if state in ("REFUSED", "CANCELED") else quantity


def _updated(order: WireOrder, now: datetime) -> datetime:
    # Required by the contract, and null in one of its own examples.
    return order.last_updated_date or order.created_date or now


def _keep_messages(rows: Sequence[Order], fresh: dict[str, WireOrder], hashes: dict[str, str], now: datetime) -> None:
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
    return json.dumps(raw, sort_keys=True, default=str, ensure_ascii=False).encode()


def _digest(raw: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(raw)).hexdigest()
