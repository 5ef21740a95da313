"""What a warehouse knows: facilities, items with stock, orders, shipments."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.clock import Clock
from sandbox.deposco.rendering import as_rows, number_of
from sandbox.deposco.routing import best_facility

Json = dict[str, Any]
OVER = ("Canceled", "Complete", "Voided", "Closed", "Rejected")
MEASURES = ("totalOnHandQty", "atpQty", "coAtpQty", "totalAtp", "openOrderLineQty", "qtyOnPO", "inTransitQty")
ORDER_FIELDS = ("number", "type", "status", "otherReferenceNumber", "customerOrderNumber", "businessUnit", "facility")


@dataclass
class WmsOrder:
    """An order in the warehouse: the document as it was sent, and where the floor has it."""

    number: str
    document: Json
    created: float
    status: str = "New"
    script: str = ""
    step: int = 0
    next_at: float = 0.0
    shipped: dict[str, Decimal] = field(default_factory=dict)
    id: int = 0
    updated: float = 0.0
    # As it was sent over V2; empty when it came over V1.
    v2: Json = field(default_factory=dict)
    # Where it was sent to work on, when nobody asked for a facility.
    routed: str = ""

    @property
    def lines(self) -> list[Json]:
        """The order's lines."""
        return [
            row for row in as_rows((self.document.get("orderLines") or {}).get("orderLine")) if isinstance(row, dict)
        ]

    def left(self) -> dict[str, Decimal]:
        """Units still to be shipped, per line number; only what is above zero."""
        left = {
            str(line.get("lineNumber")): quantity(line, "orderPackQuantity")
            - quantity(line, "canceledPackQuantity")
            - self.shipped.get(str(line.get("lineNumber")), Decimal(0))
            for line in self.lines
        }
        return {key: value for key, value in left.items() if value > 0}


def is_true(value: Any) -> bool:
    """Whether a flag is set, as JSON or as a form writes it."""
    return value is True or str(value).lower() == "true"


def quantity(line: Json, name: str) -> Decimal:
    """A quantity of a line; zero when it is not there."""
    return number_of(line.get(name) or 0) or Decimal(0)


@dataclass
class WmsParcel:
    """A container of a shipment: which lines, how many, under which number."""

    lpn: str
    tracking: str
    quantities: dict[str, Decimal]


@dataclass
class WmsShipment:
    """A shipment, as a rule of one order; `others` travel in the same parcels."""

    number: str
    order: WmsOrder
    status: str
    facility: str
    shipped_at: float
    ship_vendor: str
    ship_via: str
    parcels: list[WmsParcel]
    tracking_from: float = 0.0
    others: list[WmsOrder] = field(default_factory=list)
    updated: float = 0.0

    @property
    def orders(self) -> list[WmsOrder]:
        """Every order in it."""
        return [self.order, *self.others]


