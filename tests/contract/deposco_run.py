"""A run over the warehouse: orders as our code writes them, every answer of V1, in JSON and in XML, recorded."""

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

import httpx

from integration.deposco.client import DeposcoClient
from integration.deposco.profile import Profile, default_v1_profile
from integration.deposco.translate import translate
from integration.domain.canonical import canonical_order
from integration.domain.countries import ALPHA2
from integration.domain.orders import CanonicalLine
from sandbox.demo import PASSWORD, TENANT, UNIT, USER, build_world
from sandbox.floor import SCRIPTS
from sandbox.inprocess import SandboxTransport
from sandbox.world import World
from tests.contract.openapi import Exchange
from tests.contract.recording import RecordingTransport

PREFIX: Final = f"/deposco/integration/{TENANT}"
HOST: Final = "https://sandbox.example.com/deposco"
CUSTOMER: Final[dict[str, Any]] = {
    "notification_email": "relay@example.com",
    "shipping_address": {
        "firstname": "Robin",
        "lastname": "Sample",
        "company": "Sample Company",
        "street_1": "1 Sample Street",
        "street_2": "Second floor",
        "zip_code": "75000",
        "city": "Sampletown",
        "country": "France",
        "country_iso_code": "FRA",
        "phone": "0100000000",
    },
}


def written_order(number: str, items: tuple[tuple[str, int], ...], profile: Profile | None = None) -> dict[str, Any]:
    """An order for the warehouse as our code writes it, from the marketplace's customer to the tenant's fields."""
    profile = profile or default_v1_profile()
    lines = [
        CanonicalLine(f"{number}-{position}", f"{number}-A-{position}", item, Decimal(count), Decimal("9.9"))
        for position, (item, count) in enumerate(items, start=1)
    ]
    order = canonical_order(
        order_number=number,
        marketplace_id=f"{number}-A",
        channel_code="NORTH",
        customer=CUSTOMER,
        corrections={},
        currency="EUR",
        total=Decimal("19.80"),
        ordered_at=datetime(2026, 11, 1, 12, 0, tzinfo=UTC),
        ship_by=datetime(2026, 11, 3, 12, 0, tzinfo=UTC),
        ship_via=("DHL Parcel", "DHL"),
        lines=lines,
    )
    own = {"business_unit": UNIT, "order_type": profile.order_type, "initial_status": profile.initial_status}
    rows = [{**asdict(line), "business_unit": UNIT} for line in order.lines]
    result = translate(profile, header={**asdict(order), **own}, lines=rows, alpha2=ALPHA2)
    assert result.payload is not None, result.problems
    return result.payload


@dataclass
class Run:
    """The world of the run, our client in it, and all that crossed the wire."""

    world: World = field(default_factory=lambda: build_world(7))

    def __post_init__(self) -> None:
        self.tenant = self.world.tenants[TENANT]
        self.recorder = RecordingTransport(SandboxTransport(self.world), PREFIX)
        self.client = DeposcoClient(
            HOST, TENANT, UNIT, USER, PASSWORD, profile=default_v1_profile(), transport=self.recorder
        )
        self.plain = httpx.Client(
            transport=self.recorder, base_url=f"{HOST}/integration/{TENANT}", auth=(USER, PASSWORD)
        )

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything recorded."""
        return self.recorder.exchanges

    def create(self, number: str, *items: tuple[str, int], script: str = "") -> None:
        """An order through our client, with its script."""
        self.client.create_orders([written_order(number, items or (("ITEM-001", 2),))])
        self.tenant.orders[number].script = script

    def skip(self, seconds: float) -> None:
        """Let time pass, a step of the floor at a time."""
        for _ in range(int(seconds)):
            self.world.clock.advance(1)
            self.world.tick()


def everything() -> Run:
    """Every call of V1, in every answer worth telling apart."""
    run = Run()
    run.tenant.serial_items.add("ITEM-007")
    for position, script in enumerate(SCRIPTS, start=1):
        run.create(f"S-{position}", ("ITEM-001", 2), ("ITEM-007", 2), script=script)
    run.create("S-99", ("ITEM-001", 1), script="combined")
    orders = [written_order(number, (("ITEM-001", 1),)) for number in ("B-1", "S-1", "B-2")]
    run.client.create_orders(orders)
    run.client.create_orders([written_order("B-3", (("NO-ITEM", 1),))])
    run.client.update_orders([written_order("B-1", (("ITEM-002", 3),))])
    run.client.cancel_orders(["B-2"])
    run.skip(8)
    run.plain.put("/orders/Sales%20Order/B-1", json={"order": written_order("B-1", (("ITEM-003", 1),))})
    for headers in ({"Accept": "application/json"}, {"Accept": "application/xml"}):
        _read_all(run, headers)
    run.tenant.lines_under_orders = True
    run.plain.get(f"/shipments/{UNIT}")
    run.plain.post("/items", json={"item": [{"number": "ITEM-900", "name": "Sample item", "businessUnit": UNIT}]})
    return run


def _read_all(run: Run, headers: dict[str, str]) -> None:
    run.plain.get("/search/Order", params={"type": "Sales Order"}, headers=headers)
    run.plain.get("/search/Order", params={"number": "B-1"}, headers=headers)
    run.plain.get("/search/Order", params={"number": "NONE"}, headers=headers)
    run.plain.get("/status/order/search", params={"number": "ignored"}, headers=headers)
    run.plain.get("/search/shipment", headers=headers)
    run.plain.get(f"/shipments/{UNIT}/{next(iter(run.tenant.shipments))}", headers=headers)
    run.plain.get(f"/items/{UNIT}/ITEM-001", headers=headers)
    run.plain.get("/items/atps", headers=headers)
    duplicate = {"order": [written_order("S-1", (("ITEM-001", 1),))]}
    run.plain.post("/orders", content=json.dumps(duplicate), headers=headers)
