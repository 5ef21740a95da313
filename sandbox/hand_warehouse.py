"""What a test or a person may do to the warehouses: work the floor step by step, change stock and switches."""

import dataclasses
from decimal import Decimal

from sandbox.deposco.state import Tenant, WmsOrder
from sandbox.floor import SCRIPTS
from sandbox.wire import Request, Response, json_response
from sandbox.world import World


def warehouse(world: World, request: Request) -> Response:
    """Orders and shipments of a tenant."""
    tenant = world.tenants[request.one("tenant")]
    rows = [
        {
            "number": o.number,
            "customer": o.document.get("customerOrderNumber"),
            "status": o.status,
            "script": o.script,
            "created": o.created,
        }
        for o in tenant.orders.values()
    ]
    shipments = [
        {
            "number": s.number,
            "order": s.order.number,
            "customer": s.order.document.get("customerOrderNumber"),
            "status": s.status,
            "shipped_at": s.shipped_at,
            "parcels": [{"lpn": p.lpn, "tracking": p.tracking} for p in s.parcels],
        }
        for s in tenant.shipments.values()
    ]
    return json_response({"orders": rows, "shipments": shipments})


def set_floor(world: World, request: Request) -> Response:
    """How the floor works: {paused, step_seconds, late_seconds, default_script, weights}; weights mix scripts by chance."""
    for name, value in (request.json() or {}).items():
        if name in ("paused", "step_seconds", "late_seconds", "default_script", "weights"):
            setattr(world.floor, name, value)
    return json_response({"ok": True})


def set_script(world: World, request: Request) -> Response:
    """The floor's script for one order: {tenant, number, script}."""
    _, order = _named(world, request)
    script = (request.json() or {})["script"]
    if script not in SCRIPTS:
        message = f"no such script: {script}"
        raise ValueError(message)
    order.script = script
    return json_response({"ok": True})


def step_floor(world: World, request: Request) -> Response:
    """Move one order on now: {tenant, number, steps}."""
    tenant, order = _named(world, request)
    status = world.floor.step(tenant, order, int((request.json() or {}).get("steps", 1)))
    return json_response({"status": status})


def roll_back(world: World, request: Request) -> Response:
    """Take the shipments of an order back: {tenant, number}."""
    tenant, order = _named(world, request)
    world.floor.roll_back(tenant, order)
    return json_response({"status": order.status})


def short(world: World, request: Request) -> Response:
    """Units of a line were not found: {tenant, number, line, units}; without a line, of the first one."""
    tenant, order = _named(world, request)
    body = request.json() or {}
    world.floor.short(tenant, order, str(body.get("line", "")), Decimal(str(body.get("units", 1))))
    return json_response({"left": {line: str(units) for line, units in order.left().items()}})


def _named(world: World, request: Request) -> tuple[Tenant, WmsOrder]:
    body = request.json() or {}
    tenant = world.tenants[body["tenant"]]
    return tenant, tenant.orders[body["number"]]


def set_stock(world: World, request: Request) -> Response:
    """Set the stock of an item: {tenant, item, facility, quantity}."""
    body = request.json() or {}
    world.tenants[body["tenant"]].set_stock(body["item"], body["facility"], Decimal(str(body["quantity"])))
    return json_response({"ok": True})


def set_tenant(world: World, request: Request) -> Response:
    """Change a tenant's switches: {tenant, spaces_in_path, rate_per_second, measures, ...}. Unknown names are refused."""
    body = request.json() or {}
    tenant = world.tenants[body.pop("tenant")]
    names = {field.name for field in dataclasses.fields(tenant)} & {
        "spaces_in_path",
        "lines_under_orders",
        "rate_per_second",
        "client_id",
        "client_secret",
        "refresh_token",
        "token_seconds",
        "time_zone",
        "measures",
        "hidden_measures",
        "absent_measures",
        "safety_stock",
        "safety_of",
        "allocations_touch",
        "search_fields",
        "carriers",
    }
    unknown = sorted(set(body) - names)
    if unknown:
        message = f"no such switch: {', '.join(unknown)}"
        raise ValueError(message)
    for name, value in body.items():
        setattr(tenant, name, [tuple(row) for row in value] if name == "carriers" else value)
    return json_response({"ok": True})
