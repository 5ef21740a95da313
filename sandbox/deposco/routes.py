"""Which call is which, and who may make it."""

import base64
import re
from collections.abc import Callable
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sandbox.deposco import orders, shipping, stock
from sandbox.deposco.calls import Context
from sandbox.deposco.state import Tenant
from sandbox.faults import apply_faults
from sandbox.wire import Request, Response, text_response

if TYPE_CHECKING:
    from sandbox.world import World

Action = Callable[[Context], Response]
ROUTES: tuple[tuple[str, str, str, Action], ...] = (
    ("orders.create", "POST", "/orders", orders.create),
    ("orders.update", "POST", "/orders/updates", orders.update),
    ("orders.status", "POST", "/orders/statusUpdates", orders.set_statuses),
    ("orders.search", "GET", "/search/Order", orders.search),
    ("orders.statuses", "GET", "/status/order/search", orders.statuses),
    ("shipments.search", "GET", "/search/shipment", shipping.search),
    ("inventory.full", "GET", "/inventory/full", stock.inventory_full),
    ("items.update", "POST", "/items/updates", stock.update_items),
    ("availability", "GET", "/enterpriseinventory/{bu}/availability", stock.availability),
    ("orders.get", "GET", "/orders/{type}/{number}", orders.get),
    ("orders.replace", "PUT", "/orders/{type}/{number}", orders.replace),
    ("items.get", "GET", "/items/{bu}/{number}", stock.item),
    ("shipments.get", "GET", "/shipments/{bu}/{number}", shipping.get),
    ("shipments.list", "GET", "/shipments/{bu}", shipping.list_all),
)
_COMPILED = [
    (operation, method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", path)), action)
    for operation, method, path, action in ROUTES
]


def handle_deposco(world: "World", code: str, path: str, request: Request) -> Response:
    """Answer one call of a tenant."""
    tenant = world.tenants.get(code)
    if tenant is None:
        return text_response("Unknown company", 404)
    if not _is_allowed(tenant, request):
        return text_response("Unauthorized", 401)
    found = next(
        (
            (operation, action, match.groupdict())
            for operation, method, pattern, action in _COMPILED
            if method == request.method and (match := pattern.fullmatch(path))
        ),
        None,
    )
    if found is None:
        return text_response("Not Found", 404)
    operation, action, parts = found
    faults = world.faults.strike("deposco", operation)
    late = sum(fault.seconds for fault in faults if fault.kind == "late_commit")
    call = Context(world, tenant, request, {key: unquote(value) for key, value in parts.items()}, late=late)

    def effect() -> Response:
        if _is_too_fast(call):
            return text_response("Too many requests", 429)
        return action(call)

    response = apply_faults(faults, effect)
    key = request.one("number") or parts.get("number", "")
    world.note("deposco", code, operation, key, response.status, effective=call.effective)
    return response


def _is_allowed(tenant: Tenant, request: Request) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return base64.b64decode(value).decode() == f"{tenant.username}:{tenant.password}"
    except ValueError:
        return False


def _is_too_fast(call: Context) -> bool:
    if not call.tenant.rate_per_second:
        return False
    recent = [at for at in call.tenant.last_calls if at > call.now - 1]
    call.tenant.last_calls = [*recent, call.now]
    return len(recent) >= call.tenant.rate_per_second
