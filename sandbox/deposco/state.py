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
    items: dict[str, Json] = field(default_factory=dict)
    reserved: dict[str, Decimal] = field(default_factory=dict)
    serial_items: set[str] = field(default_factory=set)
    orders: dict[str, WmsOrder] = field(default_factory=dict)
    working: dict[str, WmsOrder] = field(default_factory=dict)
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
        self.orders[order.number] = order
        self.working[order.number] = order
        for line in order.lines:
            item = str(line.get("itemNumber"))
            self._open.setdefault(item, {})[order.number] = order
            self.stock_changed[item] = order.updated

    def send(self, shipment: WmsShipment) -> None:
        """Take a shipment down, and what it carries off the stock."""
        self.shipments[shipment.number] = shipment
        shipment.updated = self.clock.seconds()
        for order in shipment.orders:
            self._shipments_of.setdefault(order.number, []).append(shipment)
            for line in order.lines:
                number, item = str(line.get("lineNumber")), str(line.get("itemNumber"))
                gone = sum((parcel.quantities.get(number, Decimal(0)) for parcel in shipment.parcels), Decimal(0))
                if not gone:
                    continue
                order.shipped[number] = order.shipped.get(number, Decimal(0)) + gone
                places = self.stock.get(item)
                if places:
                    place = shipment.facility if shipment.facility in places else next(iter(places))
                    self.set_stock(item, place, places[place] - gone)

    def shipments_of(self, order: WmsOrder) -> list[WmsShipment]:
        """Every shipment an order is in, oldest first."""
        return self._shipments_of.get(order.number, [])

    def facility_of(self, order: WmsOrder) -> str:
        """Where an order is worked on: as it was asked, else where Deposco routes it, which is the first one here."""
        asked = str(order.document.get("facility") or "")
        return asked if asked in self.facilities else next(iter(self.facilities), "F1")

    def committed(self, item: str, facility: str = "") -> Decimal:
        """Units in orders that have not left, and units reserved: they lower what is available to promise."""
        reserved = self.reserved.get(item, Decimal(0))
        first = next(iter(self.facilities), "")
        total = reserved if facility in ("", first) else Decimal(0)
        for order in self._open_orders(item):
            if facility and self.facility_of(order) != facility:
                continue
            left = order.left()
            total += sum(
                (
                    left.get(str(line.get("lineNumber")), Decimal(0))
                    for line in order.lines
                    if line.get("itemNumber") == item
                ),
                Decimal(0),
            )
        return total

    def _open_orders(self, item: str) -> Iterator[WmsOrder]:
        open_orders = self._open.get(item, {})
        for number, order in list(open_orders.items()):
            if order.status in OVER:
                del open_orders[number]
            else:
                yield order
