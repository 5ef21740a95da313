"""Which call of V2 is which, and which scope a token must have for it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.deposco.calls import Context
from sandbox.deposco.serving import SERVER_ERROR, pattern, serve
from sandbox.deposco.v2 import catalogue, reading, writing
from sandbox.deposco.v2.auth import REFUSED, bearer, give_token
from sandbox.deposco.v2.listing import problem
from sandbox.faults import apply_faults
from sandbox.wire import Request, Response, text_response

if TYPE_CHECKING:
    from sandbox.world import World

TOKEN = "v2.token"  # noqa: S105 -- the name of the call
ORDER, SHIPMENT = "/orders/salesOrders/{id}", "/shipments/outboundShipments/{id}"
ROUTES: tuple[tuple[str, str, str, str, Callable[[Context], Response]], ...] = (
    ("v2.orders.find", "GET", "/orders/salesOrders", "salesOrders/read", reading.orders),
    ("v2.orders.save", "POST", "/orders/salesOrders", "salesOrders/write", writing.save),
    ("v2.orders.get", "GET", ORDER, "salesOrders/read", reading.order),
    ("v2.orders.status", "GET", f"{ORDER}/status", "salesOrders/read", reading.order_status),
    ("v2.orders.lines", "GET", f"{ORDER}/orderLines", "salesOrders/read", reading.order_lines),
    ("v2.shipments.find", "GET", "/shipments/outboundShipments", "outboundShipments/read", reading.shipments),
    ("v2.shipments.get", "GET", SHIPMENT, "outboundShipments/read", reading.shipment),
    ("v2.shipments.lines", "GET", f"{SHIPMENT}/shipmentLines", "outboundShipments/read", reading.lines_of_shipment),
    ("v2.containers.find", "GET", "/containers", "containers/read", reading.containers),
    ("v2.items.find", "GET", "/items", "items/read", catalogue.items),
    ("v2.kits.find", "GET", "/kitHeaders", "kits/read", catalogue.kit_headers),
    ("v2.kits.details", "GET", "/kitHeaders/{id}/kitDetails", "kits/read", catalogue.kit_details),
    ("v2.facilities.find", "GET", "/facilities", "facilities/read", reading.facilities),
    ("v2.companies.find", "GET", "/companies", "companies/read", reading.companies),
)
_PATTERNS = [(method, pattern(path), operation, scope, action) for operation, method, path, scope, action in ROUTES]


def handle_v2(world: "World", path: str, request: Request) -> Response:
    """Answer one call of V2. The token says whose it is."""
    who = bearer(world, request)
    if who is None:
        return problem("The token is missing, unknown or over", REFUSED)
    tenant, scopes = who
    for method, wanted, operation, scope, action in _PATTERNS:
        match = wanted.fullmatch(path) if method == request.method else None
        if match is None:
            continue
        if scopes is not None and scope not in scopes:
            return problem(f"The token has no scope {scope}", 403)
        call = Context(world, tenant, request, match.groupdict(), world.clock.seconds())
        return serve(call, operation, action, busy=text_response("", 429))
    return problem("There is no such resource", 404)


def handle_token(world: "World", request: Request) -> Response:
    """Answer POST /oauth2/token, which has faults as every call has."""
    owner = ""

    def effect() -> Response:
        nonlocal owner
        tenant, answer = give_token(world, request)
        owner = tenant.code if tenant else ""
        return answer

    faults = world.faults.strike("deposco", TOKEN)
    answer = apply_faults(faults, effect, later=lambda _seconds: None, error_500=SERVER_ERROR)
    world.note("deposco", owner, TOKEN, "", answer.status, effective=False)
    return answer
