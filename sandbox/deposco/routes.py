"""Which call is which, and who may make it."""

import base64
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.deposco import items, orders, shipping, stock, writing
from sandbox.deposco.calls import Context
from sandbox.deposco.serving import pattern, serve
from sandbox.deposco.state import Tenant
from sandbox.wire import Request, Response, text_response

if TYPE_CHECKING:
    from sandbox.world import World

Action = Callable[[Context], Response]
ROUTES: tuple[tuple[str, str, str, Action], ...] = (
    ("orders.create", "POST", "/orders", writing.create),
    ("orders.update", "POST", "/orders/updates", writing.update),
    ("orders.status", "POST", "/orders/statusUpdates", writing.set_statuses),
    ("orders.search", "GET", "/search/Order", orders.search),
    ("orders.statuses", "GET", "/status/order/search", orders.statuses),
    ("orders.statuses", "GET", "/status/order/{start},{end}", orders.statuses_between),
    ("orders.status_of", "GET", "/status/order/{type}/{number}", orders.status),
    ("orders.get", "GET", "/orders/{type}/{number}", orders.get),
    ("orders.get", "GET", "/orders/{bu}/{type}/{number}", orders.get),
    ("orders.replace", "PUT", "/orders/{type}/{number}", writing.replace),
    ("orders.fields", "POST", "/orders/{type}/{number}", writing.update_fields),
    ("availability", "GET", "/enterpriseinventory/availability", stock.availability),
    ("availability", "GET", "/enterpriseinventory/{bu}/availability", stock.availability),
    ("inventory.full", "GET", "/inventory/full", stock.inventory_full),
    ("atp.restful", "GET", "/ctrl/getRestfulATP", stock.restful_atp),
    ("inventory.reserve", "POST", "/ctrl/reserveInventoryAPI", stock.reserve),
    ("shipments.search", "GET", "/search/shipment", shipping.search),
    ("shipments.create", "PUT", "/shipments", shipping.create_and_close),
    ("shipments.create", "PUT", "/shipments/{bu}", shipping.create_and_close),
    ("shipments.list", "GET", "/shipments/{bu}", shipping.list_all),
    ("shipments.get", "GET", "/shipments/{bu}/{number}", shipping.get),
    ("items.update", "POST", "/items/updates", items.write_batch),
    ("items.create", "POST", "/items", items.write_batch),
    ("atp.legacy", "GET", "/items/atps", stock.atps),
    ("atp.legacy", "GET", "/items/{number}/atps", stock.atps),
    ("atp.legacy", "GET", "/items/{bu}/{number}/atps", stock.atps),
    ("atp.single", "GET", "/items/{number}/{value:atp|boqty|poqty|fcqty|scqty|reserveqty|totals}", stock.single_value),
    ("items.get", "GET", "/items/{number}", items.get),
    ("items.get", "GET", "/items/{bu}/{number}", items.get),
)


_EXACT = {(method, path): (operation, action) for operation, method, path, action in ROUTES if "{" not in path}
_PATTERNS = [(operation, method, pattern(path), action) for operation, method, path, action in ROUTES if "{" in path]


def handle_deposco(world: "World", code: str, path: str, request: Request) -> Response:
    """Answer one call of a tenant."""
    tenant = world.tenants.get(code)
    if tenant is None:
        return text_response("Unknown company", 404)
    if not _is_allowed(tenant, request):
        return text_response("Unauthorized", 401)
    if " " in path and not tenant.spaces_in_path:
        return writing.FLAT_400
    found = _find(request.method, path)
    if found is None:
        return text_response("Not Found", 404)
    operation, action, parts = found
    if parts.get("bu") not in (None, tenant.business_unit):
        return text_response(f"Business unit {parts['bu']} is unknown", 404)
    call = Context(world, tenant, request, parts, world.clock.seconds())
    return serve(call, operation, action, busy=text_response("Too many requests", 429))


def _find(method: str, path: str) -> tuple[str, Action, dict[str, str]] | None:
    exact = _EXACT.get((method, path))
    if exact is not None:
        return *exact, {}
    for operation, wanted, path_pattern, action in _PATTERNS:
        match = path_pattern.fullmatch(path) if wanted == method else None
        if match:
            return operation, action, match.groupdict()
    return None


def _is_allowed(tenant: Tenant, request: Request) -> bool:
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return False
    try:
        return base64.b64decode(value).decode() == f"{tenant.username}:{tenant.password}"
    except ValueError:
        return False
