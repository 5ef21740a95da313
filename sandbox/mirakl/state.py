"""What a marketplace knows: operators, their shops, orders with their timers, offers, shipments."""

import itertools
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.clock import iso

Json = dict[str, Any]
AFTER_ACCEPTANCE = ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING")
CARRIERS: tuple[Json, ...] = (
    {"code": "DHL", "label": "DHL", "standard_code": "dhl", "tracking_url": "https://dhl.example.com/{trackingId}"},
    {"code": "DPD", "label": "DPD", "standard_code": "dpd", "tracking_url": "https://dpd.example.com/{trackingId}"},
    {
        "code": "FDX",
        "label": "FedEx Ground",
        "standard_code": "fedex",
        "tracking_url": "https://fdx.example.com/{trackingId}",
    },
)
SHIPPING_TYPES: tuple[Json, ...] = (
    {"code": "STD", "label": "Standard", "standard_code": "STANDARD", "mandatory_tracking": True},
    {"code": "EXP", "label": "Express", "standard_code": "EXPRESS", "mandatory_tracking": True},
)


@dataclass
class SandboxOrder:
    """An order as its operator holds it: Mirakl's own JSON, plus timers (seconds since 1970)."""

    body: Json
    shop_id: int
    created: float
    updated: float
    due: list[tuple[float, str]] = field(default_factory=list)
    address: Json = field(default_factory=dict)
    accept_calls: int = 0
    effective_accepts: int = 0
    ships: int = 0

    @property
    def id(self) -> str:
        """Mirakl's order id."""
        return str(self.body["order_id"])

    @property
    def state(self) -> str:
        """The order's state."""
        return str(self.body["order_state"])

    @property
    def lines(self) -> list[Json]:
        """The order's lines."""
        lines: list[Json] = self.body["order_lines"]
        return lines

    def move(self, state: str, at: float) -> None:
        """Move the order and its live lines."""
        self.body["order_state"] = state
        for line in self.lines:
            if line["order_line_state"] not in ("REFUSED", "CANCELED"):
                line["order_line_state"] = state
        if state == "SHIPPING":
            self.body["customer"] |= {"shipping_address": self.address, "billing_address": self.address}
            self.body["customer_debited_date"] = iso(at)
        self.touch(at)

    def touch(self, at: float) -> None:
        """Say that the order changed."""
        self.updated = at
        self.body["last_updated_date"] = iso(at)


@dataclass
class Shop:
    """One shop of an operator."""

    id: int
    name: str
    api_key: str
    currency: str = "EUR"
    state: str = "OPEN"
    roles: frozenset[str] = frozenset({"ROLE_SHOP_ADMIN", "ROLE_SHOP_ACCOUNTANCY"})
    offers: dict[str, Json] = field(default_factory=dict)


@dataclass
class Operator:
    """A marketplace. Its switches are the flags that PC01 tells."""

    name: str
    multi_shipment: bool = True
    auto_accept: bool = False
    partial_acceptance: bool = True
    free_carriers: bool = True
    addresses_early: bool = False
    debit_seconds: float = 0.5
    acceptance_seconds: float = 5 * 86_400.0
    shops: dict[int, Shop] = field(default_factory=dict)
    orders: dict[str, SandboxOrder] = field(default_factory=dict)
    shipments: dict[str, Json] = field(default_factory=dict)
    shipments_by_order: dict[str, list[str]] = field(default_factory=dict)
    imports: dict[str, Json] = field(default_factory=dict)
    transactions: list[Json] = field(default_factory=list)
    refunds: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    last_calls: dict[tuple[str, int], float] = field(default_factory=dict)
    _timed: set[str] = field(default_factory=set)

    def add_shop(self, shop_id: int, name: str, currency: str = "EUR") -> Shop:
        """Open a shop, with a key of its own."""
        key = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}-{shop_id}.example.com"))
        shop = Shop(shop_id, name, key, currency)
        self.shops[shop_id] = shop
        return shop

    def add_offer(self, shop: Shop, sku: str, price: float, quantity: int = 0, title: str = "") -> None:
        """Put an offer up."""
        shop.offers[sku] = {"sku": sku, "price": price, "quantity": quantity, "title": title or f"Sample product {sku}"}

    def place(self, order: SandboxOrder) -> SandboxOrder:
        """Take an order from a buyer."""
        self.orders[order.id] = order
        order.due.append((order.created + self.acceptance_seconds, "REFUSED"))
        self._timed.add(order.id)
        if self.auto_accept:
            self.accept(order, {line["order_line_id"]: True for line in order.lines}, order.created)
        return order

    def accept(self, order: SandboxOrder, answers: dict[str, bool], at: float) -> None:
        """Take the shop's decision; the debit follows by itself."""
        for line in order.lines:
            if not answers[line["order_line_id"]]:
                line["order_line_state"] = "REFUSED"
        order.effective_accepts += 1
        order.body["acceptance_decision_date"] = iso(at)
        order.due.clear()
        if not any(answers.values()):
            order.move("REFUSED", at)
            return
        order.move("WAITING_DEBIT", at)
        order.due = [(at + self.debit_seconds / 2, "WAITING_DEBIT_PAYMENT"), (at + self.debit_seconds, "SHIPPING")]
        self._timed.add(order.id)

    def settle(self, order: SandboxOrder, now: float) -> None:
        """Let the order's timers run up to now."""
        while order.due and order.due[0][0] <= now:
            at, state = order.due.pop(0)
            if state == "REFUSED" and order.state != "WAITING_ACCEPTANCE":
                continue
            order.move(state, at)
            if state == "SHIPPING":
                self._book(order, at)

    def settle_all(self, now: float) -> None:
        """Let every running timer run up to now."""
        for order_id in list(self._timed):
            order = self.orders[order_id]
            self.settle(order, now)
            if not order.due:
                self._timed.discard(order_id)

    def _book(self, order: SandboxOrder, at: float) -> None:
        """Write the transaction lines that a debit makes: the amounts of each line, and its commission."""
        for line in order.lines:
            if line["order_line_state"] == "REFUSED":
                continue
            for kind, amount in (
                ("ORDER_AMOUNT", line["price"]),
                ("ORDER_SHIPPING_AMOUNT", line["shipping_price"]),
                ("COMMISSION_FEE", -line["total_commission"]),
            ):
                self.transactions.append(transaction(order, line, kind, round(amount, 2), at))


