"""The hand on the world: JSON calls for tests and scripts, and a page for people."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.demo import random_order
from sandbox.mirakl.state import SandboxOrder, new_order
from sandbox.page import handle_page
from sandbox.wire import Request, Response, json_response
from sandbox.world import World

Json = dict[str, Any]


def state(world: World, _request: Request) -> Response:
    """Everything a client needs to connect, and counts."""
    operators = [
        {
            "name": operator.name,
            "multi_shipment": operator.multi_shipment,
            "shops": [
                {"id": shop.id, "name": shop.name, "api_key": shop.api_key, "offers": sorted(shop.offers)}
                for shop in operator.shops.values()
            ],
            "orders": _counts(order.state for order in operator.orders.values()),
        }
        for operator in world.operators.values()
    ]
    tenants = [
        {
            "code": tenant.code,
            "business_unit": tenant.business_unit,
            "username": tenant.username,
            "password": tenant.password,
            "items": sorted(tenant.stock),
            "facilities": tenant.facilities,
            "orders": _counts(order.status for order in tenant.orders.values()),
            "shipments": len(tenant.shipments),
        }
        for tenant in world.tenants.values()
    ]
    return json_response({"operators": operators, "tenants": tenants, "ledger": len(world.ledger)})


def push_orders(world: World, request: Request) -> Response:
    """Place orders: {operator, shop_id, lines: [[sku, quantity]], count, order_id, lastname, address, shipping_type}."""
    body = request.json() or {}
    operator = world.operators[body["operator"]]
    shop = operator.shops[int(body["shop_id"])]
    placed: list[SandboxOrder] = []
    for _ in range(int(body.get("count", 1))):
        if "lines" not in body:
            placed.append(random_order(world, world.rng, operator, shop))
            continue
        order = new_order(
            operator,
            shop,
            [(str(sku), int(quantity)) for sku, quantity in body["lines"]],
            at=world.clock.seconds(),
            order_id=body.get("order_id", ""),
            lastname=body.get("lastname", "Sample"),
            address=body.get("address"),
            shipping_type=body.get("shipping_type", "STD"),
        )
        placed.append(operator.place(order))
    return json_response({"order_ids": [order.id for order in placed]}, 201)


def orders(world: World, request: Request) -> Response:
    """Orders with all that is known inside, of one operator; by ids when given."""
    operator = world.operators[request.one("operator")]
    wanted = set(request.listed("ids"))
    rows = [_order(operator, order) for order in operator.orders.values() if not wanted or order.id in wanted]
    return json_response({"orders": rows})


def _order(operator: Any, order: SandboxOrder) -> Json:
    return {
        "order_id": order.id,
        "shop_id": order.shop_id,
        "state": order.state,
        "created": order.created,
        "accept_calls": order.accept_calls,
        "effective_accepts": order.effective_accepts,
        "ships": order.ships,
        "tracking": order.body.get("shipping_tracking"),
        "decided": order.body.get("acceptance_decision_date"),
        "shipments": [operator.shipments[one] for one in operator.shipments_by_order.get(order.id, [])],
    }


def cancel_order(world: World, request: Request) -> Response:
    """The marketplace cancels an order."""
    body = request.json() or {}
    order = world.operators[body["operator"]].orders[body["order_id"]]
    order.due.clear()
    order.move("CANCELED", world.clock.seconds())
    return json_response({"state": order.state})


def set_operator(world: World, request: Request) -> Response:
    """Change an operator's switches."""
    body = request.json() or {}
    operator = world.operators[body.pop("operator")]
    names = {field.name for field in dataclasses.fields(operator)}
    for name, value in body.items():
        if name in names:
            setattr(operator, name, value)
    return json_response({"ok": True})


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
    """{paused, step_seconds, late_seconds, default_script, weights}."""
    for name, value in (request.json() or {}).items():
        if name in ("paused", "step_seconds", "late_seconds", "default_script", "weights"):
            setattr(world.floor, name, value)
    return json_response({"ok": True})


def set_script(world: World, request: Request) -> Response:
    """The floor's script for one order: {tenant, number, script}."""
    body = request.json() or {}
    world.tenants[body["tenant"]].orders[body["number"]].script = body["script"]
    return json_response({"ok": True})


def set_stock(world: World, request: Request) -> Response:
    """{tenant, item, facility, quantity}."""
    body = request.json() or {}
    world.tenants[body["tenant"]].set_stock(body["item"], body["facility"], Decimal(str(body["quantity"])))
    return json_response({"ok": True})


def arm_fault(world: World, request: Request) -> Response:
    """{side, operation, kind, count, seconds, probability}."""
    body = request.json() or {}
    fault = world.faults.arm(
        body["side"],
        body.get("operation", "*"),
        body["kind"],
        count=int(body.get("count", 1)),
        seconds=float(body.get("seconds", 0)),
        probability=float(body.get("probability", 1)),
    )
    return json_response(dataclasses.asdict(fault), 201)


def list_faults(world: World, _request: Request) -> Response:
    """What is armed."""
    return json_response({"faults": [dataclasses.asdict(fault) for fault in world.faults.armed]})


def clear_faults(world: World, _request: Request) -> Response:
    """Disarm everything."""
    world.faults.clear()
    return json_response({"ok": True})


def advance(world: World, request: Request) -> Response:
    """Skip time: {seconds}."""
    world.clock.advance(float((request.json() or {})["seconds"]))
    return json_response({"now": world.clock.now().isoformat()})


def ledger(world: World, request: Request) -> Response:
    """Calls from a position on."""
    start = int(request.one("from") or 0)
    return json_response({"calls": [dataclasses.asdict(entry) for entry in world.ledger[start : start + 5000]]})


ROUTES: tuple[tuple[str, str, Callable[[World, Request], Response]], ...] = (
    ("GET", "/sandbox/api/state", state),
    ("POST", "/sandbox/api/orders", push_orders),
    ("GET", "/sandbox/api/orders", orders),
    ("POST", "/sandbox/api/orders/cancel", cancel_order),
    ("POST", "/sandbox/api/operator", set_operator),
    ("GET", "/sandbox/api/warehouse", warehouse),
    ("POST", "/sandbox/api/floor", set_floor),
    ("POST", "/sandbox/api/script", set_script),
    ("POST", "/sandbox/api/stock", set_stock),
    ("POST", "/sandbox/api/faults", arm_fault),
    ("GET", "/sandbox/api/faults", list_faults),
    ("DELETE", "/sandbox/api/faults", clear_faults),
    ("POST", "/sandbox/api/advance", advance),
    ("GET", "/sandbox/api/ledger", ledger),
)


def handle_control(world: World, request: Request) -> Response:
    """Answer one call of the hand. What it cannot use is answered with what was wrong."""
    with world.lock:
        for method, path, action in ROUTES:
            if request.method == method and request.path == path:
                try:
                    return action(world, request)
                except (KeyError, ValueError, TypeError) as error:
                    return json_response({"error": f"{type(error).__name__}: {error}"}, 400)
        return handle_page(world, request)


def _counts(values: Any) -> dict[str, int]:
    counts: dict[str, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts
