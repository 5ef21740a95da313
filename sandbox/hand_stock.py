"""The hand on the stock, in bulk: seed a world, change many numbers at once, describe items, read every final number."""

import random
from decimal import Decimal
from typing import Any

from sandbox.deposco.state import Tenant
from sandbox.mirakl.state import Operator
from sandbox.wire import Request, Response, json_response
from sandbox.world import World

Json = dict[str, Any]
SCARCE_MOST = 5


def seed(world: World, request: Request) -> Response:
    """Fill the world: {tenant, items, facilities, seed, highest, scarce, shops: [{operator, shop_id, name}], ...}.

    Makes items STK-000001... in every facility named (codes, or {code: name}; without any, those there are) with 0 to
    `highest` (200) units each, a share `scarce` (0.2) of them 0 to 5, and in each shop offers OFR-000001..., which stand
    for the item of the same number and show `quantity` (0). Shops and operators that are not there are opened. Other names:
    `item_prefix`, `sku_prefix`; `first` (1) is the first number. Answers the range and the keys of the shops.
    """
    body = request.json() or {}
    tenant, count, first = world.tenants[body["tenant"]], int(body["items"]), int(body.get("first", 1))
    numbers = range(first, first + count)
    items = [f"{body.get('item_prefix', 'STK-')}{number:06d}" for number in numbers]
    skus = [f"{body.get('sku_prefix', 'OFR-')}{number:06d}" for number in numbers]
    _stock(world, tenant, items, body)
    shops = [_offers(world, row, skus, int(body.get("quantity", 0))) for row in body.get("shops", [])]
    ends = {"items": [items[0], items[-1]], "skus": [skus[0], skus[-1]]} if items else {"items": [], "skus": []}
    return json_response({**ends, "count": count, "shops": shops}, 201)


def _stock(world: World, tenant: Tenant, items: list[str], body: Json) -> None:
    named = body.get("facilities") or tenant.facilities
    facilities = named if isinstance(named, dict) else {str(code): f"Facility {code}" for code in named}
    tenant.facilities |= {code: tenant.facilities.get(code, name) for code, name in facilities.items()}
    rng = random.Random(body.get("seed", world.seed))  # noqa: S311 -- a repeatable world, no secret
    highest, scarce = int(body.get("highest", 200)), float(body.get("scarce", 0.2))
    for item in items:
        most = min(highest, SCARCE_MOST) if rng.random() < scarce else highest
        for facility in facilities:
            tenant.set_stock(item, facility, Decimal(rng.randint(0, most)))


def _offers(world: World, row: Json, skus: list[str], quantity: int) -> Json:
    operator = world.operators.setdefault(str(row["operator"]), Operator(str(row["operator"])))
    shop_id = int(row["shop_id"])
    shop = operator.shops.get(shop_id) or operator.add_shop(shop_id, str(row.get("name") or f"Shop {shop_id}"))
    now = world.clock.seconds()
    for sku in skus:
        operator.add_offer(shop, sku, price=9.9, quantity=quantity, at=now)
    return {"operator": operator.name, "shop_id": shop_id, "api_key": shop.api_key, "offers": len(shop.offers)}


def change_stock(world: World, request: Request) -> Response:
    """Change many numbers at once: {tenant, changes: [[item, facility, units], ...], relative}; relative ones are added."""
    body = request.json() or {}
    tenant, rows, relative = world.tenants[body["tenant"]], body["changes"], bool(body.get("relative"))
    unknown = sorted({str(row[1]) for row in rows} - set(tenant.facilities))
    if unknown:
        message = f"no such facility: {', '.join(unknown)}"
        raise ValueError(message)
    for item, facility, units in rows:
        before = tenant.stock.get(item, {}).get(facility, Decimal(0)) if relative else Decimal(0)
        tenant.set_stock(item, facility, before + Decimal(str(units)))
    return json_response({"changed": len(rows), "at": world.clock.seconds()})


def final_stock(world: World, request: Request) -> Response:
    """Every item's ATP by facility, in one answer, of one `tenant`; `prefix` narrows it.

    {facilities, items: {item: [ATP per facility, null where the item is not stocked]}, at}.
    """
    tenant, prefix = world.tenants[request.one("tenant")], request.one("prefix")
    facilities = list(tenant.facilities)
    items = {}
    for item in tenant.stocked():
        if item.startswith(prefix):
            atp = tenant.atp(item)
            items[item] = [_plain(atp.get(facility)) for facility in facilities]
    return json_response({"facilities": facilities, "items": items, "at": world.clock.seconds()})


def _plain(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(value)


def describe_item(world: World, request: Request) -> Response:
    """What an item is: {tenant, item, name, upcs, components: [[item, units]], kit_order_only, kit_stock_only, active, ...}.

    Also `safety`: {facility or "*": units held back there}, and `absent`: {facility, "*" or "" for the item's totals:
    [measures]}. What is not named stays.
    """
    body = request.json() or {}
    tenant, item = world.tenants[body["tenant"]], str(body["item"])
    document = dict(tenant.items.get(item, {}))
    if "name" in body:
        document["name"] = str(body["name"])
    if "upcs" in body:
        document["upcs"] = {"upc": [str(code) for code in body["upcs"]]}
    if "components" in body:
        rows = [{"componentItem": str(part), "quantity": int(units)} for part, units in body["components"]]
        document["components"] = {"component": rows}
    for name, flag in (("kit_order_only", "kitOrderOnly"), ("kit_stock_only", "kitStockOnly"), ("active", "active")):
        if name in body:
            document[flag] = bool(body[name])
    if "safety" in body:
        tenant.safety_of[item] = {str(place): float(units) for place, units in body["safety"].items()}
    if "absent" in body:
        tenant.absent_measures[item] = {str(place): list(names) for place, names in body["absent"].items()}
    tenant.describe(item, document)
    tenant.stock_changed[item] = world.clock.seconds()
    return json_response({"item": item, **document}, 201)
