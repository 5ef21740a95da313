"""What the forms of the page do. Each answers with the sentence that is shown afterwards."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sandbox.demo import random_order
from sandbox.floor import SCRIPTS
from sandbox.hand_marketplace import place_order
from sandbox.mirakl.imports import run
from sandbox.mirakl.plans import Plan
from sandbox.world import World

Form = dict[str, str]
# What is wrong with an order's address, and which parts of it that changes.
PROBLEMS: dict[str, tuple[str, dict[str, Any]]] = {
    "": ("in order", {}),
    "long_name": ("the name is longer than 30 characters", {}),
    "no_city": ("the city is missing", {"city": ""}),
    "no_street": ("the street is missing", {"street_1": ""}),
    "no_country": ("the country has no code", {"country_iso_code": None, "country": "Nowhere"}),
    "far_away": ("a country the warehouse may not know", {"country_iso_code": "ATA", "country": "Antarctica"}),
}
# What the next stock import of a shop is to do.
IMPORT_PLANS: dict[str, tuple[str, dict[str, Any]]] = {
    "slow": ("takes two minutes", {"seconds": 120.0}),
    "late": ("begins a minute late, after newer ones", {"delay": 60.0}),
    "stays": ("stays RUNNING until it is ended", {"stays": "RUNNING"}),
    "fails": ("ends FAILED", {"ends": "FAILED"}),
}
STOCK_LINE = 3
LONG_NAME = "Sample-Longname of the Very Long Example"
MOST = 200


def push(world: World, form: Form) -> str:
    """Place orders as typed."""
    operator_name, _, shop_id = form["shop"].partition("/")
    operator = world.operators[operator_name]
    lines = [_line(row) for row in form["lines"].splitlines() if row.strip()]
    if not lines:
        message = "enter at least one offer SKU"
        raise ValueError(message)
    problem = form.get("problem", "")
    body = {
        "lines": lines,
        "lastname": LONG_NAME if problem == "long_name" else "Sample",
        "address": PROBLEMS[problem][1],
        "shipping_type": form["shipping_type"],
        "payment_workflow": form.get("payment_workflow", ""),
        "center": form.get("center", ""),
    }
    shop = operator.shops[int(shop_id)]
    placed = [place_order(world, operator, shop, body) for _ in range(_count(form.get("count") or "1"))]
    return f"Order {placed[0].id} was placed." if len(placed) == 1 else f"{len(placed)} orders were placed."


def _line(row: str) -> tuple[str, int]:
    sku, _, quantity = row.strip().partition(" ")
    return sku, _count(quantity or "1")


def _count(text: str) -> int:
    count = int(text)
    if not 0 < count <= MOST:
        message = f"{count} is not between 1 and {MOST}"
        raise ValueError(message)
    return count


def push_random(world: World, form: Form) -> str:
    """Place orders as they come."""
    count = _count(form.get("count") or "10")
    for _ in range(count):
        random_order(world, world.rng)
    return f"{count} orders were placed, as they come."


def act_on_order(world: World, form: Form) -> str:
    """Cancel an order, let it be received, or open an incident: as the operator."""
    operator_name, _, order_id = form["order"].partition("/")
    operator = world.operators[operator_name]
    order, now = operator.orders[order_id], world.clock.seconds()
    match form["act"]:
        case "cancel":
            operator.cancel(order, now)
        case "receive":
            operator.receive(order, now)
        case "incident":
            order.body["has_incident"] = not order.body["has_incident"]
            order.touch(now)
        case other:
            message = f"no such act: {other}"
            raise ValueError(message)
    return f"Order {order_id} is {order.state}{', with an incident open' if order.body['has_incident'] else ''}."


def switch_operator(world: World, form: Form) -> str:
    """Set a marketplace's switches."""
    operator = world.operators[form["operator"]]
    names = ("multi_shipment", "auto_accept", "partial_acceptance", "free_carriers", "addresses_early")
    for name in names:
        setattr(operator, name, form.get(name) == "on")
    on = [name.replace("_", " ") for name in names if getattr(operator, name)]
    return f"{operator.name}: {', '.join(on) or 'nothing'} switched on."


