"""Stock with something to see in it, for the demo: scarce items, one facility, a kit, what is absent or held back."""

import random
from decimal import Decimal

from sandbox.demo import SKUS, TENANT
from sandbox.deposco.state import Tenant
from sandbox.world import World

SCARCE = tuple(f"ITEM-{number:03d}" for number in range(21, 31))
ONE_PLACE = {"ITEM-031": "DOC", "ITEM-032": "HIL"}
HALF_KNOWN, HELD_BACK, OVERSOLD = "ITEM-033", "ITEM-034", "ITEM-035"
MOVING = (*SCARCE, *ONE_PLACE, HALF_KNOWN, HELD_BACK, OVERSOLD)
KIT, KIT_SKU, KIT_PARTS = "KIT-001", "SKU-KIT-1", (("ITEM-021", 2), ("ITEM-022", 1))
NOBODYS = ("SKU-OLD-1", "SKU-OLD-2", "SKU-OLD-3")
SAFETY_UNITS = 5.0
ENOUGH, FULL_SHELF = 30, 90


def liven_stock(world: World) -> None:
    """Make the last twenty items of the demo worth looking at, and put up offers that need looking after."""
    tenant, rng = world.tenants[TENANT], random.Random(world.seed + 3)  # noqa: S311 -- a repeatable world, no secret
    for item in SCARCE:
        for facility in tenant.facilities:
            tenant.set_stock(item, facility, Decimal(rng.randint(0, ENOUGH)))
    for item, facility in ONE_PLACE.items():
        tenant.stock[item] = {}
        tenant.set_stock(item, facility, Decimal(40))
    for item in (HALF_KNOWN, HELD_BACK, OVERSOLD):
        for facility in tenant.facilities:
            tenant.set_stock(item, facility, Decimal(25))
    tenant.absent_measures[HALF_KNOWN] = {"HIL": ["atpQty", "coAtpQty", "totalAtp", "availableToPromise"]}
    tenant.safety_of[HELD_BACK] = {"*": SAFETY_UNITS}
    tenant.set_stock(OVERSOLD, "BAY", Decimal(-4))
    _describe(tenant)
    _put_offers_up(world)


def _describe(tenant: Tenant) -> None:
    for number in range(1, len(SKUS) + 1):
        tenant.describe(f"ITEM-{number:03d}", {"upcs": {"upc": [_code(number)]}})
    parts = [{"componentItem": item, "quantity": units} for item, units in KIT_PARTS]
    tenant.describe(KIT, {"name": "Sample kit", "components": {"component": parts}, "kitOrderOnly": True})
    tenant.items["ITEM-040"] |= {"active": False, "salesEnabledFlag": False}


def _put_offers_up(world: World) -> None:
    now = world.clock.seconds()
    for operator in world.operators.values():
        for shop in operator.shops.values():
            for number, sku in enumerate(SKUS, start=1):
                shop.offers[sku]["eans"] = [_code(number)]
            for sku in (*NOBODYS, KIT_SKU):
                operator.add_offer(shop, sku, price=19.9, quantity=3, at=now)
            shop.offers["SKU-036"]["reasons"] = ["PRODUCT_DISABLED"]
            shop.offers["SKU-037"]["min_quantity_alert"] = 5
            shop.offers["SKU-038"] |= {"min_order_quantity": 2, "max_order_quantity": 20, "package_quantity": 2}


def _code(number: int) -> str:
    """An EAN of thirteen digits, its last one checking the others."""
    digits = f"{200000000000 + number}"
    check = -sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(digits)) % 10
    return f"{digits}{check}"


def move_stock(world: World, rng: random.Random) -> None:
    """A receipt where little is left, else an adjustment, now and then to nothing."""
    tenant, item = world.tenants[TENANT], rng.choice(MOVING)
    facility = rng.choice(sorted(tenant.stock[item]))
    count = tenant.stock[item][facility]
    kind = rng.choices(("receipt", "adjustment", "gone"), (35, 60, 5))[0]
    if kind == "receipt" and count < FULL_SHELF:
        count += rng.randint(5, ENOUGH)
    elif kind == "gone":
        count = Decimal(0)
    else:
        count += rng.choice((-3, -2, -1, 1))
    tenant.set_stock(item, facility, count)
