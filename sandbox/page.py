"""A page to play the marketplace and the warehouse by hand. Plain forms and links, no script."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from sandbox.deposco.routes import ROUTES as DEPOSCO_ROUTES
from sandbox.deposco.state import OVER
from sandbox.faults import KINDS
from sandbox.floor import SCRIPTS
from sandbox.ledger import Question
from sandbox.mirakl.routes import ROUTES as MIRAKL_ROUTES
from sandbox.page_actions import ACTIONS, IMPORT_PLANS, PROBLEMS
from sandbox.wire import Request, Response, text_response
from sandbox.world import World

SHOWN = 15
LATEST_CALLS = 2000
POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
# One tone per kind of state, the same in every table; the word is always there too.
TONES = {
    "good": ("SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED", "Complete", "Shipped", "COMPLETE"),
    "bad": ("REFUSED", "CANCELED", "Canceled", "Voided", "Rejected", "Rolled Back", "FAILED"),
    "waiting": ("STAGING", "WAITING_ACCEPTANCE", "New", "Hold", "Back Ordered", "WAITING"),
}


def tone(state: str) -> str:
    """How a state is coloured."""
    return next((name for name, states in TONES.items() if state in states), "busy")


def clock(seconds: float) -> str:
    """A moment of the world, to the second."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TEMPLATES.filters |= {"tone": tone, "clock": clock}


def handle_page(world: World, request: Request) -> Response:
    """The page, its style, and what its forms do."""
    if request.method == "GET" and request.path == "/sandbox/style.css":
        return text_response(TEMPLATES.get_template("style.css").render(), kind="text/css; charset=utf-8")
    if request.method == "GET" and request.path in ("/", "/sandbox", "/sandbox/"):
        page = text_response(_render(world, request), kind="text/html; charset=utf-8")
        return Response(page.status, page.body, (*page.headers, ("content-security-policy", POLICY)))
    action = ACTIONS.get(request.path) if request.method == "POST" else None
    if action is None:
        return text_response("There is nothing here.", 404)
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return text_response("Forms are taken from this page only.", 403)
    form = dict(request.form())
    try:
        said, failed = action(world, form), ""
    except (KeyError, ValueError, ArithmeticError) as error:
        said, failed = f"That did not work: {error.args[0] if error.args else error}", "1"
    answer = {"said": said, "failed": failed, "find": form.get("find", "")}
    query = urlencode({key: value for key, value in answer.items() if value})
    return Response(303, headers=(("location", f"/sandbox/?{query}#said"),))


def _render(world: World, request: Request) -> str:
    find = request.one("find").strip()
    tenants = list(world.tenants.values())
    return TEMPLATES.get_template("page.html").render(
        world=world,
        now=world.clock.seconds(),
        said=request.one("said"),
        failed=bool(request.one("failed")),
        find=find,
        orders=_orders(world, find),
        wms_orders=_wms_orders(world, find),
        shipments=_shipments(world, find),
        imports=_imports(world, find),
        import_plans={key: words for key, (words, _) in IMPORT_PLANS.items()},
        calls=_calls(world, find),
        tallies=_tallies(world),
        scripts=SCRIPTS,
        over=OVER,
        kinds=KINDS,
        problems={key: words for key, (words, _) in PROBLEMS.items()},
        shipping_types=next((operator.shipping_types for operator in world.operators.values()), ()),
        tenants=tenants,
        operations={
            "mirakl": [(row[0], row[2]) for row in MIRAKL_ROUTES],
            "deposco": sorted({row[0]: (row[0], row[2]) for row in DEPOSCO_ROUTES}.values()),
        },
    )


def _orders(world: World, find: str) -> list[tuple[Any, Any]]:
    rows = [
        (operator, order)
        for operator in world.operators.values()
        for order in operator.orders.values()
        if find.lower() in f"{order.id} {order.state} {' '.join(line['offer_sku'] for line in order.lines)}".lower()
    ]
    return sorted(rows, key=lambda pair: pair[1].updated, reverse=True)[:SHOWN]


def _wms_orders(world: World, find: str) -> list[tuple[Any, Any]]:
    rows = [
        (tenant, order)
        for tenant in world.tenants.values()
        for order in tenant.orders.values()
        if find.lower() in f"{order.number} {order.document.get('customerOrderNumber')} {order.status}".lower()
    ]
    return sorted(rows, key=lambda pair: pair[1].updated, reverse=True)[:SHOWN]


def _shipments(world: World, find: str) -> list[Any]:
    rows = [
        shipment
        for tenant in world.tenants.values()
        for shipment in tenant.shipments.values()
        if find.lower()
        in f"{shipment.number} {' '.join(one.number for one in shipment.orders)} {shipment.status}".lower()
    ]
    return sorted(rows, key=lambda shipment: shipment.updated, reverse=True)[:SHOWN]


def _imports(world: World, find: str) -> list[tuple[Any, Any]]:
    rows = [
        (operator, job)
        for operator in world.operators.values()
        for job in operator.recent_imports
        if find.lower() in f"{job.id} {job.kind} {job.status} {operator.shops[job.shop_id].name}".lower()
    ]
    return sorted(rows, key=lambda pair: pair[1].created, reverse=True)[:SHOWN]


def _calls(world: World, find: str) -> list[Any]:
    start = max(0, len(world.ledger) - LATEST_CALLS)
    rows = [
        entry
        for _, entry in world.ledger.find(Question(), start=start)
        if find.lower() in f"{entry.operation} {entry.key} {entry.status}".lower()
    ]
    return rows[::-1][:SHOWN]


def _tallies(world: World) -> list[tuple[str, Counter[str]]]:
    market = Counter(order.state for operator in world.operators.values() for order in operator.orders.values())
    house = Counter(order.status for tenant in world.tenants.values() for order in tenant.orders.values())
    return [("Marketplace", market), ("Warehouse", house)]