@dataclass
class Tenant:
    """A Deposco tenant. The switches are what differs between tenants that were seen."""

    code: str
    business_unit: str
    username: str
    password: str
    clock: Clock
    time_zone: str = "America/Chicago"
    spaces_in_path: bool = False
    lines_under_orders: bool = False
    measures: tuple[str, ...] = MEASURES
    hidden_measures: dict[str, list[str]] = field(default_factory=dict)
    search_fields: tuple[str, ...] = ORDER_FIELDS
    facilities: dict[str, str] = field(default_factory=dict)
    stock: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    stock_changed: dict[str, float] = field(default_factory=dict)
    # What was switched off: by a facility, and by an item and a facility ("" is the item's own totals, "*" everywhere).
    absent_measures: dict[str, dict[str, list[str]]] = field(default_factory=dict)
    # Units held back in each facility, of every item; and by item and facility ("*" is every one), which wins.
    safety_stock: float = 0.0
    safety_of: dict[str, dict[str, float]] = field(default_factory=dict)
    # Whether an order, a cancellation or a reservation counts as activity, as a change of the stock itself does.
    allocations_touch: bool = True
    items: dict[str, Json] = field(default_factory=dict)
    items_changed: dict[str, float] = field(default_factory=dict)
    reserved: dict[str, Decimal] = field(default_factory=dict)
    serial_items: set[str] = field(default_factory=set)
    orders: dict[str, WmsOrder] = field(default_factory=dict)
    working: dict[str, WmsOrder] = field(default_factory=dict)
    customer_orders: set[str] = field(default_factory=set)
    shipments: dict[str, WmsShipment] = field(default_factory=dict)
    carriers: list[tuple[str, str]] = field(default_factory=lambda: [("DHL", "DHL Parcel"), ("DPD", "DPD Classic")])
    # V2: who may ask for tokens (empty: the user and password of V1), and how long one is good.
    client_id: str = ""
    client_secret: str = ""
    refresh_token: str = ""
    token_seconds: float = 3600.0
    tokens: dict[str, tuple[float, frozenset[str] | None]] = field(default_factory=dict)
    token_numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    rate_per_second: float = 0.0
    last_calls: list[float] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _open: dict[str, dict[str, WmsOrder]] = field(default_factory=dict)
    _sorted: list[str] = field(default_factory=list)
    _ids: dict[str, int] = field(default_factory=dict)
    _shipments_of: dict[str, list[WmsShipment]] = field(default_factory=dict)

    @property
    def client(self) -> tuple[str, str]:
        """Client id and secret of V2."""
        return self.client_id or self.username, self.client_secret or self.password

    def local(self, seconds: float) -> str:
        """A moment with the tenant's own offset."""
        return datetime.fromtimestamp(seconds, ZoneInfo(self.time_zone)).isoformat(timespec="seconds")

    def set_stock(self, item: str, facility: str, count: Decimal) -> None:
        """Say how many there are."""
        self.stock.setdefault(item, {})[facility] = count
        self.stock_changed[item] = self.clock.seconds()

    def keep(self, order: WmsOrder) -> None:
        """Take an order in, or its new document: the floor works on it, and its lines are committed."""
        order.id = order.id or next(self.numbers)
        order.updated = self.clock.seconds()
        if not order.routed:
            order.routed = best_facility(self, order)
        self.orders[order.number] = order
        self.working[order.number] = order
        customer = str(order.document.get("customerOrderNumber") or "")
        if customer:
            self.customer_orders.add(customer)
        for line in order.lines:
            for item in self.parts_of(str(line.get("itemNumber"))):
                self._open.setdefault(item, {})[order.number] = order
        self.allocated(order)

    def allocated(self, order: WmsOrder) -> None:
        """What an order holds of its items changed: that is activity, where the tenant counts it."""
        if self.allocations_touch:
            now = self.clock.seconds()
            for line in order.lines:
                for item in self.parts_of(str(line.get("itemNumber"))):
                    self.stock_changed[item] = now

    def parts_of(self, item: str) -> dict[str, Decimal]:
        """What leaves the shelf for one of an item: itself, or the components of a kit that is put together on order."""
        document = self.items.get(item)
        if document is None or not is_true(document.get("kitOrderOnly")):
            return {item: Decimal(1)}
        rows = as_rows((document.get("components") or {}).get("component"))
        return {str(row["componentItem"]): Decimal(str(row["quantity"])) for row in rows}

    def stocked(self) -> list[str]:
        """Every item that has stock of its own, by number. Kits that are put together on order have none."""
        self._number()
        return self._sorted

    def item_id(self, item: str) -> int:
        """Items are numbered as they came; 0 is none."""
        self._number()
        return self._ids.get(item, 0)

    def _number(self) -> None:
        if len(self._ids) != len(self.stock):
            self._ids = {item: number for number, item in enumerate(self.stock, start=1)}
            self._sorted = sorted(item for item in self.stock if self.has_stock(item))

    def has_stock(self, item: str) -> bool:
        """Whether an item is there and has rows of its own in the stock."""
        return item in self.stock and item in self.parts_of(item)

    def describe(self, item: str, document: Json) -> None:
        """Say what an item is; it is there from now on, with or without stock."""
        self.stock.setdefault(item, {})
        self.items[item] = document
        self.items_changed[item] = self.clock.seconds()
        self._ids = {}

    def send(self, shipment: WmsShipment) -> None:
        """Take a shipment down, and what it carries off the stock."""
        self.shipments[shipment.number] = shipment
        shipment.updated = self.clock.seconds()
        for order in shipment.orders:
            self._shipments_of.setdefault(order.number, []).append(shipment)
            for line in order.lines:
                number = str(line.get("lineNumber"))
                gone = sum((parcel.quantities.get(number, Decimal(0)) for parcel in shipment.parcels), Decimal(0))
                if gone:
                    order.shipped[number] = order.shipped.get(number, Decimal(0)) + gone
                    self.take(str(line.get("itemNumber")), shipment.facility, gone)

    def take(self, item: str, facility: str, units: Decimal) -> None:
        """Take units off the shelf, of the components where the item is a kit. Below zero puts them back."""
        for part, each in self.parts_of(item).items():
            places = self.stock.get(part)
            if places:
                place = facility if facility in places else next(iter(places))
                self.set_stock(part, place, places[place] - units * each)

    def shipments_of(self, order: WmsOrder) -> list[WmsShipment]:
        """Every shipment an order is in, oldest first."""
        return self._shipments_of.get(order.number, [])

    def facility_of(self, order: WmsOrder) -> str:
        """Where an order is worked on: as it was asked, else where it was routed."""
        asked = str(order.document.get("facility") or "")
        return asked if asked in self.facilities else order.routed or next(iter(self.facilities), "F1")

    def committed(self, item: str, facility: str = "") -> Decimal:
        """Units in orders that have not left, and units reserved: they lower what is available to promise."""
        held = self.held(item)
        return held.get(facility, Decimal(0)) if facility else sum(held.values(), Decimal(0))

    def held(self, item: str) -> dict[str, Decimal]:
        """Units of an item that are committed, by facility; a facility that holds none is left out."""
        reserved = self.reserved.get(item)
        held = {next(iter(self.facilities), ""): reserved} if reserved else {}
        if item in self._open:
            for order in self._open_orders(item):
                units = self._wanted(order, item)
                if units:
                    place = self.facility_of(order)
                    held[place] = held.get(place, Decimal(0)) + units
        return held

    def _wanted(self, order: WmsOrder, item: str) -> Decimal:
        left, total = order.left(), Decimal(0)
        for line in order.lines:
            each = self.parts_of(str(line.get("itemNumber"))).get(item)
            if each:
                total += left.get(str(line.get("lineNumber")), Decimal(0)) * each
        return total

    def safety(self, item: str, facility: str) -> Decimal:
        """Units of an item that a facility holds back."""
        own = self.safety_of.get(item)
        if own is not None:
            return Decimal(str(own.get(facility, own.get("*", 0))))
        return Decimal(str(self.safety_stock)) if self.safety_stock else Decimal(0)

    def atp(self, item: str) -> dict[str, Decimal]:
        """What is available to promise, by facility; may be below zero."""
        held = self.held(item)
        return {
            facility: count - held.get(facility, Decimal(0)) - self.safety(item, facility)
            for facility, count in self.stock.get(item, {}).items()
        }

    def _open_orders(self, item: str) -> Iterator[WmsOrder]:
        open_orders = self._open.get(item, {})
        for number, order in list(open_orders.items()):
            if order.status in OVER:
                del open_orders[number]
            else:
                yield order
