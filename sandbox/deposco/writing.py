"""Writing orders over V1: batches with a result each, whole documents, single fields, and statuses."""

import json
from urllib.parse import quote
from xml.etree import ElementTree as ET

from sandbox.deposco.calls import Context, collection
from sandbox.deposco.rendering import as_rows, number_of, plain
from sandbox.deposco.state import Json, WmsOrder
from sandbox.wire import Response, text_response

NAME_LIMIT = 30
TYPES = (
    "Sales Order",
    "Purchase Order",
    "Customer Order",
    "Event Order",
    "Customer Return",
    "Vendor Return",
    "Pending Order",
)
STATUSES = (
    "Accepted",
    "Back Ordered",
    "Canceled",
    "Closed",
    "Complete",
    "Cross Ship",
    "Downgraded",
    "In-Transit",
    "Incomplete",
    "Needs Attention",
    "New",
    "Open",
    "Packed",
    "Packing",
    "Partial Receipt",
    "Picking",
    "Planned",
    "Ready",
    "Received",
    "Receiving",
    "Rejected",
    "Released",
    "Suspended",
    "Processing",
    "Returning",
    "Sent For Invoice",
    "Invoiced",
    "Hold",
    "Moved to OMNI",
    "Voided",
    "Returned",
    "PARTIAL_RETURN",
    "Draft",
    "PARTIAL_PAYMENT",
    "Refunded",
    "PARTIAL_REFUND",
)
# From these a person at the desk may still take an order back; once released, only the floor can.
CANCELABLE = ("New", "Hold", "Draft", "Accepted", "Open", "Ready", "Planned", "Back Ordered", "Incomplete", "Suspended")
ADDRESS_NEEDS = ("name", "addressLine1", "city", "countryCode")
NUMBERS = ("orderPackQuantity", "unitPrice", "canceledPackQuantity")
FLAT_400 = text_response("Bad Request", 400)


def create(call: Context) -> Response:
    """POST /orders: each order in a transaction of its own; 207 whatever came of them."""
    return _write_batch(call, update=False)


def update(call: Context) -> Response:
    """POST /orders/updates: existing orders are changed."""
    return _write_batch(call, update=True)


def _write_batch(call: Context, *, update: bool) -> Response:
    documents = _documents(call.request.body)
    if documents is None or not all(_parses(document) for document in documents):
        return FLAT_400
    call.subjects = [str(document.get("number") or "") for document in documents]
    results = [_write_one(call, document, update=update) for document in documents]
    return collection(call, "multistatus", "multistatus", "response", results, 207)


def _write_one(call: Context, document: Json, *, update: bool) -> Json:
    number, kind = str(document.get("number") or ""), str(document.get("type") or "")
    if not number or kind not in TYPES:
        return _refusal(number, "number and type are mandatory")
    old = call.tenant.orders.get(number)
    if old is not None and not update:
        key = f"{call.tenant.code}-{kind}-{number}"
        message = f"Duplicate entry '{key}' for key 'ORDER_HEADER.ux_oh_bu_type_number'"
        return {"status": "HTTP/1.1 409 Conflict", "description": message}
    problem = _problem(call, document) or (_locked(old, document) if old is not None else "")
    if problem:
        return _refusal(number, problem)
    call.effective = True
    if old is None:
        status = str(document.get("status") or "New")
        call.tenant.keep(WmsOrder(number, document, call.now, status, next_at=call.now))
        return {"status": "HTTP/1.1 201 Created", "type": kind, "entity": number}
    old.document = document
    if document.get("status"):
        old.status = str(document["status"])
    call.tenant.keep(old)
    return {"status": "HTTP/1.1 200 Updated", "type": kind, "entity": number}


def _locked(old: WmsOrder, document: Json) -> str:
    """Why an order cannot be changed any more."""
    if old.status in CANCELABLE:
        return ""
    return f"Order {old.number} is {old.status} and cannot be changed to {document.get('status') or old.status}"


def _refusal(number: str, words: str) -> Json:
    row: Json = {"status": "HTTP/1.1 400 Bad Request"}
    if number:
        row["entity"] = number
    return {**row, "description": words, "errors": {"message": words}}


def _parses(document: Json) -> bool:
    """Whether the parser takes it: what should be a number is one. Else the whole batch is a flat 400."""
    lines = as_rows((document.get("orderLines") or {}).get("orderLine") if document.get("orderLines") else None)
    return "channels" not in document and all(
        isinstance(line, dict)
        and all(number_of(line[name]) is not None for name in NUMBERS if line.get(name) not in (None, ""))
        for line in lines
    )


