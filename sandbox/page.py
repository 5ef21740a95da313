"""A page to play the marketplace and the warehouse by hand. Plain forms, no script."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, select_autoescape

from sandbox.faults import KINDS
from sandbox.floor import SCRIPTS
from sandbox.mirakl.routes import ROUTES as MIRAKL_ROUTES
from sandbox.mirakl.state import new_order
from sandbox.wire import Request, Response, text_response

if TYPE_CHECKING:
    from sandbox.world import World

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=select_autoescape(default=True)
)
SHOWN = 12
DEPOSCO_OPERATIONS = (
    "orders.create",
    "orders.search",
    "shipments.search",
    "shipments.get",
    "availability",
    "inventory.full",
)


def handle_page(world: "World", request: Request) -> Response:
    """The page, its style, and what its forms do."""
    if request.method == "GET" and request.path == "/sandbox/style.css":
        return text_response(TEMPLATES.get_template("style.css").render(), kind="text/css")
    if request.method == "GET" and request.path in ("/", "/sandbox", "/sandbox/"):
        return text_response(_render(world, request.one("said")), kind="text/html; charset=utf-8")
    action = ACTIONS.get(request.path) if request.method == "POST" else None
    if action is None:
        return text_response("There is nothing here.", 404)
    try:
        said = action(world, dict(request.form()))
    except (KeyError, ValueError, ArithmeticError) as error:
        said = f"That did not work: {error}"
    return Response(303, headers=(("location", f"/sandbox/?{urlencode({'said': said})}"),))


def _push(world: "World", form: dict[str, str]) -> str:
    operator_name, shop_id = form["shop"].split("/")
    operator = world.operators[operator_name]
    shop = operator.shops[int(shop_id)]
    lines = []
    for row in form["lines"].splitlines():
        sku, _, quantity = row.strip().partition(" ")
        if sku:
            lines.append((sku, int(quantity or 1)))
    if not lines:
        message = "enter at least one offer SKU"
        raise ValueError(message)
    address = {"city": ""} if form.get("problem") == "no_city" else {}
    lastname = "Sample-Longname of the Very Long Example" if form.get("problem") == "long_name" else "Sample"
    order = new_order(
        operator,
        shop,
        lines,
        at=world.clock.seconds(),
        lastname=lastname,
        address=address,
        shipping_type=form["shipping_type"],
    )
    operator.place(order)
    return f"Order {order.id} was placed."


def _stock(world: "World", form: dict[str, str]) -> str:
    tenant_code, facility = form["facility"].split("/")
    world.tenants[tenant_code].set_stock(form["item"].strip(), facility, Decimal(form["quantity"]))
    return f"{form['item']} in {facility}: {form['quantity']}."


def _fault(world: "World", form: dict[str, str]) -> str:
    side, operation = form["operation"].split("/", 1)
    fault = world.faults.arm(
        side, operation, form["kind"], count=int(form.get("count") or 1), seconds=float(form.get("seconds") or 0)
    )
    return f"Fault {fault.kind} is armed for {operation}."


def _clear(world: "World", _form: dict[str, str]) -> str:
    world.faults.clear()
    return "No fault is armed any more."


def _floor(world: "World", form: dict[str, str]) -> str:
    world.floor.paused = form.get("paused") == "on"
    world.floor.default_script = form["script"]
    world.floor.weights = {}
    world.floor.step_seconds = float(form["step_seconds"])
    return f"The floor {'rests' if world.floor.paused else 'works'}; new orders go by {form['script']}."


def _cancel(world: "World", form: dict[str, str]) -> str:
    operator_name, order_id = form["order"].split("/", 1)
    order = world.operators[operator_name].orders[order_id]
    order.due.clear()
    order.move("CANCELED", world.clock.seconds())
    return f"Order {order_id} was cancelled."


ACTIONS: dict[str, Callable[["World", dict[str, str]], str]] = {
    "/sandbox/push": _push,
    "/sandbox/stock": _stock,
    "/sandbox/fault": _fault,
    "/sandbox/faults/clear": _clear,
    "/sandbox/floor": _floor,
    "/sandbox/cancel": _cancel,
}


def _render(world: "World", said: str) -> str:
    orders = sorted(
        ((operator.name, order) for operator in world.operators.values() for order in operator.orders.values()),
        key=lambda pair: pair[1].updated,
        reverse=True,
    )
    operations = [f"mirakl/{row[0]}" for row in MIRAKL_ROUTES] + [f"deposco/{name}" for name in DEPOSCO_OPERATIONS]
    return TEMPLATES.get_template("page.html").render(
        world=world,
        said=said,
        orders=orders[:SHOWN],
        wms_orders=[order for tenant in world.tenants.values() for order in list(tenant.orders.values())[-SHOWN:]][
            ::-1
        ],
        shipments=[row for tenant in world.tenants.values() for row in list(tenant.shipments.values())[-SHOWN:]][::-1],
        ledger=world.ledger[-SHOWN:][::-1],
        scripts=SCRIPTS,
        kinds=KINDS,
        operations=operations,
    )