def stock(world: World, form: Form) -> str:
    """Set the stock of an item in a facility."""
    tenant_code, _, facility = form["facility"].partition("/")
    item = form["item"].strip()
    tenant = world.tenants[tenant_code]
    if not item:
        message = "enter an item"
        raise ValueError(message)
    tenant.set_stock(item, facility, Decimal(form["quantity"]))
    return f"{item}: {form['quantity']} in {tenant.facilities[facility]}."


def stock_lines(world: World, form: Form) -> str:
    """Change stock as typed: item, facility, units; with a sign they are added."""
    tenant = world.tenants[form["tenant"]]
    rows = [row.split() for row in form["lines"].splitlines() if row.strip()]
    if not rows or any(len(row) != STOCK_LINE or row[1] not in tenant.facilities for row in rows):
        message = f"a line is an item, one of {', '.join(tenant.facilities)}, and units, such as ITEM-021 LVL +5"
        raise ValueError(message)
    changes = [(item, place, Decimal(units), units[0] in "+-") for item, place, units in rows]
    for item, place, units, is_added in changes:
        before = tenant.stock.get(item, {}).get(place, Decimal(0)) if is_added else Decimal(0)
        tenant.set_stock(item, place, before + units)
    return f"Changed: {len(changes)}."


def plan_import(world: World, form: Form) -> str:
    """Say what the next stock imports of a shop do."""
    operator_name, _, shop_id = form["shop"].partition("/")
    words, plan = IMPORT_PLANS[form["plan"]]
    count = _count(form.get("count") or "1")
    world.operators[operator_name].import_plans.waiting.append(Plan(shop_id=int(shop_id), count=count, **plan))
    return f"Planned for the next {count}: {words}."


def end_import(world: World, form: Form) -> str:
    """Let an import end now."""
    operator_name, _, number = form["import"].partition("/")
    operator = world.operators[operator_name]
    run(operator, operator.imports[number], world.clock.seconds())
    return f"Import {number} is {operator.imports[number].status}."


def floor(world: World, form: Form) -> str:
    """Set how the floor works on new orders."""
    script = form["script"]
    world.floor.step_seconds = float(form["step_seconds"])
    world.floor.paused = form.get("paused") == "on"
    if script != "mixed":
        world.floor.default_script = script
        world.floor.weights = {}
    words = "a bit of everything" if script == "mixed" else SCRIPTS[script]
    return f"The floor {'rests' if world.floor.paused else 'works'}; new orders: {words}."


def work(world: World, form: Form) -> str:
    """Move one warehouse order on, ship it, short it, roll it back, or give it a script."""
    tenant_code, _, number = form["order"].partition("/")
    tenant = world.tenants[tenant_code]
    order = tenant.orders[number]
    match form["act"]:
        case "step":
            world.floor.step(tenant, order)
        case "ship":
            world.floor.step(tenant, order, steps=4)
        case "short":
            world.floor.short(tenant, order)
            return f"One unit of {number} is short; {sum(order.left().values())} are left to ship."
        case "roll_back":
            world.floor.roll_back(tenant, order)
        case "script":
            order.script = form["script"]
            return f"{number}: {SCRIPTS[order.script]}."
        case other:
            message = f"no such act: {other}"
            raise ValueError(message)
    return f"Order {number} is {order.status}."


def arm(world: World, form: Form) -> str:
    """Arm a fault."""
    side, _, operation = form["operation"].partition("/")
    count = int(form.get("count") or 1)
    fault = world.faults.arm(side, operation, form["kind"], count=count, seconds=float(form.get("seconds") or 0))
    return f"Fault {fault.kind} is armed for {fault.operation}."


def clear(world: World, form: Form) -> str:
    """Disarm one fault, or all."""
    wanted = form.get("id")
    world.faults.clear(int(wanted) if wanted else None)
    left = len(world.faults.armed)
    return f"{left} faults are still armed." if left else "No fault is armed any more."


ACTIONS: dict[str, Callable[[World, Form], str]] = {
    "/sandbox/push": push,
    "/sandbox/push/random": push_random,
    "/sandbox/order": act_on_order,
    "/sandbox/operator": switch_operator,
    "/sandbox/stock": stock,
    "/sandbox/stock/lines": stock_lines,
    "/sandbox/import": plan_import,
    "/sandbox/import/end": end_import,
    "/sandbox/floor": floor,
    "/sandbox/work": work,
    "/sandbox/fault": arm,
    "/sandbox/faults/clear": clear,
}
