"""The shipment calls, where the operator has multi-shipment."""

import uuid

from sandbox.mirakl.calls import Context, gone, seek_page
from sandbox.mirakl.orders import carrier_problem
from sandbox.mirakl.state import Json, SandboxOrder
from sandbox.wire import Response, json_response


def create(call: Context) -> Response:
    """ST01: successes and errors side by side."""
    if not call.operator.multi_shipment:
        return gone("Not Found")
    done: list[Json] = []
    errors: list[Json] = []
    for item in (call.json() or {}).get("shipments") or []:
        order = call.operator.orders.get(str(item.get("order_id")))
        problem = _problem(call, order, item)
        if problem or order is None:
            errors.append({"order_id": item.get("order_id"), "message": problem})
            continue
        done.append(_add(call, order, item))
    call.effective = bool(done)
    return json_response({"shipment_success": done, "shipment_errors": errors}, 201)


def list_shipments(call: Context) -> Response:
    """ST11."""
    if not call.operator.multi_shipment:
        return gone("Not Found")
    wanted = call.request.many("order_id")
    ids = (
        [one for order in wanted for one in call.operator.shipments_by_order.get(order, [])]
        if wanted
        else list(call.operator.shipments)
    )
    rows = [call.operator.shipments[one] for one in ids]
    rows = [row for row in rows if call.operator.orders[row["order_id"]].shop_id == call.shop.id]
    return seek_page(call, rows)


def items_to_ship(call: Context) -> Response:
    """ST12: what is left of orders that may be shipped."""
    if not call.operator.multi_shipment:
        return gone("Not Found")
    wanted = set(call.request.many("order_id"))
    rows = []
    for order in call.operator.orders.values():
        if order.shop_id != call.shop.id or order.state != "SHIPPING" or (wanted and order.id not in wanted):
            continue
        left = {key: value for key, value in remaining(call, order).items() if value > 0}
        rows.append(
            {
                "order_id": order.id,
                "shipping_address": order.address,
                "shipping_date": order.body["last_updated_date"],
                "shipping_deadline": order.body["shipping_deadline"],
                "shipping_type_code": order.body["shipping_type_code"],
                "lines": [{"order_line_id": key, "quantity": value} for key, value in left.items()],
            }
        )
    return seek_page(call, rows)


def set_tracking(call: Context) -> Response:
    """ST23."""
    done, errors = [], []
    for item in (call.json() or {}).get("shipments") or []:
        row = call.operator.shipments.get(str(item.get("id")))
        if row is None:
            errors.append({"id": item.get("id"), "message": f"No shipment with id '{item.get('id')}'."})
            continue
        row["tracking"] = item.get("tracking") or {}
        done.append({"id": row["id"]})
    call.effective = bool(done)
    return json_response({"shipment_success": done, "shipment_errors": errors})


def ship(call: Context) -> Response:
    """ST24."""
    done, errors = [], []
    for item in (call.json() or {}).get("shipments") or []:
        row = call.operator.shipments.get(str(item.get("id")))
        if row is None or row["status"] != "SHIPPING":
            errors.append({"id": item.get("id"), "message": f"No shipment with id '{item.get('id')}'."})
            continue
        row["status"] = "SHIPPED"
        row["last_updated_date"] = call.iso()
        _close_when_complete(call, call.operator.orders[row["order_id"]])
        done.append({"id": row["id"]})
    call.effective = bool(done)
    return json_response({"shipment_success": done, "shipment_errors": errors})


def remaining(call: Context, order: SandboxOrder) -> dict[str, int]:
    """Units left to ship, per line."""
    left = {
        line["order_line_id"]: line["quantity"] - sum(item["quantity"] for item in line["cancelations"])
        for line in order.lines
        if line["order_line_state"] not in ("REFUSED", "CANCELED")
    }
    for one in call.operator.shipments_by_order.get(order.id, []):
        for line in call.operator.shipments[one]["shipment_lines"]:
            left[line["order_line_id"]] = left.get(line["order_line_id"], 0) - line["quantity"]
    return left


def _problem(call: Context, order: SandboxOrder | None, item: Json) -> str:
    if order is None or order.shop_id != call.shop.id:
        return f"Order with id '{item.get('order_id')}' not found."
    call.operator.settle(order, call.now)
    if order.state != "SHIPPING":
        return f"The order status must be 'SHIPPING' but it is '{order.state}'."
    left = remaining(call, order)
    for line in item.get("shipment_lines") or []:
        if not isinstance(line.get("quantity"), int) or not 0 < line["quantity"] <= left.get(
            line.get("order_line_id"), 0
        ):
            return "Shipment quantity is invalid."
        left[line["order_line_id"]] -= line["quantity"]
    tracking = item.get("tracking")
    return carrier_problem(call, tracking) if tracking else ""


def _add(call: Context, order: SandboxOrder, item: Json) -> Json:
    row: Json = {
        "id": str(uuid.uuid4()),
        "order_id": order.id,
        "status": "SHIPPED" if item.get("shipped") else "SHIPPING",
        "status_customer_debit": "DEBIT_OK",
        "created_date": call.iso(),
        "last_updated_date": call.iso(),
        "shipment_lines": item.get("shipment_lines") or [],
        "tracking": item.get("tracking") or {},
    }
    call.operator.shipments[row["id"]] = row
    call.operator.shipments_by_order.setdefault(order.id, []).append(row["id"])
    order.ships += 1
    order.touch(call.now)
    _close_when_complete(call, order)
    return row


def _close_when_complete(call: Context, order: SandboxOrder) -> None:
    rows = [call.operator.shipments[one] for one in call.operator.shipments_by_order.get(order.id, [])]
    if not any(remaining(call, order).values()) and all(row["status"] == "SHIPPED" for row in rows):
        order.move("SHIPPED", call.now)
