"""What is kept of an order's message, field by field. Values only: nothing is read or written here."""

import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from integration.mirakl.schemas import Order as WireOrder
from integration.models import Order, OrderLine

CURRENCY_LENGTH = 3
UNDECIDED = ("STAGING", "WAITING_ACCEPTANCE")
# Nobody can ship these yet, so a flag that says so tells nothing of whose they are.
NOT_YET_SHIPPABLE = (*UNDECIDED, "WAITING_DEBIT", "WAITING_DEBIT_PAYMENT")
SELLER = "DEFAULT"


def order_facts(order: WireOrder, digest: str, now: datetime, acceptance_hours: int | None) -> dict[str, Any]:
    """The columns of the order. With `acceptance_hours` also the deadline of the decision, which Mirakl does not tell."""
    ordered_at = order.created_date or now
    facts: dict[str, Any] = {
        "commercial_id": (order.commercial_id or order.order_id)[:120],
        "mirakl_state": order.order_state[:40],
        "shipping_type_code": order.shipping_type_code[:120],
        "fulfillment_center": (order.fulfillment_center_code or SELLER)[:60],
        "can_shop_ship": _is_ours_to_ship(order),
        # A currency that is none is left out, and holds the order before the warehouse.
        "currency": order.currency_iso_code if len(order.currency_iso_code) <= CURRENCY_LENGTH else "",
        "total_price": order.total_price if order.total_price is not None else Decimal(0),
        "customer": _plain({**order.customer, "notification_email": order.customer_notification_email}),
        "ordered_at": ordered_at,
        # Asked for by the contract, and null in one of its own examples.
        "mirakl_updated_at": order.last_updated_date or ordered_at,
        "shipping_deadline_at": order.shipping_deadline,
        "payload_hash": digest,
    }
    if acceptance_hours is not None and order.order_state in UNDECIDED:
        facts["acceptance_deadline_at"] = ordered_at + timedelta(hours=acceptance_hours)
    return facts


def line_facts(row: Order, order: WireOrder) -> list[OrderLine]:
    """The lines, unsaved, each id once: a line that a message names twice is one line."""
    lines: dict[str, OrderLine] = {}
    for position, line in enumerate(order.order_lines, start=1):
        lines.setdefault(
            line.order_line_id,
            OrderLine(
                order=row,
                line_id=line.order_line_id,
                position=position,
                offer_sku=line.offer_sku,
                title=line.product_title[:500],
                mirakl_state=line.order_line_state[:40],
                quantity=line.quantity,
                quantity_accepted=_accepted(line.order_line_state or order.order_state, line.quantity),
                quantity_cancelled=sum(cancelation.quantity for cancelation in line.cancelations),
                unit_price=line.price_unit if line.price_unit is not None else Decimal(0),
                total_price=line.total_price if line.total_price is not None else Decimal(0),
                commission=line.total_commission if line.total_commission is not None else Decimal(0),
            ),
        )
    return list(lines.values())


def is_news(row: Order, order: WireOrder) -> bool:
    """Whether the message is no older than what is stored; one that tells no time is taken as it comes."""
    return order.last_updated_date is None or order.last_updated_date >= row.mirakl_updated_at


def _is_ours_to_ship(order: WireOrder) -> bool:
    """Whether the seller ships it. `can_shop_ship` may follow the state: before SHIPPING a centre that is named decides."""
    if order.can_shop_ship is not False:
        return True
    return order.order_state in NOT_YET_SHIPPABLE and order.fulfillment_center_code == SELLER


def _accepted(state: str, quantity: int) -> int | None:
    if state in UNDECIDED:
        return None
    return 0 if state in ("REFUSED", "CANCELED") else quantity


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """The same as JSON holds it: amounts as text."""
    plain: dict[str, Any] = json.loads(json.dumps(value, default=str))
    return plain
