"""Both far sides in process, our services between them, and one clock for all three."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import httpx
from django.db import connection as database

from core.effects import run_effects
from core.models import Effect
from integration.gateways import transports
from integration.models import Channel, Hold, Order, Warehouse
from integration.services.check_channel import check_channel
from integration.services.check_warehouse import check_warehouse
from integration.services.connect_deposco import connect_deposco
from integration.services.connect_mirakl import connect_mirakl
from integration.services.effects import AcceptOrder, ConfirmOrder, ConfirmParcel, CreateOrder, ShipShipment
from integration.services.map_sku import map_sku
from integration.services.plan_confirmations import Planned, plan_confirmations
from integration.services.poll_orders import PollResult, poll_orders
from integration.services.prepare_imports import Prepared, prepare_imports
from integration.services.read_shipments import ShipmentRead, read_shipments
from sandbox.demo import PASSWORD, TENANT, UNIT, USER, build_world
from sandbox.deposco.state import Tenant, WmsOrder
from sandbox.inprocess import SandboxTransport
from sandbox.mirakl.state import Operator, SandboxOrder, Shop, new_order
from sandbox.world import World

ALL_LANES = ("acceptance", "import", "dispatch")


class Gate(httpx.BaseTransport):
    """Stands before the sandbox: what `before` answers never gets there."""

    def __init__(self, behind: httpx.BaseTransport) -> None:
        self.behind = behind
        self.before: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.before(request) or self.behind.handle_request(request)


class House:
    """One shop and one warehouse, connected. `north` has multi-shipment, `harbour` has not."""

    def __init__(
        self, world: World, gate: Gate, operator: str = "north", shop_id: int = 2001, *, api: str = "v1"
    ) -> None:
        self.world, self.gate, self.offset, self.api = world, gate, 0.0, api
        self.operator: Operator = world.operators[operator]
        self.shop: Shop = self.operator.shops[shop_id]
        self.tenant: Tenant = world.tenants[TENANT]
        self.warehouse = self.connect_warehouse()
        self.channel = self.connect_channel(operator, shop_id)

    def connect_warehouse(self, code: str = "HOUSE") -> Warehouse:
        """Connect and test the tenant."""
        warehouse = connect_deposco(
            code=code,
            name="House",
            url="http://127.0.0.1:1/deposco",
            tenant_code=TENANT,
            business_unit=UNIT,
            username=USER,
            password=PASSWORD,
            api=self.api,
            by=None,
            rate_per_second=10_000,
        )
        assert check_warehouse(warehouse=warehouse, by=None).ok
        return warehouse

    def connect_channel(self, operator: str, shop_id: int, code: str = "SHOP") -> Channel:
        """Connect and test a shop, with every lane of this issue."""
        shop = self.world.operators[operator].shops[shop_id]
        channel = connect_mirakl(
            code=code,
            name=f"Shop {shop_id}",
            url=f"http://127.0.0.1:1/mirakl/{operator}",
            api_key=shop.api_key,
            shop_id=shop_id,
            lanes=ALL_LANES,
            poll_seconds=1,
            warehouse=None,
            by=None,
        )
        assert check_channel(channel=channel, by=None).ok
        return channel

    # Time

    def skip(self, seconds: float) -> None:
        """Let time pass for the database, the marketplace and the warehouse alike."""
        self.offset += seconds
        self.world.clock.advance(seconds)
        self.world.tick()
        with database.cursor() as cursor:
            cursor.execute("SELECT set_config('holdpoint.clock_offset', %s, false)", [str(self.offset)])

    # The marketplace

    def place(self, *lines: tuple[str, int], **more: Any) -> SandboxOrder:
        """A buyer's order."""
        chosen = list(lines or (("SKU-001", 2),))
        return self.operator.place(new_order(self.operator, self.shop, chosen, at=self.world.clock.seconds(), **more))

    def map(self, sku: str, *items: tuple[str, int]) -> None:
        """Say what an SKU is; one unit of the item of its number when nothing is said."""
        parts = items or ((sku.replace("SKU-", "ITEM-"), 1),)
        map_sku(
            channel=self.channel,
            offer_sku=sku,
            components=[(item, Decimal(units)) for item, units in parts],
            by=None,
        )

    # Our side

    def poll(self) -> PollResult:
        """Read the shop once, after its period."""
        self.skip(2)
        return poll_orders(channel=self.channel)

    def accept(self) -> None:
        """Send decisions."""
        run_effects(AcceptOrder(), owner="test")

    def prepare(self) -> Prepared:
        """Prepare what is ready."""
        return prepare_imports(channel=self.channel)

    def create(self) -> None:
        """Create orders in the warehouse."""
        run_effects(CreateOrder(), owner="test")

    def read(self) -> ShipmentRead:
        """Read what left."""
        return read_shipments(warehouse=self.warehouse)

    def plan(self) -> Planned:
        """Plan confirmations."""
        self.channel.refresh_from_db()
        return plan_confirmations(channel=self.channel)

    def confirm(self) -> None:
        """Send confirmations."""
        for handler in (ConfirmParcel(), ConfirmOrder(), ShipShipment()):
            run_effects(handler, owner="test")

    # Shortcuts

    def ready(self, *lines: tuple[str, int], **more: Any) -> tuple[SandboxOrder, Order]:
        """An order that was accepted and may be imported; its SKUs are mapped one to one."""
        placed = self.place(*lines, **more)
        self.poll()
        self.accept()
        self.skip(5)
        self.poll()
        order = self.order(placed)
        assert order.stage == "ready", order.stage
        return placed, order

    def in_warehouse(self, *lines: tuple[str, int], **more: Any) -> tuple[SandboxOrder, Order]:
        """An order that the warehouse has; the floor stands still."""
        self.world.floor.paused = True
        for sku, _ in lines or (("SKU-001", 2),):
            self.map(sku)
        placed, _ = self.ready(*lines, **more)
        self.prepare()
        self.create()
        order = self.order(placed)
        assert order.stage == "in_wms", (order.stage, list(Hold.objects.values_list("summary")))
        return placed, order

    def ship(self, order: Order, script: str = "one_parcel") -> WmsOrder:
        """Let the floor ship the order by a script, now."""
        there = self.tenant.orders[order.wms_number]
        there.script = script
        self.world.floor.ship(self.tenant, there, self.world.clock.seconds())
        self.skip(1)
        return there

    def order(self, placed: SandboxOrder) -> Order:
        """Our row of an order."""
        return Order.objects.get(channel=self.channel, order_id=placed.id)

    def holds(self, order: Order | None = None) -> list[tuple[str, str]]:
        """Open holds as (kind, cause)."""
        rows = Hold.objects.filter(released_at=None)
        rows = rows if order is None else rows.filter(order=order)
        return sorted(rows.values_list("kind", "cause_key"))

    def effects(self, kind: str) -> list[str]:
        """States of the effects of a kind."""
        return list(Effect.objects.filter(kind=kind).order_by("id").values_list("state", flat=True))

    def calls(self, side: str, operation: str) -> int:
        """How many calls of an operation arrived."""
        return sum(1 for entry in self.world.ledger if (entry.side, entry.operation) == (side, operation))

    def shipments(self, placed: SandboxOrder) -> Sequence[dict[str, Any]]:
        """What Mirakl has of the order's shipments."""
        return [self.operator.shipments[one] for one in self.operator.shipments_by_order.get(placed.id, [])]


@contextmanager
def house(operator: str = "north", shop_id: int = 2001, *, api: str = "v1") -> Iterator[House]:
    """A house over a new world; the session's clock goes back at the end."""
    world = build_world(7)
    gate = Gate(SandboxTransport(world))
    with transports(lambda _connection: gate):
        try:
            yield House(world, gate, operator, shop_id, api=api)
        finally:
            with database.cursor() as cursor:
                cursor.execute("SELECT set_config('holdpoint.clock_offset', '', false)")