def transaction(order: SandboxOrder, line: Json, kind: str, amount: float, at: float) -> Json:
    """One line of the transaction log; plus is to the seller."""
    return {
        "id": str(uuid.uuid4()),
        "type": kind,
        "amount": amount,
        "amount_credited": max(amount, 0),
        "amount_debited": max(-amount, 0),
        "currency_iso_code": order.body["currency_iso_code"],
        "date_created": iso(at),
        "last_updated": iso(at),
        "payment_state": "PENDING",
        "shop_id": order.shop_id,
        "entities": {
            "order": {"id": order.id, "commercial_id": order.body["commercial_id"]},
            "order_line": {"id": line["order_line_id"]},
        },
    }


def new_order(
    operator: Operator,
    shop: Shop,
    lines: list[tuple[str, int]],
    *,
    at: float,
    order_id: str = "",
    shipping_type: str = "STD",
    lastname: str = "Sample",
    address: Json | None = None,
    deadline_seconds: float = 2 * 86_400.0,
) -> SandboxOrder:
    """A buyer's order for offers of the shop: (offer SKU, quantity) per line."""
    number = next(operator.numbers)
    order_id = order_id or f"{operator.name.upper()}-{number:07d}-A"
    rows = []
    for position, (sku, quantity) in enumerate(lines, start=1):
        price = float(shop.offers.get(sku, {}).get("price", 10.0))
        rows.append(_line(order_id, position, sku, quantity, price, at, shop))
    total = round(sum(row["total_price"] for row in rows), 2)
    home = {
        "firstname": "Robin",
        "lastname": lastname,
        "street_1": "1 Sample Street",
        "city": "Sampletown",
        "zip_code": "75000",
        "country": "France",
        "country_iso_code": "FRA",
        "phone": "0100000000",
    } | (address or {})
    body: Json = {
        "order_id": order_id,
        "commercial_id": order_id.rsplit("-", 1)[0],
        "order_state": "WAITING_ACCEPTANCE",
        "created_date": iso(at),
        "last_updated_date": iso(at),
        "shipping_deadline": iso(at + deadline_seconds),
        "currency_iso_code": shop.currency,
        "price": round(sum(row["price"] for row in rows), 2),
        "shipping_price": round(sum(row["shipping_price"] for row in rows), 2),
        "total_price": total,
        "total_commission": round(sum(row["total_commission"] for row in rows), 2),
        "order_tax_mode": "TAX_INCLUDED",
        "payment_type": "CARD",
        "paymentType": "CARD",
        "payment_workflow": "PAY_ON_ACCEPTANCE",
        "leadtime_to_ship": 2,
        "can_cancel": True,
        "can_shop_ship": True,
        "fully_refunded": False,
        "has_customer_message": False,
        "has_incident": False,
        "has_invoice": False,
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "shipping_type_code": shipping_type,
        "shipping_type_label": shipping_type,
        "shipping_zone_code": "EU",
        "shipping_zone_label": "Europe",
        "customer": {
            "customer_id": f"C{number}",
            "firstname": "Robin",
            "lastname": lastname,
            "shipping_address": home if operator.addresses_early else None,
            "billing_address": home if operator.addresses_early else None,
        },
        "customer_notification_email": f"relay-{number}@example.com",
        "order_additional_fields": [],
        "references": {"order_reference_for_customer": None, "order_reference_for_seller": None},
        "promotions": {"applied_promotions": [], "total_deduced_amount": 0},
        "order_lines": rows,
    }
    return SandboxOrder(body, shop.id, at, at, address=home)


def _line(order_id: str, position: int, sku: str, quantity: int, price: float, at: float, shop: Shop) -> Json:
    total = round(price * quantity, 2)
    fee = round(total * 0.15, 2)
    return {
        "order_line_id": f"{order_id}-{position}",
        "order_line_index": position,
        "order_line_state": "WAITING_ACCEPTANCE",
        "offer_id": 1000 + position,
        "offer_sku": sku,
        "offer_state_code": "11",
        "product_sku": f"P-{sku}",
        "product_title": shop.offers.get(sku, {}).get("title", f"Sample product {sku}"),
        "category_code": "SAMPLES",
        "category_label": "Samples",
        "quantity": quantity,
        "price_unit": price,
        "price": total,
        "shipping_price": 0.0,
        "total_price": total,
        "commission_fee": fee,
        "total_commission": fee,
        "commission_taxes": [],
        "commission_vat": 0,
        "commission_rate_vat": 0,
        "can_refund": False,
        "created_date": iso(at),
        "last_updated_date": iso(at),
        "taxes": [],
        "shipping_taxes": [],
        "fees": [],
        "refunds": [],
        "cancelations": [],
        "promotions": [],
        "order_line_additional_fields": [],
        "product_medias": [],
    }
