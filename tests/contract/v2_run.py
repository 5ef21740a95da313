"""A run over the warehouse by V2: what our client asks, what the sandbox answers, all of it recorded."""

import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx

from integration.deposco.profile import Profile, Transport, default_v1_profile
from integration.deposco.v2.client import DeposcoV2Client
from integration.deposco.v2.tokens import Client
from sandbox.demo import PASSWORD, TENANT, UNIT, USER, build_world
from sandbox.floor import SCRIPTS
from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.contract.deposco_run import HOST, written_order
from tests.contract.openapi import Exchange
from tests.contract.recording import RecordingTransport

PREFIX: Final = "/deposco/latest"
PROFILE: Final[Profile] = default_v1_profile().model_copy(update={"transport": Transport(api="v2")})


def written(number: str, *items: tuple[str, int]) -> dict[str, Any]:
    """An order as our code writes it for V2."""
    return written_order(number, items or (("ITEM-001", 2),), PROFILE)


@dataclass
class V2Run:
    """The world of the run, our client in it, and all that crossed the wire."""

    world: World = field(default_factory=lambda: build_world(7))
    profile: Profile = PROFILE

    def __post_init__(self) -> None:
        self.tenant = self.world.tenants[TENANT]
        self.recorder = RecordingTransport(SandboxTransport(self.world), PREFIX)
        self.client = DeposcoV2Client(
            HOST, TENANT, UNIT, Client(USER, PASSWORD), profile=self.profile, transport=self.recorder
        )
        form = {"grant_type": "client_credentials", "client_id": USER, "client_secret": PASSWORD}
        token = httpx.Client(transport=SandboxTransport(self.world)).post(f"{HOST}/oauth2/token", data=form).json()
        head = {"Authorization": f"Bearer {token['access_token']}"}
        self.plain = httpx.Client(transport=self.recorder, base_url=f"{HOST}/latest", headers=head)

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything recorded but the tokens, whose address is another."""
        return [one for one in self.recorder.exchanges if "/oauth2/" not in one.path]

    def create(self, number: str, *items: tuple[str, int], script: str = "") -> None:
        """An order through our client, with its script."""
        self.client.create_orders([written(number, *items)])
        self.tenant.orders[number].script = script

    def skip(self, seconds: int) -> None:
        """Let time pass, a step of the floor at a time."""
        for _ in range(seconds):
            self.world.clock.advance(1)
            self.world.tick()


def everything() -> V2Run:
    """Every call of V2 that the sandbox answers, in every answer worth telling apart."""
    run = V2Run()
    run.tenant.serial_items.add("ITEM-007")
    run.tenant.items["ITEM-008"] = {"upcs": {"upc": [{"value": "4006381333931"}]}}
    for position, script in enumerate(SCRIPTS, start=1):
        run.create(f"S-{position}", ("ITEM-001", 2), ("ITEM-007", 2), script=script)
    run.create("S-99", ("ITEM-001", 1), script="combined")
    run.create("L-1", *((f"ITEM-{number:03d}", 1) for number in range(1, 31)), script="one_parcel")
    run.client.create_orders([written("B-3", ("NO-ITEM", 1))])
    run.plain.post("/orders/salesOrders", json={**written("S-1"), "number": ""})
    run.skip(8)
    start = run.world.clock.now() - timedelta(hours=1)
    run.client.shipments_between(start, run.world.clock.now())
    for shipment in list(run.tenant.shipments)[:2]:
        run.client.shipment(shipment)
        run.plain.get(f"/shipments/outboundShipments/{shipment}")
    run.client.shipments_of_order("S-1-A", order_number="S-1")
    run.client.find_orders("L-1")
    run.client.item_facts("ITEM-008")
    run.client.facilities()
    parts = {"component": [{"componentItem": "ITEM-009", "quantity": 2}, {"componentItem": "ITEM-010", "quantity": 1}]}
    run.tenant.describe("KIT-001", {"components": parts, "kitOrderOnly": True})
    kit = run.plain.get("/kitHeaders").json()["data"][0]["self"]["id"]
    run.plain.get(f"/kitHeaders/{kit}/kitDetails")
    run.plain.get("/kitHeaders/999999/kitDetails")
    run.plain.get("/items", params={"number": "KIT-001"})
    run.plain.get("/items", params={"updatedAfter": start.isoformat(), "pageSize": 1})
    for path in ("/orders/salesOrders", "/containers", "/companies", "/orders/salesOrders/1/status"):
        run.plain.get(path)
    run.plain.get("/orders/salesOrders/999999")
    return run


def body_of(exchange: Exchange) -> Any:
    """An answer's document."""
    return json.loads(exchange.response_body)
