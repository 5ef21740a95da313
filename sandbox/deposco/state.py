"""What a warehouse knows: facilities, items with stock, orders, shipments."""

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.clock import Clock

Json = dict[str, Any]


@dataclass
class WmsOrder:
    """An order in the warehouse: the document as it was sent, and where the floor has it."""

    number: str
    document: Json
    created: float
    visible_from: float
    status: str = "New"
    script: str = ""
    step: int = 0
    next_at: float = 0.0
    shipped: dict[str, Decimal] = field(default_factory=dict)

    @property
    def lines(self) -> list[Json]:
        """The order's lines."""
        lines = (self.document.get("orderLines") or {}).get("orderLine") or []
        return lines if isinstance(lines, list) else [lines]


@dataclass
class WmsParcel:
    """A container of a shipment: which lines, how many, under which number."""

    lpn: str
    tracking: str
    quantities: dict[str, Decimal]


@dataclass
class WmsShipment:
    """A shipment of one order."""

    number: str
    order: WmsOrder
    status: str
    facility: str
    shipped_at: float
    ship_vendor: str
    ship_via: str
    parcels: list[WmsParcel]
    tracking_from: float = 0.0


@dataclass
class Tenant:
    """A Deposco tenant."""

    code: str
    business_unit: str
    username: str
    password: str
    clock: Clock
    time_zone: str = "America/Chicago"
    spaces_in_path: bool = False
    facilities: dict[str, str] = field(default_factory=dict)
    stock: dict[str, dict[str, Decimal]] = field(default_factory=dict)
    stock_changed: dict[str, float] = field(default_factory=dict)
    serial_items: set[str] = field(default_factory=set)
    orders: dict[str, WmsOrder] = field(default_factory=dict)
    shipments: dict[str, WmsShipment] = field(default_factory=dict)
    carriers: list[tuple[str, str]] = field(default_factory=lambda: [("DHL", "DHL Parcel"), ("DPD", "DPD Classic")])
    carrier_codes: int = 0
    rate_per_second: float = 0.0
    last_calls: list[float] = field(default_factory=list)
    numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def local(self, seconds: float) -> str:
        """A moment with the tenant's own offset."""
        return datetime.fromtimestamp(seconds, ZoneInfo(self.time_zone)).isoformat(timespec="seconds")

    def set_stock(self, item: str, facility: str, quantity: Decimal) -> None:
        """Say how many there are."""
        self.stock.setdefault(item, {})[facility] = quantity
        self.stock_changed[item] = self.clock.seconds()

    def committed(self, item: str) -> Decimal:
        """Units in orders that have not left: they lower what is available to promise."""
        return sum(
            (
                Decimal(str(line.get("orderPackQuantity") or 0))
                - order.shipped.get(str(line.get("lineNumber")), Decimal(0))
                for order in self.orders.values()
                if order.status not in ("Canceled", "Complete")
                for line in order.lines
                if line.get("itemNumber") == item
            ),
            Decimal(0),
        )
