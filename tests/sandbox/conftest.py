"""A world to play in, and plain HTTP to both of its sides, in process."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from sandbox.demo import PASSWORD, TENANT, UNIT, USER, build_world
from sandbox.inprocess import SandboxTransport
from sandbox.mirakl.state import Operator, SandboxOrder, Shop, new_order
from sandbox.world import World

Json = dict[str, Any]


class Marketplace:
    """One shop's calls, as bare as they are."""

    def __init__(self, world: World, operator: str = "north", shop_id: int = 2001) -> None:
        self.world = world
        self.operator: Operator = world.operators[operator]
        self.shop: Shop = self.operator.shops[shop_id]
        self.http = httpx.Client(
            transport=SandboxTransport(world),
            base_url=f"https://sandbox.example.com/mirakl/{operator}",
            headers={"Authorization": self.shop.api_key, "Accept": "application/json"},
        )

    def place(self, *lines: tuple[str, int], **more: Any) -> SandboxOrder:
        """An order of a buyer."""
        chosen = list(lines or (("SKU-001", 2),))
        order = new_order(self.operator, self.shop, chosen, at=self.world.clock.seconds(), **more)
        return self.operator.place(order)

    def shipping(self, *lines: tuple[str, int], **more: Any) -> SandboxOrder:
        """An order that may be shipped."""
        order = self.place(*lines, **more)
        assert self.accept(order).status_code == 204
        self.skip(10)
        assert order.state == "SHIPPING"
        return order

    def accept(self, order: SandboxOrder, *refused: int) -> httpx.Response:
        """OR21: every line, but those at the positions given."""
        answers = [
            {"id": line["order_line_id"], "accepted": position not in refused}
            for position, line in enumerate(order.lines)
        ]
        return self.http.put(f"/api/orders/{order.id}/accept", json={"order_lines": answers})

    def read(self, order: SandboxOrder) -> Json:
        """OR11 of one order."""
        row: Json = self.http.get("/api/orders", params={"order_ids": order.id}).json()["orders"][0]
        return row

    def ship(self, order: SandboxOrder) -> httpx.Response:
        """OR24."""
        return self.http.put(f"/api/orders/{order.id}/ship", headers={"Content-Length": "0"})

    def track(self, order: SandboxOrder, **tracking: str) -> httpx.Response:
        """OR23."""
        chosen = tracking or {"carrier_code": "DHL", "tracking_number": "T1"}
        return self.http.put(f"/api/orders/{order.id}/tracking", json=chosen)

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self.world.clock.advance(seconds)
        self.world.tick()


class Warehouse:
    """One tenant's calls, as bare as they are."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tenant = world.tenants[TENANT]
        self.http = httpx.Client(
            transport=SandboxTransport(world),
            base_url=f"https://sandbox.example.com/deposco/integration/{TENANT}",
            auth=(USER, PASSWORD),
        )

    @staticmethod
    def document(number: str, *items: tuple[str, int], **more: Any) -> Json:
        """An order as a client writes it."""
        lines = [
            {
                "businessUnit": UNIT,
                "lineNumber": f"{number}-{position}",
                "customerLineNumber": str(position),
                "itemNumber": item,
                "orderPackQuantity": str(count),
                "pack": {"type": "Each", "quantity": "1"},
            }
            for position, (item, count) in enumerate(items or (("ITEM-001", 2),), start=1)
        ]
        address = {
            "name": "Robin Sample",
            "addressLine1": "1 Sample Street",
            "city": "Sampletown",
            "stateProvinceCode": "",
            "postalCode": "75000",
            "countryCode": "FR",
        }
        head = {"businessUnit": UNIT, "number": number, "type": "Sales Order", "status": "New"}
        return {
            **head,
            "customerOrderNumber": f"M-{number}",
            "shipToAddress": address,
            "orderLines": {"orderLine": lines},
        } | more

    def create(self, *documents: Json) -> httpx.Response:
        """POST /orders."""
        return self.http.post("/orders", json={"order": list(documents)})

    def order(self, number: str, *items: tuple[str, int], script: str = "") -> None:
        """An order that is there, with its script."""
        assert self.create(self.document(number, *items)).json()["response"]["status"] == "HTTP/1.1 201 Created"
        self.tenant.orders[number].script = script

    def read(self, number: str) -> Json:
        """The order as a search shows it."""
        row: Json = self.http.get("/search/Order", params={"type": "Sales Order", "number": number}).json()["order"]
        return row

    def shipments(self, number: str) -> list[Json]:
        """The shipments of an order."""
        body = self.http.get("/search/shipment", params={"orderHeaders.customerOrderNumber": f"M-{number}"}).json()
        rows = body.get("shipment", [])
        return rows if isinstance(rows, list) else [rows]

    def skip(self, steps: int) -> None:
        """Let the floor do so many steps."""
        for _ in range(steps):
            self.world.clock.advance(1)
            self.world.tick()


@pytest.fixture
def world() -> World:
    return build_world(7)


@pytest.fixture
def market(world: World) -> Marketplace:
    return Marketplace(world)


@pytest.fixture
def plain_market(world: World) -> Marketplace:
    """A marketplace without multi-shipment."""
    return Marketplace(world, "harbour", 3001)


@pytest.fixture
def house(world: World) -> Warehouse:
    return Warehouse(world)


@pytest.fixture
def message_of() -> Callable[[httpx.Response], str]:
    """The words of an error, which must come in Mirakl's form."""

    def read(response: httpx.Response) -> str:
        body = response.json()
        assert body["status"] == response.status_code
        return str(body["message"])

    return read
