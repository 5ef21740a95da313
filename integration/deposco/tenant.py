"""One tenant behind one port: each question goes to the generation of the API that its profile names."""

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from integration.deposco.client import DeposcoClient
from integration.deposco.errors import UnsupportedTransportError
from integration.deposco.port import ItemsPort, OrdersPort, ShipmentsPort
from integration.deposco.profile import Capability, Profile
from integration.deposco.schemas import (
    Availability,
    CreateResult,
    ItemFacts,
    ItemsPage,
    Shipment,
    StockPage,
    WmsOrder,
)
from integration.deposco.v2.client import DeposcoV2Client

Json = dict[str, Any]
OTHER_FORM = 400


class TenantClient:
    """Both clients of a tenant, each there only when the profile speaks through it."""

    def __init__(self, profile: Profile, *, v1: DeposcoClient | None, v2: DeposcoV2Client | None) -> None:
        self._profile, self._v1, self._v2 = profile, v1, v2
        self.takes_many = profile.speaks("orders") == "v1"
        self.shipments_by_local_time = self.shipments_tell_orders = profile.speaks("shipments") == "v1"

    def can(self, capability: Capability) -> bool:
        """Whether the tenant can be asked for this."""
        return self._profile.speaks(capability) is not None

    def close(self) -> None:
        """Give the connections back."""
        for client in (self._v1, self._v2):
            if client is not None:
                client.close()

    def create_orders(self, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        """Make these orders. One that was written for the other generation is refused here, and not sent."""
        fitting = [order for order in orders if _is_v2(order) is not self.takes_many]
        results = self._orders().create_orders(fitting) if fitting else []
        words = "The order was written for the other API of the warehouse: try it again, and it is written anew."
        return [
            *results,
            *(
                CreateResult(str(order.get("number") or ""), OTHER_FORM, words)
                for order in orders
                if _is_v2(order) is self.takes_many
            ),
        ]

    def find_orders(self, number: str) -> list[WmsOrder] | None:
        """Every order of this number; None when it cannot be told whether there is one."""
        return self._orders().find_orders(number)

    def item_facts(self, number: str) -> ItemFacts | None:
        """One item; None when there is none."""
        return self._items().item_facts(number)

    def items_page(self, *, updated_after: datetime | None = None, key: str = "") -> ItemsPage | None:
        """One page of items; None where the tenant has no list of them."""
        return self._items().items_page(updated_after=updated_after, key=key)

    def facilities(self) -> dict[str, str]:
        """Names of the facilities by their numbers."""
        if self._profile.speaks("facilities") != "v2" or self._v2 is None:
            raise UnsupportedTransportError(_words("facilities"))
        return self._v2.facilities()

    def availability(
        self, *, items: Sequence[str] = (), facilities: Sequence[str] = (), page: int = 1
    ) -> list[Availability]:
        """One page of stock with every measure of the profile."""
        return self._stock().availability(items=items, facilities=facilities, page=page)

    def stock_page(self, *, page: int) -> StockPage:
        """One page of all stock."""
        return self._stock().stock_page(page=page)

    def stock_moved(self, *, since: datetime, page: int) -> StockPage | None:
        """One page of what moved since then; None where the profile has no such reading."""
        return self._stock().stock_moved(since=since, page=page)

    def stock_of(self, items: Sequence[str]) -> StockPage | None:
        """These items; None where the profile has no such reading."""
        return self._stock().stock_of(items)

    def shipments_between(self, start: datetime, end: datetime, *, zone: tzinfo | None = None) -> list[Shipment]:
        """Shipments of a window, and perhaps newer ones."""
        return self._shipments().shipments_between(start, end, zone=zone)

    def shipments_of_order(self, customer_order_number: str, *, order_number: str = "") -> list[Shipment]:
        """Shipments of an order."""
        return self._shipments().shipments_of_order(customer_order_number, order_number=order_number)

    def shipment(self, number: str, *, customer_order_number: str = "") -> Shipment | None:
        """One shipment; None when there is none."""
        return self._shipments().shipment(number, customer_order_number=customer_order_number)

    def _orders(self) -> OrdersPort:
        return self._either("orders")

    def _shipments(self) -> ShipmentsPort:
        return self._either("shipments")

    def _items(self) -> ItemsPort:
        return self._either("items")

    def _stock(self) -> DeposcoClient:
        # V2 has no call that tells what is in stock, whatever a profile says.
        if self._profile.speaks("stock") != "v1" or self._v1 is None:
            raise UnsupportedTransportError(_words("stock"))
        return self._v1

    def _either(self, capability: Capability) -> DeposcoClient | DeposcoV2Client:
        client = self._v1 if self._profile.speaks(capability) == "v1" else self._v2
        if client is None or self._profile.speaks(capability) is None:
            raise UnsupportedTransportError(_words(capability))
        return client


def _is_v2(order: Mapping[str, Any]) -> bool:
    lines = order.get("orderLines")
    return isinstance(lines, Mapping) and "data" in lines


def _words(capability: Capability) -> str:
    return f"The profile names no API for {capability} that has them: see its transport."
