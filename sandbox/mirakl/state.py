"""What a marketplace knows: its shops and keys, its orders with their timers, its offers, shipments and money."""

import heapq
import itertools
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.clock import iso
from sandbox.mirakl.book import BY_HAND, Landing, Landings, put_quantity, sell
from sandbox.mirakl.catalogue import CARRIERS, SHIPPING_TYPES, Json
from sandbox.mirakl.order import GONE, SandboxOrder, new_order
from sandbox.mirakl.plans import Plans
from sandbox.mirakl.transactions import Log

if TYPE_CHECKING:
    from sandbox.mirakl.exports import ExportJob
    from sandbox.mirakl.imports import ImportJob

__all__ = ["CARRIERS", "SHIPPING_TYPES", "Json", "Key", "Operator", "SandboxOrder", "Shop", "new_order"]

# In which states the customer is debited at the latest, per payment workflow.
LAST_DEBIT = ("RECEIVED",)
DEBITED_AT = {"PAY_ON_ACCEPTANCE": ("SHIPPING",), "PAY_ON_SHIPMENT": (*GONE, "RECEIVED")}
ADMIN_AND_ACCOUNTS = frozenset({"ROLE_SHOP_ADMIN", "ROLE_SHOP_ACCOUNTANCY"})


@dataclass
class Shop:
    """One shop of an operator."""

    id: int
    name: str
    api_key: str
    currency: str = "EUR"
    state: str = "OPEN"
    roles: frozenset[str] = ADMIN_AND_ACCOUNTS
    offers: dict[str, Json] = field(default_factory=dict)
    deleted_offers: dict[str, Json] = field(default_factory=dict)
    # Codes that stock files may name (none: any), and SKUs that they may not, with the words for it.
    warehouse_codes: set[str] = field(default_factory=set)
    refused_skus: dict[str, str] = field(default_factory=dict)
    landings: Landings = field(default_factory=Landings)
    # What buyers did: see the hand's call `buy`.
    sales: dict[str, int] = field(default_factory=dict)
    commission_rate: float = 0.15


@dataclass
class Key:
    """An API key: it belongs to a user, who may have several shops; the first one is the default."""

    value: str
    shops: list[Shop]
    roles: frozenset[str]


