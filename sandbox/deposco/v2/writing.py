"""Writing sales orders over V2: one a call, made or changed by its number."""

from typing import Any

from sandbox.deposco.calls import Context
from sandbox.deposco.state import Json, WmsOrder, quantity
from sandbox.deposco.v2.documents import books, key_of, number_in, order_document, rows_of
from sandbox.deposco.v2.listing import problem
from sandbox.wire import Response, json_response

# From these an order may still be changed.
CHANGEABLE = ("Draft", "New", "Hold", "Ready for Fulfillment", "Wave Built", "Back Ordered")
ON_CREATE = (None, "New", "Hold")
LENGTHS = {
    "number": 50,
    "customerOrderNumber": 50,
    "otherReferenceNumber": 50,
    "orderSource": 100,
    "shipVia": 50,
    "shipVendor": 50,
    "shipToContact.firstName": 30,
    "shipToContact.lastName": 30,
    "shipToContact.phone": 30,
    "shipToContact.email": 50,
    "shipToAddress.line1": 64,
    "shipToAddress.line2": 64,
    "shipToAddress.line3": 64,
    "shipToAddress.line4": 64,
    "shipToAddress.city": 30,
    "shipToAddress.postalCode": 20,
}
LINE_LENGTH = 55


def save(call: Context) -> Response:
    """POST /orders/salesOrders: the order of this number is made, or changed where it may still be."""
    body = call.request.json()
    if not isinstance(body, dict):
        return problem("The request could not be read")
    call.subjects = [str(body.get("number") or "")]
    refusal = _refusal(call, body)
    if refusal is not None:
        return refusal
    old = call.tenant.orders.get(str(body["number"]))
    if old is not None:
        words = _locked(old, body)
        if words:
            return problem(words)
    call.effective = True
    document = books(body)
    order = old or WmsOrder(str(body["number"]), document, call.now, document["status"], next_at=call.now)
    order.document, order.v2 = document, {name: value for name, value in body.items() if name != "orderStatus"}
    call.tenant.keep(order)
    return json_response(order_document(call.tenant, order), 200 if old else 201)


def _refusal(call: Context, body: Json) -> Response | None:
    tenant = call.tenant
    missing = [name for name in ("businessUnit", "number", "shipToContact", "shipToAddress") if not body.get(name)]
    if missing:
        return problem([f"salesOrder.{name} must not be null" for name in missing])
    unit = key_of(body["businessUnit"], "code")
    if unit != tenant.business_unit:
        return problem(f"Company with business key code = [{unit}] was not found", 404)
    long = [
        f"salesOrder.{path} size must be between 0 and {limit}"
        for path, limit in LENGTHS.items()
        if len(str(_at(body, path) or "")) > limit
    ]
    if long:
        return problem(long)
    facility = key_of(body.get("shipFromFacility"), "number")
    if facility and facility not in tenant.facilities:
        return problem(f"Facility with business key number = [{facility}] was not found", 404)
    return _line_refusal(call, rows_of(body.get("orderLines")))


def _line_refusal(call: Context, lines: list[Json]) -> Response | None:
    if not lines:
        return problem("salesOrder.orderLines must not be empty")
    for line in lines:
        missing = [name for name in ("lineNumber", "item", "pack", "orderPackQuantity") if line.get(name) is None]
        if missing:
            return problem([f"salesOrder.orderLines.{name} must not be null" for name in missing])
        if len(str(line["lineNumber"])) > LINE_LENGTH:
            return problem(f"salesOrder.orderLines.lineNumber size must be between 0 and {LINE_LENGTH}")
        if isinstance(line["orderPackQuantity"], str) or number_in(line, "orderPackQuantity") <= 0:
            return problem("salesOrder.orderLines.orderPackQuantity must be greater than 0")
    numbers = [key_of(line["item"], "number") for line in lines]
    unknown = [number for number in numbers if number not in call.tenant.stock]
    if unknown:
        return problem([f"Item with business key number = [{number}] was not found" for number in unknown], 404)
    packs = [key_of(line["pack"], "item.number") for line in lines]
    if packs != numbers:
        return problem("Pack with business key item.number was not found", 404)
    if len({str(line["lineNumber"]) for line in lines}) < len(lines):
        return problem("lineNumber is repeated")
    return None


def _locked(old: WmsOrder, body: Json) -> str:
    """Why an order that is there cannot become this one."""
    if old.status not in CHANGEABLE:
        words = "Updates can be made when in the following statuses"
        return f"Order cannot be updated while in the status of [{old.status}]. {words}: {', '.join(CHANGEABLE)}"
    if body.get("orderStatus") not in (None, old.status):
        return "Order status updates are not accepted for order at this API Endpoint"
    before = {str(line.get("lineNumber")): quantity(line, "orderPackQuantity") for line in old.lines}
    for line in rows_of(body.get("orderLines")):
        number = str(line.get("lineNumber"))
        if number_in(line, "orderPackQuantity") < before.get(number, 0):
            return f"orderPackQuantity of line {number} cannot be lowered: cancel instead"
    return ""


def _at(body: Json, path: str) -> Any:
    value: Any = body
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value
