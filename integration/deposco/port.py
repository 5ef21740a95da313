"""What Holdpoint asks of a warehouse, whichever generation of Deposco's API answers."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any, Protocol

from integration.deposco.profile import Capability
from integration.deposco.schemas import (
    Availability,
    CreateResult,
    ItemFacts,
    ItemsPage,
    Shipment,
    StockPage,
    WmsOrder,
)

Json = dict[str, Any]


class OrdersPort(Protocol):
    """Orders. Both raise the errors of core.http."""

    def create_orders(self, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        """Make these orders; what became of each. An order that is there already is a conflict, and stays as it is."""
        ...

    def find_orders(self, number: str) -> list[WmsOrder] | None:
        """Every order of this number; None when it cannot be told whether there is one."""
        ...


class ShipmentsPort(Protocol):
    """Shipments, with their lines in containers."""

    def shipments_between(self, start: datetime, end: datetime, *, zone: tzinfo | None = None) -> list[Shipment]:
        """Shipments of a window, and perhaps newer ones. `zone` is the tenant's own time, where times carry none."""
        ...

    def shipments_of_order(self, customer_order_number: str, *, order_number: str = "") -> list[Shipment]:
        """Shipments of an order, known by the marketplace's number or by ours."""
        ...

    def shipment(self, number: str, *, customer_order_number: str = "") -> Shipment | None:
        """One shipment; None when there is none."""
        ...


class ItemsPort(Protocol):
    """Items. One call each, but for a kit over V2 that does not tell its parts: those are looked up too."""

    def item_facts(self, number: str) -> ItemFacts | None:
        """One item; None when there is none. It may be found by a barcode: its own number tells."""
        ...

    def items_page(self, *, updated_after: datetime | None = None, key: str = "") -> ItemsPage | None:
        """One page of all items, or of those that changed, one call; None where the tenant has no list of items."""
        ...


class StockPort(Protocol):
    """Stock by item and facility. Every method is one call; the caller reads on until a page is the last."""

    def stock_page(self, *, page: int) -> StockPage:
        """One page of all stock; pages count from one."""
        ...

    def stock_moved(self, *, since: datetime, page: int) -> StockPage | None:
        """One page of what moved since then; None where the profile has no such reading."""
        ...

    def stock_of(self, items: Sequence[str]) -> StockPage | None:
        """These items, at most `MOST_ITEMS`; None where the profile has no such reading. Not the last page of anything.

        An item that is not among the page's items was not told: unknown, not zero.
        """
        ...


class WmsPort(OrdersPort, ShipmentsPort, ItemsPort, StockPort, Protocol):
    """All of it. What a tenant cannot be asked for raises UnsupportedTransportError."""

    # Whether one call takes many orders; else each order is a call of its own.
    takes_many: bool
    # Whether a window of shipments is written in the tenant's own time, and shows a shipment when it leaves only.
    shipments_by_local_time: bool
    # Whether a shipment tells the status of its orders.
    shipments_tell_orders: bool

    def can(self, capability: Capability) -> bool:
        """Whether the tenant can be asked for this."""
        ...

    def facilities(self) -> dict[str, str]:
        """Names of the facilities by their numbers."""
        ...

    def availability(
        self, *, items: Sequence[str] = (), facilities: Sequence[str] = (), page: int = 1
    ) -> list[Availability]:
        """One page of stock with every measure the profile names: for the test of a connection."""
        ...

    def close(self) -> None:
        """Give the connections back."""
        ...
