"""Which call is which, who may make it, and how often."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.faults import apply_faults
from sandbox.mirakl import orders, shipments, shop
from sandbox.mirakl.calls import Context, bad
from sandbox.mirakl.state import Operator, Shop
from sandbox.wire import Request, Response, json_response, text_response

if TYPE_CHECKING:
    from sandbox.world import World

Action = Callable[[Context], Response]

ROUTES: tuple[tuple[str, str, str, Action], ...] = (
    ("V01", "GET", "/api/version", shop.version),
    ("A01", "GET", "/api/account", shop.account),
    ("A21", "GET", "/api/account/statistics", shop.statistics),
    ("PC01", "GET", "/api/platform/configuration", shop.configuration),
    ("SH12", "GET", "/api/shipping/types", shop.shipping_types),
    ("SH21", "GET", "/api/shipping/carriers", shop.carriers),
    ("RE01", "GET", "/api/reasons", shop.reasons),
    ("AF01", "GET", "/api/additional_fields", shop.additional_fields),
    ("OR11", "GET", "/api/orders", orders.list_orders),
    ("OR04", "PUT", "/api/orders", orders.update_references),
    ("OR28", "PUT", "/api/orders/refund", orders.refund),
    ("OR30", "PUT", "/api/orders/cancel", orders.cancel_lines),
    ("OR21", "PUT", "/api/orders/{order_id}/accept", orders.accept),
    ("OR23", "PUT", "/api/orders/{order_id}/tracking", orders.set_tracking),
    ("OR24", "PUT", "/api/orders/{order_id}/ship", orders.ship),
    ("OR29", "PUT", "/api/orders/{order_id}/cancel", orders.cancel),
    ("OR31", "PUT", "/api/orders/{order_id}/additional_fields", orders.update_fields),
    ("ST01", "POST", "/api/shipments", shipments.create),
    ("ST11", "GET", "/api/shipments", shipments.list_shipments),
    ("ST12", "GET", "/api/shipments/items_to_ship", shipments.items_to_ship),
    ("ST23", "POST", "/api/shipments/tracking", shipments.set_tracking),
    ("ST24", "PUT", "/api/shipments/ship", shipments.ship),
    ("OF21", "GET", "/api/offers", shop.offers),
    ("OF24", "POST", "/api/offers", shop.update_offers),
    ("STO01", "POST", "/api/offers/stock/imports", shop.import_stock),
    ("STO02", "GET", "/api/offers/stock/imports/{import_id}/status", shop.import_status),
    ("STO03", "GET", "/api/offers/stock/imports/{import_id}/error_report", shop.import_errors),
    ("SBC11", "GET", "/api/seller-billing-cycles", shop.billing_cycles),
    ("IV01", "GET", "/api/invoices", shop.invoices),
    ("TL02", "GET", "/api/sellerpayment/transactions_logs", shop.transaction_logs),
)
# Seconds between two calls, as published; a page of the same list is not a new call.
FREQUENCIES = {"OR11": 60.0, "STO01": 60.0, "STO02": 15.0, "STO03": 60.0, "OF24": 60.0, "OR04": 60.0, "TL02": 3.0}

_EXACT: dict[tuple[str, str], tuple[str, Action]] = {}
_PATTERNS: list[tuple[str, re.Pattern[str], str, Action]] = []
for _operation, _method, _path, _action in ROUTES:
    if "{" in _path:
        _PATTERNS.append((_method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", _path)), _operation, _action))
    else:
        _EXACT[_method, _path] = (_operation, _action)


def handle_mirakl(world: "World", name: str, path: str, request: Request) -> Response:
    """Answer one call of a shop."""
    operator = world.operators.get(name)
    if operator is None:
        return text_response("No such marketplace", 404)
    found = _find(request.method, path)
    if found is None:
        return bad("Not Found", 404)
    operation, action, parts = found
    operator.settle_all(world.clock.seconds())
    shop_of_call = _shop(operator, request)
    if isinstance(shop_of_call, Response):
        return shop_of_call
    faults = world.faults.strike("mirakl", operation)
    call = Context(
        world, operator, shop_of_call, request, parts, repeat_page=any(f.kind == "repeated_page" for f in faults)
    )

    def effect() -> Response:
        if world.strict_rates and _is_too_soon(call, operation):
            headers = (("retry-after", str(int(FREQUENCIES[operation]))),)
            return json_response({"message": "Too many requests", "status": 429}, 429, headers)
        return action(call)

    response = apply_faults(faults, effect)
    key = parts.get("order_id") or parts.get("import_id") or request.one("order_ids")
    world.note("mirakl", f"{name}/{shop_of_call.id}", operation, key, response.status, effective=call.effective)
    return response


def _find(method: str, path: str) -> tuple[str, Action, dict[str, str]] | None:
    exact = _EXACT.get((method, path))
    if exact is not None:
        return exact[0], exact[1], {}
    for wanted, pattern, operation, action in _PATTERNS:
        match = pattern.fullmatch(path) if wanted == method else None
        if match:
            return operation, action, match.groupdict()
    return None


def _shop(operator: Operator, request: Request) -> Shop | Response:
    key = request.headers.get("authorization", "")
    owner = next((shop for shop in operator.shops.values() if shop.api_key == key), None)
    if not key or owner is None:
        return bad("Unauthorized", 401)
    wanted = request.one("shop_id")
    if not wanted or int(wanted) == owner.id:
        return owner
    return bad("The shop is not yours", 403)


def _is_too_soon(call: Context, operation: str) -> bool:
    period = FREQUENCIES.get(operation)
    if (
        period is None
        or call.request.one("offset", "0") != "0"
        or call.request.one("page_token")
        or call.request.one("order_ids")
    ):
        return False
    last = call.operator.last_calls.get((operation, call.shop.id))
    if last is not None and call.now - last < period:
        return True
    call.operator.last_calls[operation, call.shop.id] = call.now
    return False
