"""Items of V1."""

from sandbox.deposco.calls import Context, collection
from sandbox.deposco.rendering import as_rows
from sandbox.deposco.state import Json, Tenant
from sandbox.wire import Response, text_response


def get(call: Context) -> Response:
    """GET /items/{number} and /items/{bu}/{number}."""
    number = call.parts["number"]
    if number not in call.tenant.stock:
        return text_response("Item not found", 404)
    return collection(call, "items", "item", "item", [document(call.tenant, number)])


def document(tenant: Tenant, number: str) -> Json:
    """An item as it is read: what was sent, and what every item has."""
    kept = {name: value for name, value in tenant.items.get(number, {}).items() if name != "active"}
    pack = {"type": "Each", "quantity": 1, "dimension": None, "upcs": None, "customMappings": None}
    return {
        "businessUnit": tenant.business_unit,
        "number": number,
        "name": f"Sample item {number}",
        "shortDescription": f"Sample item {number}",
        "serialTrackingEnabled": number in tenant.serial_items,
        "shippable": True,
        "packs": {"pack": [pack]},
        "salesEnabledFlag": True,
        **kept,
    }


def write_batch(call: Context) -> Response:
    """POST /items and /items/updates."""
    body = call.request.json()
    rows = as_rows(body.get("item")) if isinstance(body, dict) else []
    if not rows or not all(isinstance(row, dict) for row in rows):
        return text_response("Bad Request", 400)
    results = [_write(call, row) for row in rows]
    return collection(call, "multistatus", "multistatus", "response", results, 207)


def _write(call: Context, row: Json) -> Json:
    number = str(row.get("number") or "")
    if not number:
        return {"status": "HTTP/1.1 400 Bad Request", "description": "number is mandatory"}
    known = number in call.tenant.stock
    call.tenant.describe(number, row)
    call.effective = True
    return {"status": "HTTP/1.1 200 Updated" if known else "HTTP/1.1 201 Created", "entity": number}