def _problem(call: Context, document: Json) -> str:
    unit = document.get("businessUnit")
    if unit not in (None, "", call.tenant.business_unit):
        return f"Business unit {unit} is unknown"
    if document.get("facility") and document["facility"] not in call.tenant.facilities:
        return f"Facility {document['facility']} is unknown"
    address = document.get("shipToAddress") or {}
    for name in ADDRESS_NEEDS:
        if not address.get(name):
            return f"shipToAddress.{name} is required"
    for name in ("name", "contactName"):
        if len(str(address.get(name) or "")) > NAME_LIMIT:
            return f"shipToAddress.{name} is longer than {NAME_LIMIT}"
    return _line_problem(call, as_rows((document.get("orderLines") or {}).get("orderLine")))


def _line_problem(call: Context, lines: list[Json]) -> str:
    if not lines:
        return "orderLines is empty"
    missing = [str(line.get("itemNumber")) for line in lines if line.get("itemNumber") not in call.tenant.stock]
    if missing:
        return f"missingItems: {', '.join(missing)}"
    if any(not (line.get("pack") or {}).get("type") for line in lines):
        return f"missingPacks: {', '.join(str(line.get('itemNumber')) for line in lines)}"
    numbers = [line.get("lineNumber") for line in lines]
    if len(set(numbers)) < len(numbers) or None in numbers:
        return "lineNumber is missing or repeated"
    if any((number_of(line.get("orderPackQuantity")) or 0) <= 0 for line in lines):
        return "orderPackQuantity must be positive"
    return ""


def _documents(body: bytes) -> list[Json] | None:
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        try:
            root = ET.fromstring(text)  # noqa: S314 -- a sandbox on this machine
        except ET.ParseError:
            return None
        rows = [plain(order) for order in ([root] if root.tag == "order" else root.findall("order"))]
        return rows if rows and all(isinstance(row, dict) for row in rows) else None
    try:
        value = json.loads(text)
    except ValueError:
        return None
    rows = as_rows(value.get("order")) if isinstance(value, dict) else []
    return rows if rows and all(isinstance(row, dict) for row in rows) else None


def replace(call: Context) -> Response:
    """PUT /orders/{type}/{number}: the document replaces the order; lines that are not in it are gone."""
    documents = _documents(call.request.body)
    if not documents or not _parses(documents[0]):
        return FLAT_400
    number, kind = call.parts["number"], call.parts["type"]
    call.subjects = [number]
    known = number in call.tenant.orders
    result = _write_one(call, {**documents[0], "number": number, "type": kind}, update=True)
    if not result["status"].startswith("HTTP/1.1 20"):
        return text_response(str(result["description"]), 400)
    place = f"/integration/{call.tenant.code}/orders/{quote(kind)}/{quote(number)}"
    answer = text_response("Updated" if known else "Created", 200 if known else 201)
    return Response(answer.status, answer.body, (*answer.headers, ("location", place)))


def update_fields(call: Context) -> Response:
    """POST /orders/{type}/{number}: single top-level elements by form; the order must exist."""
    order = call.tenant.orders.get(call.parts["number"])
    call.subjects = [call.parts["number"]]
    if order is None:
        return text_response(f"Order {call.parts['number']} does not exist", 404)
    fields = dict(call.request.form())
    complex_ones = [name for name in fields if isinstance(order.document.get(name), dict | list)]
    if not fields or complex_ones:
        return text_response(f"Only simple elements can be updated: {', '.join(complex_ones)}", 400)
    if "status" in fields:
        problem = _status_problem(order, fields["status"])
        if problem:
            return text_response(problem, 400)
        order.status = fields["status"]
    order.document = {**order.document, **fields}
    call.tenant.keep(order)
    call.effective = True
    return text_response("OK")


def set_statuses(call: Context) -> Response:
    """POST /orders/statusUpdates: one status for several orders; all of them or none."""
    form = call.request.form()
    status = next((value for key, value in form if key == "status"), "")
    types, numbers = ([value for key, value in form if key == name] for name in ("type", "number"))
    call.subjects = numbers
    if status not in STATUSES:
        return text_response(f"Status {status} is not valid", 400)
    if not numbers or len(types) != len(numbers):
        return text_response("type and number must have the same number of elements", 400)
    unknown = [number for number in numbers if number not in call.tenant.orders]
    if unknown:
        return text_response(f"Unknown orders: {', '.join(unknown)}", 400)
    orders = [call.tenant.orders[number] for number in numbers]
    problems = [problem for order in orders if (problem := _status_problem(order, status))]
    if problems:
        return text_response("; ".join(problems), 400)
    for order in orders:
        order.status = status
        call.tenant.keep(order)
    call.effective = True
    return text_response("OK")


def _status_problem(order: WmsOrder, status: str) -> str:
    if order.status == status or order.status in CANCELABLE:
        return ""
    return f"Order {order.number} is {order.status} and cannot become {status}"
