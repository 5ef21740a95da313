"""Brings a lane's orders, by the real jobs, to where its write is due; and moves time for both sides alike."""

import os
import time
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
from django.db import connection, connections

from bench.crash_points.cases import STOCK, Lane
from core.jobs import run_job
from core.models import Effect
from integration.gateways import transports
from integration.models import Channel
from integration.services.connect_deposco import connect_deposco
from integration.services.connect_mirakl import connect_mirakl
from integration.services.map_carrier import map_carrier
from integration.services.map_shipping_method import map_shipping_method
from integration.services.map_sku import map_sku

CHANNEL, WAREHOUSE, TENANT = "SHOP", "HOUSE", "DEMO"
FLOOR_SECONDS = 60.0
SKU, ITEM = "SKU-001", "ITEM-001"
# Later than any test: an effect that is not its case's turn.
NOT_NOW = datetime(2100, 1, 1, tzinfo=UTC)


class Far:
    """The sandbox's hand, over its own connection of this process."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self._client: httpx.Client | None = None
        self._pid = 0

    def call(self, method: str, path: str, body: dict[str, Any] | None = None, **params: str) -> Any:
        """One call of the hand; a process that was forked gets a connection of its own."""
        if self._client is None or self._pid != os.getpid():
            self._client, self._pid = httpx.Client(base_url=self.base, trust_env=False), os.getpid()
        answer = self._client.request(method, f"/sandbox/api/{path}", json=body, params=params or None)
        answer.raise_for_status()
        return answer.json()


class Stage:
    """One lane's world: a sandbox, a database, and a clock that both share."""

    def __init__(self, lane: Lane, port: int) -> None:
        self.lane, self.far, self.offset = lane, Far(port), 0.0

    def prepare(self, count: int) -> list[int]:
        """The ids of `count` effects of the lane's kind, each due when its turn comes; of stock the cases' numbers."""
        with transports(lambda _connection: None):
            self._connect()
            if self.lane.kind == STOCK:
                # No effects yet: each case tells numbers of its own. The marketplace holds it to its published rates.
                self.far.call("POST", "world", {"strict_rates": True})
                return list(range(1, count + 1))
            # A parcel that holds half of its order: nothing but our own care keeps it from being confirmed twice.
            halves = self.lane.kind == "mirakl.confirm_parcel"
            self.far.call("POST", "floor", {"default_script": "two_parcels" if halves else "one_parcel"})
            lines = {"lines": [[SKU, 2 if halves else 1]], "count": count}
            self.far.call("POST", "orders", {"operator": self.lane.operator, "shop_id": self.lane.shop_id, **lines})
            self._run("acceptance.read", CHANNEL)
            if self.lane.kind != "mirakl.accept":
                self._bring_on(count)
        self.far.call("POST", "floor", {"paused": True})
        rows = Effect.objects.filter(kind=self.lane.kind).order_by("-id").values_list("subject_id", "id")
        ids = sorted(dict(rows).values())
        Effect.objects.exclude(state="done").update(next_attempt_at=NOT_NOW)
        if len(ids) != count:
            message = f"{self.lane.name}: {len(ids)} effects came of {count} orders"
            raise RuntimeError(message)
        return ids

    def leap(self, seconds: float) -> None:
        """Let time pass for the database's session and for the sandbox alike."""
        self.offset += seconds
        self.far.call("POST", "advance", {"seconds": seconds})
        self.take_clock()

    def catch_up(self) -> None:
        """Take the time that other processes of the case let pass: the sandbox's clock has it."""
        now = datetime.fromisoformat(self.far.call("POST", "advance", {"seconds": 0})["now"])
        self.offset = max(self.offset, now.timestamp() - time.time())
        self.take_clock()

    def take_clock(self) -> None:
        """Give this process's database session the stage's time."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('holdpoint.clock_offset', %s, false)", [str(self.offset)])

    def before_fork(self) -> None:
        """Hold nothing open that a child would share."""
        connections.close_all()

    def _connect(self) -> None:
        state = self.far.call("GET", "state")
        tenant = state["tenants"][0]
        shop = next(
            shop
            for operator in state["operators"]
            for shop in operator["shops"]
            if operator["name"] == self.lane.operator and shop["id"] == self.lane.shop_id
        )
        warehouse = connect_deposco(
            code=WAREHOUSE,
            name="House",
            url=f"{self.far.base}/deposco",
            tenant_code=tenant["code"],
            business_unit=tenant["business_unit"],
            username=tenant["username"],
            password=tenant["password"],
            api="v1",
            by=None,
            rate_per_second=1000,
        )
        channel = connect_mirakl(
            code=CHANNEL,
            name="Shop",
            url=f"{self.far.base}/mirakl/{self.lane.operator}",
            api_key=shop["api_key"],
            shop_id=shop["id"],
            lanes=["stock"] if self.lane.kind == STOCK else ["acceptance", "import", "dispatch"],
            poll_seconds=60,
            warehouse=warehouse,
            by=None,
        )
        Channel.objects.filter(pk=channel.pk).update(multi_shipment=self.lane.kind == "mirakl.confirm_parcel")
        channel.refresh_from_db()
        map_sku(channel=channel, offer_sku=SKU, components=[(ITEM, Decimal(1))], by=None)
        map_shipping_method(channel=channel, shipping_type_code="STD", ship_via="Ground", ship_vendor="DHL", by=None)
        map_carrier(channel=channel, wms_carrier="DHL", carrier_name="DHL", by=None)

    def _bring_on(self, count: int) -> None:
        self._until_done("acceptance.send", "mirakl.accept", count)
        self.leap(120)
        self._run("acceptance.read", CHANNEL)
        for _ in range(20):
            self._run("import.prepare")
        if self.lane.kind == "deposco.create_order":
            return
        self._until_done("import.send", "deposco.create_order", count)
        self._wait_for_floor(count)
        self._run("dispatch.read", WAREHOUSE)
        for _ in range(20):
            self._run("dispatch.plan")

    def _wait_for_floor(self, count: int) -> None:
        until = time.monotonic() + FLOOR_SECONDS
        while time.monotonic() < until:
            rows = self.far.call("GET", "warehouse", tenant=TENANT)["orders"]
            if sum(row["status"] == "Complete" for row in rows) >= count:
                return
            # The floor takes a step at each of its own ticks, when the time for one has passed.
            self.leap(2)
            time.sleep(0.1)
        message = "the floor did not ship"
        raise RuntimeError(message)

    def _until_done(self, job: str, kind: str, count: int) -> None:
        for _ in range(60):
            self._run(job)
            if Effect.objects.filter(kind=kind, state="done").count() == count:
                return
            self.leap(2)
        message = f"{job} did not finish: {list(Effect.objects.filter(kind=kind).values('state', 'last_error')[:3])}"
        raise RuntimeError(message)

    def _run(self, job: str, scope: str | None = None) -> None:
        run = run_job(job, scope=scope)
        if run is None or run.outcome != "ok":
            message = f"{job} failed: {run.error if run else 'it did not run'}"
            raise RuntimeError(message)
