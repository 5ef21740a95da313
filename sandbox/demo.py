"""A small world to play in: two marketplaces with three shops, a warehouse with four facilities, orders arriving."""

import itertools
import random
from decimal import Decimal

from sandbox.deposco.state import Tenant
from sandbox.mirakl.state import Operator, SandboxOrder, Shop, new_order
from sandbox.world import World

SKUS = tuple(f"SKU-{number:03d}" for number in range(1, 41))
UNMAPPED = "SKU-NEW-1"
TENANT, UNIT, USER, PASSWORD = "DEMO", "MAIN", "holdpoint", "sandbox-password"
SHOPS = (
    ("north", 2001, "Northwind Market FR", True),
    ("north", 2002, "Northwind Market DE", True),
    ("harbour", 3001, "Harbour Plaza", False),
)


def build_world(seed: int, *, strict_rates: bool = False, first_number: int | None = None) -> World:
    """The shops and the warehouse, with no orders yet.

    Nothing is kept when the sandbox ends, so whoever starts it again for the same Holdpoint gives a `first_number` that
    no earlier run reached: order, shipment and parcel numbers are counted from it.
    """
    world = World(seed=seed, strict_rates=strict_rates)
    now = world.clock.seconds()
    for operator_name, shop_id, name, multi in SHOPS:
        operator = world.operators.setdefault(operator_name, Operator(operator_name, multi_shipment=multi))
        shop = operator.add_shop(shop_id, name)
        for position, sku in enumerate((*SKUS, UNMAPPED)):
            operator.add_offer(shop, sku, price=round(9.9 + position * 1.5, 2), quantity=5, at=now)
    tenant = Tenant(TENANT, UNIT, USER, PASSWORD, world.clock)
    tenant.facilities = {"LVL": "Level Street", "DOC": "Dockside", "HIL": "Hill Road", "BAY": "Bay Works"}
    for number in range(1, 42):
        for facility in tenant.facilities:
            tenant.set_stock(f"ITEM-{number:03d}", facility, Decimal(100_000))
    world.tenants[TENANT] = tenant
    # Order numbers of two runs with different seeds must not meet.
    for operator in world.operators.values():
        operator.numbers = itertools.count(first_number or seed % 1000 * 1000 + 1)
    if first_number:
        tenant.numbers = itertools.count(first_number * 10)  # an order takes several: its shipment and its parcels
    return world


def liven_floor(world: World) -> None:
    """Let the floor do a bit of everything."""
    world.floor.weights = {
        "one_parcel": 70,
        "two_parcels": 14,
        "two_shipments": 6,
        "late_tracking": 5,
        "empty_label": 5,
    }


def random_order(
    world: World, rng: random.Random, operator: Operator | None = None, shop: Shop | None = None
) -> SandboxOrder:
    """One order as they come: mostly plain, now and then with an SKU nobody mapped, or a name that is too long."""
    operator = operator or rng.choice(list(world.operators.values()))
    shop = shop or rng.choice(list(operator.shops.values()))
    lines = [(rng.choice(SKUS), rng.randint(1, 3)) for _ in range(rng.choices((1, 2, 3), (75, 20, 5))[0])]
    if rng.random() < 0.06:  # noqa: PLR2004 -- about one in seventeen
        lines[0] = (UNMAPPED, 1)
    lastname = "Sample-Longname of the Very Long Example" if rng.random() < 0.03 else "Sample"  # noqa: PLR2004 -- rare
    kind = rng.choices(("STD", "EXP"), (85, 15))[0]
    order = new_order(operator, shop, lines, at=world.clock.seconds(), lastname=lastname, shipping_type=kind)
    return operator.place(order)