@dataclass
class Operator:
    """A marketplace. Its switches are the flags that PC01 tells, and how it behaves where nothing is published."""

    name: str
    multi_shipment: bool = True
    auto_accept: bool = False
    partial_acceptance: bool = True
    partial_cancelation: bool = True
    free_carriers: bool = True
    addresses_early: bool = False
    refusal_zeroes_stock: bool = False
    orders_take_stock: bool = False
    check_balance: bool = False
    unknown_fields: bool = False
    tax_mode: str = "TAX_INCLUDED"
    update_delta_seconds: float = 1.0
    staging_seconds: float = 0.0
    debit_seconds: float = 0.5
    acceptance_seconds: float = 5 * 86_400.0
    late_shipment_seconds: float = 0.0
    reception_seconds: float = 0.0
    closing_seconds: float = 0.0
    refund_seconds: float = 1.0
    import_seconds: float = 0.3
    import_seconds_per_line: float = 0.0
    imports_concurrent: bool = False
    queued_status: bool = False
    export_seconds: float = 0.3
    small_chunks: bool = False
    external_partner: bool = False
    shops: dict[int, Shop] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    orders: dict[str, SandboxOrder] = field(default_factory=dict)
    orders_by_shop: dict[int, list[SandboxOrder]] = field(default_factory=dict)
    shipments: dict[str, Json] = field(default_factory=dict)
    shipments_by_order: dict[str, list[str]] = field(default_factory=dict)
    imports: "dict[str, ImportJob]" = field(default_factory=dict)
    recent_imports: "list[ImportJob]" = field(default_factory=list)
    busy_until: dict[tuple[str, int], float] = field(default_factory=dict)
    import_plans: Plans = field(default_factory=Plans)
    exports: "dict[str, ExportJob]" = field(default_factory=dict)
    export_plans: Plans = field(default_factory=Plans)
    log: Log = field(default_factory=Log)
    shipping_types: tuple[Json, ...] = SHIPPING_TYPES
    carriers: tuple[Json, ...] = CARRIERS
    refunds: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    offer_numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1001))
    last_calls: dict[tuple[str, int], list[float]] = field(default_factory=dict)
    _due: list[tuple[float, int, Callable[[float], None]]] = field(default_factory=list)
    _sequence: "itertools.count[int]" = field(default_factory=itertools.count)

    def add_shop(self, shop_id: int, name: str, currency: str = "EUR") -> Shop:
        """Open a shop, with a key of its own."""
        key = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{self.name}-{shop_id}.example.com"))
        shop = Shop(shop_id, name, key, currency)
        self.shops[shop_id] = shop
        self.orders_by_shop[shop_id] = []
        self.keys[key] = Key(key, [shop], shop.roles)
        return shop

    def add_key(self, shop_ids: list[int], roles: frozenset[str] = ADMIN_AND_ACCOUNTS) -> str:
        """Give a user a key for several shops; the first one is the default."""
        text = "-".join([self.name, *map(str, shop_ids), *sorted(roles)])
        key = str(uuid.uuid5(uuid.NAMESPACE_DNS, f"{text}.example.com"))
        self.keys[key] = Key(key, [self.shops[one] for one in shop_ids], roles)
        return key

    def add_offer(
        self, shop: Shop, sku: str, price: float, quantity: int = 0, title: str = "", *, at: float = 0.0
    ) -> None:
        """Put an offer up, or in the place of the one that is there."""
        known = shop.offers.get(sku) or shop.deleted_offers.pop(sku, {})
        shop.offers[sku] = {
            "id": known.get("id") or next(self.offer_numbers),
            "sku": sku,
            "price": price,
            "quantity": 0,
            "title": known.get("title") or title or f"Sample product {sku}",
            "created": known.get("created", at),
            "updated": at,
        }
        put_quantity(shop, shop.offers[sku], Landing(at, BY_HAND, "", quantity))

    @staticmethod
    def delete_offer(shop: Shop, sku: str, at: float) -> bool:
        """Take an offer down; exports of what changed still tell of it. Whether there was one."""
        offer = shop.offers.pop(sku, None)
        if offer is not None:
            shop.deleted_offers[sku] = {**offer, "updated": at}
        return offer is not None

    def later(self, at: float, act: Callable[[float], None]) -> None:
        """Do something when its time has come; it is handed that time."""
        heapq.heappush(self._due, (at, next(self._sequence), act))

    def settle_all(self, now: float) -> None:
        """Let every timer run up to now."""
        while self._due and self._due[0][0] <= now:
            at, _, act = heapq.heappop(self._due)
            act(at)

    def place(self, order: SandboxOrder) -> SandboxOrder:
        """Take an order from a buyer."""
        self.orders[order.id] = order
        if self.orders_take_stock:
            for line in order.lines:
                sell(self.shops[order.shop_id], line["offer_sku"], line["quantity"], order.created)
        self.orders_by_shop[order.shop_id].append(order)
        if order.state == "STAGING":
            self._schedule(order, (order.created + self.staging_seconds, "WAITING_ACCEPTANCE"))
        else:
            self._await_acceptance(order, order.created)
        return order

    def _await_acceptance(self, order: SandboxOrder, at: float) -> None:
        if self.auto_accept:
            self.accept(order, {line["order_line_id"]: True for line in order.lines}, at, by_shop=False)
        else:
            self._schedule(order, (at + self.acceptance_seconds, "REFUSED"))

    def accept(self, order: SandboxOrder, answers: dict[str, bool], at: float, *, by_shop: bool = True) -> None:
        """Take the decision; the debit follows by itself, or the order may be shipped at once."""
        for line in order.lines:
            if not answers[line["order_line_id"]]:
                line["order_line_state"] = "REFUSED"
                line["order_line_state_reason_code"] = "REFUSED"
        order.effective_accepts += 1
        if by_shop:
            order.body["acceptance_decision_date"] = iso(at)
        order.due.clear()
        if not any(answers.values()):
            order.move("REFUSED", at, "REFUSED")
        elif order.body["payment_workflow"] == "PAY_ON_ACCEPTANCE":
            order.move("WAITING_DEBIT", at)
            last = "CANCELED" if order.debit_refused else "SHIPPING"
            halfway = at + self.debit_seconds / 2
            self._schedule(order, (halfway, "WAITING_DEBIT_PAYMENT"), (at + self.debit_seconds, last))
        else:
            self._enter(order, "SHIPPING", at)

    def ship(self, order: SandboxOrder, at: float) -> None:
        """The last unit left."""
        collected = any(t["click_and_collect"] for t in self._type_of(order))
        self._enter(order, "TO_COLLECT" if collected else "SHIPPED", at)

    def cancel(self, order: SandboxOrder, at: float, reason: str = "SYSTEM_CANCELATION") -> None:
        """End the order before it left."""
        order.due.clear()
        order.move("CANCELED", at, reason)

    def settle(self, order: SandboxOrder, now: float) -> None:
        """Let the order's timers run up to now."""
        while order.due and order.due[0][0] <= now:
            at, state = order.due.pop(0)
            if state == "REFUSED" and order.state != "WAITING_ACCEPTANCE":
                continue
            self._enter(order, state, at)

    def _enter(self, order: SandboxOrder, state: str, at: float) -> None:
        """Move an order, book what that means, and set the next timer."""
        if state in ("REFUSED", "CANCELED"):
            late = state == "CANCELED" and order.state == "SHIPPING"
            order.due.clear()
            order.move(state, at, "SYSTEM_LATE_SHIPMENT_CANCELATION" if late else state)
            return
        if not order.is_debited and state in DEBITED_AT.get(order.body["payment_workflow"], LAST_DEBIT):
            order.debit(at)
        order.move(state, at)
        if state == "WAITING_ACCEPTANCE":
            self._await_acceptance(order, at)
        elif state == "SHIPPING":
            self.log.book_debit(self.shops[order.shop_id], order, at)
            self._schedule_after(order, at, self.late_shipment_seconds, "CANCELED")
        elif state in GONE:
            order.due.clear()
            self._schedule_after(order, at, self.reception_seconds, "RECEIVED")
        elif state == "RECEIVED":
            self.log.release(order.id, at)
            self._schedule_after(order, at, self.closing_seconds, "CLOSED")

    def _schedule_after(self, order: SandboxOrder, at: float, seconds: float, state: str) -> None:
        """Set a timer; no seconds mean that it never comes."""
        if seconds:
            self._schedule(order, (at + seconds, state))

    def receive(self, order: SandboxOrder, at: float) -> None:
        """The customer has it."""
        order.due.clear()
        self._enter(order, "RECEIVED", at)

    def close(self, order: SandboxOrder, at: float) -> None:
        """The operator closes it."""
        order.due.clear()
        order.move("CLOSED", at, "AUTO_CLOSED")

    def _schedule(self, order: SandboxOrder, *timers: tuple[float, str]) -> None:
        order.due.extend(timers)
        for at, _ in timers:
            self.later(at, lambda now: self.settle(order, now))

    def _type_of(self, order: SandboxOrder) -> list[Json]:
        return [row for row in self.shipping_types if row["code"] == order.body["shipping_type_code"]]

    def mandatory_tracking(self, order: SandboxOrder) -> bool:
        """Whether the order's shipping type wants a tracking number before it may be shipped."""
        return any(row["mandatory_tracking"] for row in self._type_of(order))
