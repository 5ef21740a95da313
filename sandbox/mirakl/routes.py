"""Which call is which, who may make it, and how often."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from sandbox.faults import apply_faults
from sandbox.mirakl import exports, finance, offers, orders, platform, reading, refunds, shipments, stock_imports
from sandbox.mirakl.calls import Context, RefusedError, bad, effective_query, page_number
from sandbox.mirakl.limits import seconds_to_wait
from sandbox.mirakl.state import Key, Operator, Shop
from sandbox.wire import Request, Response, json_response, text_response

if TYPE_CHECKING:
    from sandbox.world import World

Action = Callable[[Context], Response]

ROUTES: tuple[tuple[str, str, str, Action], ...] = (
    ("V01", "GET", "/api/version", lambda _call: platform.version()),
    ("A01", "GET", "/api/account", platform.account),
    ("A21", "GET", "/api/account/statistics", platform.statistics),
    ("PC01", "GET", "/api/platform/configuration", platform.configuration),
    ("SH12", "GET", "/api/shipping/types", platform.shipping_types),
    ("SH21", "GET", "/api/shipping/carriers", platform.carriers),
    ("RE01", "GET", "/api/reasons", platform.reasons),
    ("AF01", "GET", "/api/additional_fields", platform.additional_fields),
    ("OR11", "GET", "/api/orders", reading.list_orders),
    ("OR04", "PUT", "/api/orders", orders.update_references),
    ("OR28", "PUT", "/api/orders/refund", refunds.refund),
    ("OR30", "PUT", "/api/orders/cancel", refunds.cancel_lines),
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
    ("OF21", "GET", "/api/offers", offers.offers),
    ("OF24", "POST", "/api/offers", offers.update_offers),
    ("OF52", "POST", "/api/offers/export/async", exports.request_export),
    ("OF53", "GET", "/api/offers/export/async/status/{tracking_id}", exports.export_status),
    ("OF54", "GET", "/api/offers/export/async/file/{tracking_id}", exports.export_file),
    ("STO01", "POST", "/api/offers/stock/imports", stock_imports.import_stock),
    ("STO02", "GET", "/api/offers/stock/imports/{import_id}/status", stock_imports.import_status),
    ("STO03", "GET", "/api/offers/stock/imports/{import_id}/error_report", stock_imports.import_errors),
    ("SBC11", "GET", "/api/seller-billing-cycles", finance.billing_cycles),
    ("IV01", "GET", "/api/invoices", finance.invoices),
    ("TL02", "GET", "/api/sellerpayment/transactions_logs", finance.transaction_logs),
)
WITHOUT_KEY = ("V01",)
OFFERED = {
    "STO03": ("text/csv", "application/octet-stream"),
    "OF54": ("text/csv", "application/json", "application/octet-stream"),
}
WITHOUT_BODY = ("OR24", "OR29")
ACCOUNTANCY = frozenset({"ROLE_SHOP_ACCOUNTANCY", "ROLE_PARTNER_TRANSACTION_LOG_READ"})
SERVER_ERROR = json_response(
    {"status": 500, "message": "Internal Server Error", "error": "Internal Server Error", "errorDescription": ""}
).body
NOBODY = Key("", [Shop(0, "nobody", "")], frozenset())

_EXACT: dict[str, dict[str, tuple[str, Action]]] = {}
_PATTERNS: list[tuple[str, re.Pattern[str], str, Action]] = []
for _operation, _method, _path, _action in ROUTES:
    if "{" in _path:
        _PATTERNS.append((_method, re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", _path)), _operation, _action))
    else:
        _EXACT.setdefault(_path, {})[_method] = (_operation, _action)


def handle_mirakl(world: "World", name: str, path: str, request: Request) -> Response:
    """Answer one call of a shop."""
    operator = world.operators.get(name)
    if operator is None:
        return text_response("No such marketplace", 404)
    try:
        operation, action, parts = _find(request.method, path)
        key, shop = _caller(operator, operation, request)
        _must_be_acceptable(operation, request)
    except RefusedError as error:
        return bad(str(error), error.status)
    now = world.clock.seconds()
    operator.settle_all(now)
    faults = world.faults.strike("mirakl", operation, page=page_number(request))
    repeat = any(fault.kind == "repeated_page" for fault in faults)
    call = Context(world, operator, shop, key, request, parts, now, repeat_page=repeat, sent=now)

    def effect() -> Response:
        wait = seconds_to_wait(call, operation) if world.strict_rates else 0
        if wait:
            return json_response({"message": "Too many requests", "status": 429}, 429, (("retry-after", str(wait)),))
        try:
            call.request = effective_query(request)
            return action(call)
        except RefusedError as error:
            return bad(str(error), error.status)

    def note(response: Response) -> None:
        for subject in call.subjects or [_subject(call)]:
            world.note("mirakl", f"{name}/{shop.id}", operation, subject, response.status, effective=call.effective)

    def late_effect() -> None:
        call.now = world.clock.seconds()
        note(effect())

    response = apply_faults(
        faults, effect, later=lambda seconds: world.later(seconds, late_effect), error_500=SERVER_ERROR
    )
    note(response)
    return response


def _subject(call: Context) -> str:
    asked = call.request.one("order_ids") or call.request.one("order_id")
    return next((value for value in call.parts.values()), asked)


def _find(method: str, path: str) -> tuple[str, Action, dict[str, str]]:
    """The operation of a path. Raises RefusedError 404, or 405 where only the method is wrong."""
    exact = _EXACT.get(path)
    if exact is not None and method in exact:
        return *exact[method], {}
    known = exact is not None
    for wanted, pattern, operation, action in _PATTERNS:
        match = pattern.fullmatch(path)
        if match and wanted == method and not known:
            return operation, action, match.groupdict()
        known = known or match is not None
    raise RefusedError("Method Not Allowed" if known else "Not Found", 405 if known else 404)


def _caller(operator: Operator, operation: str, request: Request) -> tuple[Key, Shop]:
    """The key and its shop: the one asked for, or the user's default."""
    key = operator.keys.get(request.headers.get("authorization", ""))
    if key is None:
        if operation in WITHOUT_KEY:
            return NOBODY, NOBODY.shops[0]
        raise RefusedError("Unauthorized", 401)
    if operation == "TL02" and not key.roles & ACCOUNTANCY:
        raise RefusedError("Access is denied", 403)
    wanted = request.one("shop_id")
    if not wanted:
        return key, key.shops[0]
    if not wanted.isdecimal():
        raise RefusedError("Invalid value for parameter 'shop_id'")
    shop = next((shop for shop in key.shops if shop.id == int(wanted)), None)
    if shop is None:
        raise RefusedError("The shop is not yours", 403)
    return key, shop


def _must_be_acceptable(operation: str, request: Request) -> None:
    accept = request.headers.get("accept", "*/*")
    offered = OFFERED.get(operation, ("application/json",))
    if not any(kind in accept for kind in (*offered, "*/*", "application/*")):
        raise RefusedError("Not Acceptable", 406)
    if request.method == "GET" or operation in WITHOUT_BODY:
        return
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != ("multipart/form-data" if operation == "STO01" else "application/json"):
        raise RefusedError("Unsupported Media Type", 415)
