"""The hand on the world: JSON calls for tests and scripts, and a page for people. Calls are added, never changed."""

import dataclasses
from collections import Counter
from collections.abc import Callable
from typing import Any

from sandbox import hand_jobs, hand_marketplace, hand_offers, hand_stock, hand_warehouse
from sandbox.ledger import Question, as_json
from sandbox.page import handle_page
from sandbox.wire import Request, Response, json_response
from sandbox.world import World

Json = dict[str, Any]
LARGEST = 5000


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
            "orders": Counter(order.state for order in operator.orders.values()),
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
            "orders": Counter(order.status for order in tenant.orders.values()),
            "shipments": len(tenant.shipments),
        }
        for tenant in world.tenants.values()
    ]
    return json_response({"operators": operators, "tenants": tenants, "ledger": len(world.ledger)})


def arm_fault(world: World, request: Request) -> Response:
    """Arm a fault: {side, operation, kind, count, seconds, probability, skip, page}; the operation `*` is every call.

    `skip` calls pass unharmed first; `page` means that page of a list only, such as the third of inventory.full.
    """
    body = request.json() or {}
    fault = world.faults.arm(
        body["side"],
        body.get("operation", "*"),
        body["kind"],
        count=int(body.get("count", 1)),
        seconds=float(body.get("seconds", 0)),
        probability=float(body.get("probability", 1)),
        skip=int(body.get("skip", 0)),
        page=int(body.get("page", 0)),
    )
    return json_response(dataclasses.asdict(fault), 201)


def list_faults(world: World, _request: Request) -> Response:
    """Every fault that is armed, and how often it struck."""
    return json_response({"faults": [dataclasses.asdict(fault) for fault in world.faults.armed]})


def clear_faults(world: World, request: Request) -> Response:
    """Disarm everything, or the one whose `id` is given."""
    wanted = request.one("id")
    world.faults.clear(int(wanted) if wanted else None)
    return json_response({"ok": True})


def advance(world: World, request: Request) -> Response:
    """Skip time: {seconds}."""
    world.clock.advance(float((request.json() or {})["seconds"]))
    return json_response({"now": world.clock.now().isoformat()})


def set_world(world: World, request: Request) -> Response:
    """Set what holds for both sides: {latency, strict_rates, strict_daily}; daily ones are those published as once a day."""
    for name, value in (request.json() or {}).items():
        if name in ("latency", "strict_rates", "strict_daily"):
            setattr(world, name, value)
    return json_response({"ok": True})


def ledger(world: World, request: Request) -> Response:
    """Calls from a position on; `side`, `operation`, `owner`, `key`, `effective`, `since` narrow it, `limit` ends it."""
    start, limit = int(request.one("from") or 0), int(request.one("limit") or LARGEST)
    rows = world.ledger.find(_question(request), start=start, limit=min(limit, LARGEST))
    return json_response({"calls": [as_json(*row) for row in rows], "total": len(world.ledger)})


def ledger_counts(world: World, request: Request) -> Response:
    """Per operation: calls, and how many had an effect; narrowed as the ledger is."""
    return json_response({"operations": world.ledger.counts(_question(request))})


def _question(request: Request) -> Question:
    effective = request.one("effective")
    return Question(
        side=request.one("side"),
        operation=request.one("operation"),
        owner=request.one("owner"),
        key=request.one("key"),
        effective=None if not effective else effective == "true",
        since=float(request.one("since") or 0),
    )


ROUTES: tuple[tuple[str, str, Callable[[World, Request], Response]], ...] = (
    ("GET", "/sandbox/api/state", state),
    ("POST", "/sandbox/api/world", set_world),
    ("POST", "/sandbox/api/orders", hand_marketplace.push_orders),
    ("GET", "/sandbox/api/orders", hand_marketplace.orders),
    ("POST", "/sandbox/api/orders/cancel", hand_marketplace.cancel_order),
    ("POST", "/sandbox/api/orders/receive", hand_marketplace.receive_order),
    ("POST", "/sandbox/api/orders/close", hand_marketplace.close_order),
    ("POST", "/sandbox/api/orders/incident", hand_marketplace.set_incident),
    ("POST", "/sandbox/api/operator", hand_marketplace.set_operator),
    ("POST", "/sandbox/api/keys", hand_marketplace.add_key),
    ("POST", "/sandbox/api/cycle", hand_marketplace.close_cycle),
    ("POST", "/sandbox/api/document", hand_marketplace.manual_document),
    ("GET", "/sandbox/api/warehouse", hand_warehouse.warehouse),
    ("POST", "/sandbox/api/floor", hand_warehouse.set_floor),
    ("POST", "/sandbox/api/script", hand_warehouse.set_script),
    ("POST", "/sandbox/api/step", hand_warehouse.step_floor),
    ("POST", "/sandbox/api/rollback", hand_warehouse.roll_back),
    ("POST", "/sandbox/api/short", hand_warehouse.short),
    ("POST", "/sandbox/api/stock", hand_warehouse.set_stock),
    ("POST", "/sandbox/api/tenant", hand_warehouse.set_tenant),
    ("POST", "/sandbox/api/seed", hand_stock.seed),
    ("POST", "/sandbox/api/stock/changes", hand_stock.change_stock),
    ("GET", "/sandbox/api/stock/final", hand_stock.final_stock),
    ("POST", "/sandbox/api/items", hand_stock.describe_item),
    ("POST", "/sandbox/api/offers", hand_offers.set_offers),
    ("GET", "/sandbox/api/offers", hand_offers.offers),
    ("GET", "/sandbox/api/landings", hand_offers.landings),
    ("POST", "/sandbox/api/orders/many", hand_offers.place_many),
    ("POST", "/sandbox/api/buy", hand_offers.buy),
    ("GET", "/sandbox/api/buy", hand_offers.sales),
    ("POST", "/sandbox/api/imports/plan", hand_jobs.plan_imports),
    ("POST", "/sandbox/api/exports/plan", hand_jobs.plan_exports),
    ("GET", "/sandbox/api/imports", hand_jobs.list_imports),
    ("POST", "/sandbox/api/imports/release", hand_jobs.release),
    ("POST", "/sandbox/api/faults", arm_fault),
    ("GET", "/sandbox/api/faults", list_faults),
    ("DELETE", "/sandbox/api/faults", clear_faults),
    ("POST", "/sandbox/api/advance", advance),
    ("GET", "/sandbox/api/ledger", ledger),
    ("GET", "/sandbox/api/ledger/counts", ledger_counts),
)


def handle_control(world: World, request: Request) -> Response:
    """Answer one call of the hand. What it cannot use is answered with what was wrong."""
    with world.lock:
        for method, path, action in ROUTES:
            if request.method == method and request.path == path:
                try:
                    return action(world, request)
                except (KeyError, ValueError, TypeError, AttributeError) as error:
                    return json_response({"error": f"{type(error).__name__}: {error}"}, 400)
        return handle_page(world, request)
