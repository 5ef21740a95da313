"""The order calls of V1."""

import json
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as ET

from sandbox.deposco.calls import Context
from sandbox.deposco.rendering import as_xml, mechanical
from sandbox.deposco.state import Json, WmsOrder
from sandbox.wire import Response, json_response, text_response

NAME_LIMIT = 30
SEARCHABLE = ("number", "otherReferenceNumber", "customerOrderNumber", "type", "status")


def create(call: Context) -> Response:
    """POST /orders: each order in a transaction of its own; 207 whatever came of them."""
    return _write(call, update=False)


def update(call: Context) -> Response:
    """POST /orders/updates: existing orders are changed."""
    return _write(call, update=True)


def _write(call: Context, *, update: bool) -> Response:
    documents = _documents(call.request.body)
    if documents is None:
        return text_response("Bad Request", 400)
    results = [_write_one(call, document, update=update) for document in documents]
    if call.wants_xml():
        body = as_xml("response", results)
        return text_response(
            f'<ns2:multistatus xmlns:ns2="http://integration.deposco.com/multistatus">{body}</ns2:multistatus>',
            207,
            "application/xml",
        )
    return json_response({"response": mechanical(results)}, 207)


def _write_one(call: Context, document: Json, *, update: bool) -> Json:
    number = str(document.get("number") or "")
    if not number or not document.get("type"):
        return _refusal(number, 400, "number and type are mandatory")
    if number in call.tenant.orders and not update:
        key = f"{call.tenant.code}-{document['type']}-{number}"
        return {
            "status": "HTTP/1.1 409 Conflict",
            "description": f"Duplicate entry '{key}' for key 'ORDER_HEADER.ux_oh_bu_type_number'",
        }
    problem = _problem(call, document)
    if problem:
        return _refusal(number, 400, problem)
    now = call.now
    old = call.tenant.orders.get(number)
    if old is not None:
        old.document = document
        call.effective = True
        return {"status": "HTTP/1.1 200 Updated", "entity": number}
    status = str(document.get("status") or "New")
    call.tenant.orders[number] = WmsOrder(number, document, now, now + call.late, status, next_at=now)
    call.effective = True
    return {"status": "HTTP/1.1 201 Created", "entity": number}


def _refusal(number: str, status: int, words: str) -> Json:
    row: Json = {"status": f"HTTP/1.1 {status} Bad Request", "description": words, "errors": {"message": words}}
    return {**row, "entity": number} if number else row


def _problem(call: Context, document: Json) -> str:
    address = document.get("shipToAddress") or {}
    for name in ("name", "addressLine1", "city", "countryCode"):
        if not address.get(name):
            return f"shipToAddress.{name} is required"
    for part in ("name", "contactName"):
        if len(str(address.get(part) or "")) > NAME_LIMIT:
            return f"shipToAddress.{part} is longer than {NAME_LIMIT}"
    lines = (document.get("orderLines") or {}).get("orderLine") or []
    lines = lines if isinstance(lines, list) else [lines]
    if not lines:
        return "orderLines is empty"
    missing = [str(line.get("itemNumber")) for line in lines if line.get("itemNumber") not in call.tenant.stock]
    if missing:
        return f"missingItems: {', '.join(missing)}"
    for line in lines:
        try:
            quantity = Decimal(str(line.get("orderPackQuantity")))
        except InvalidOperation:
            return "orderPackQuantity is not a number"
        if quantity <= 0:
            return "orderPackQuantity must be positive"
    return ""


def _documents(body: bytes) -> list[Json] | None:
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<"):
        try:
            root = ET.fromstring(text)  # noqa: S314 -- a sandbox on this machine
        except ET.ParseError:
            return None
        return [_plain(order) for order in root.findall("order")]

    try:
        value = json.loads(text)
    except ValueError:
        return None
    rows = value.get("order") if isinstance(value, dict) else None
    if isinstance(rows, dict):
        rows = [rows]
    return rows if isinstance(rows, list) and all(isinstance(row, dict) for row in rows) else None


def _plain(element: ET.Element) -> Any:
    children = list(element)
    if not children:
        return element.text or ""
    result: Json = {}
    for child in children:
        name = child.tag.rsplit("}", 1)[-1]
        value = _plain(child)
        if name in result:
            present = result[name]
            result[name] = [*(present if isinstance(present, list) else [present]), value]
        else:
            result[name] = value
    return result


def search(call: Context) -> Response:
    """GET /search/Order: unknown parameters are ignored, and then everything fits."""
    wanted = {name: call.request.one(name) for name in SEARCHABLE if call.request.one(name)}
    rows = (
        [
            _document(order)
            for order in call.tenant.orders.values()
            if order.visible_from <= call.now
            and all(str(_document(order).get(name) or "") == value for name, value in wanted.items())
        ]
        if "number" not in wanted
        else _by_number(call, wanted)
    )
    if call.wants_xml():
        return text_response(
            f'<ns2:orders xmlns:ns2="http://integration.deposco.com/order">{as_xml("order", rows[:100])}</ns2:orders>',
            kind="application/xml",
        )
    body = {"orders": {"order": mechanical(rows[:100])}} if rows else {"orders": {"@nil": "true"}}
    return json_response(body)


def _by_number(call: Context, wanted: dict[str, str]) -> list[Json]:
    order = call.tenant.orders.get(wanted["number"])
    if order is None or order.visible_from > call.now:
        return []
    return [_document(order)]


def _document(order: WmsOrder) -> Json:
    lines = [
        {**line, "shippedPackQuantity": order.shipped.get(str(line.get("lineNumber")), Decimal(0)), "lotNumber": None}
        for line in order.lines
    ]
    return {
        **order.document,
        "status": order.status,
        "shippingStatus": 20 if order.status == "Complete" else 0,
        "orderLines": {"orderLine": lines},
    }


def get(call: Context) -> Response:
    """GET /orders/{type}/{number}; some gateways refuse the space in the path."""
    if not call.tenant.spaces_in_path:
        return text_response("Bad Request", 400)
    order = call.tenant.orders.get(call.parts["number"])
    if order is None:
        return text_response("Order not found", 404)
    return json_response({"order": mechanical(_document(order))})


def replace(call: Context) -> Response:
    """PUT /orders/{type}/{number}: the document replaces the order."""
    documents = _documents(call.request.body) or []
    if not documents:
        return text_response("Bad Request", 400)
    known = call.parts["number"] in call.tenant.orders
    result = _write_one(call, documents[0], update=True)
    if not result["status"].startswith("HTTP/1.1 20"):
        return text_response(str(result.get("description")), 400)
    return text_response("Updated" if known else "Created", 200 if known else 201)


def set_statuses(call: Context) -> Response:
    """POST /orders/statusUpdates: one status for several orders."""
    form = call.request.form()
    status = next((value for key, value in form if key == "status"), "")
    numbers = [value for key, value in form if key == "number"]
    unknown = [number for number in numbers if number not in call.tenant.orders]
    if not status or not numbers or unknown:
        return text_response(f"Unknown orders: {', '.join(unknown)}", 400)
    for number in numbers:
        order = call.tenant.orders[number]
        if order.status in ("Complete", "Picking", "Packed"):
            return text_response(f"Order {number} is {order.status}", 400)
        order.status = status
    call.effective = True
    return text_response("OK")


def statuses(call: Context) -> Response:
    """GET /status/order/search: ignores the number, as observed."""
    rows = [{"number": order.number, "status": order.status} for order in list(call.tenant.orders.values())[:100]]
    return json_response({"orderStatuses": {"orderStatus": mechanical(rows)}})
