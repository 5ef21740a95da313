"""The shipment calls, where the operator has multi-shipment. Bulk calls answer success and error side by side."""

import re
import uuid

from sandbox.clock import iso
from sandbox.mirakl.calls import Context, RefusedError, seek_page
from sandbox.mirakl.orders import carrier_problem, shown_tracking, wrong_state
from sandbox.mirakl.refunds import quantity_left
from sandbox.mirakl.state import Json, SandboxOrder
from sandbox.wire import Response, json_response

LARGEST = 1000
INVOICE_REFERENCE = r"[0-9a-zA-Z_-]{0,255}"


def create(call: Context) -> Response:
    """ST01: one shipment per parcel; each stands or falls alone."""
    _must_be_on(call)
    done: list[Json] = []
    errors: list[Json] = []
    for item in call.rows("shipments", LARGEST):
        order = call.find(item.get("order_id"))
        problem = _problem(call, order, item)
        if problem or order is None:
            errors.append({"order_id": item.get("order_id"), "message": problem})
        else:
            done.append(_add(call, order, item))
    call.effective = bool(done)
    call.subjects = [str(row["order_id"]) for row in (*done, *errors)]
    return json_response({"shipment_success": done, "shipment_errors": errors}, 201)


def list_shipments(call: Context) -> Response:
    """ST11, oldest first."""
    _must_be_on(call)
    wanted = call.many("order_id")
    states, debits = call.many("shipment_state_code"), call.many("shipment_customer_debit_state_code")
    since, until = call.moment("last_updated_from"), call.moment("last_updated_to")
    by_order = call.operator.shipments_by_order
    ids = (
        [one for order in sorted(wanted) for one in by_order.get(order, [])]
        if wanted
        else list(call.operator.shipments)
    )
    rows = [
        row
        for row in (call.operator.shipments[one] for one in ids)
        if call.operator.orders[row["order_id"]].shop_id == call.shop.id
        and (not states or row["status"] in states)
        and (not debits or row["status_customer_debit"] in debits)
        and (since is None or row["last_updated_date"] >= (iso(since) or ""))
        and (until is None or row["last_updated_date"] <= (iso(until) or ""))
    ]
    rows.sort(key=lambda row: row["created_date"], reverse=call.request.one("sort").endswith(",DESC"))
    return seek_page(call, rows)


def items_to_ship(call: Context) -> Response:
    """ST12: what is left of orders that may be shipped, with the address."""
    _must_be_on(call)
    wanted, centers = call.many("order_id"), call.many("fulfillment_center_code")
    since, until = call.moment("shipping_date_from"), call.moment("shipping_date_to")
    orders = [
        order
        for order in call.operator.orders_by_shop[call.shop.id]
        if order.state == "SHIPPING"
        and (not wanted or order.id in wanted)
        and (not centers or order.body["fulfillment"]["center"]["code"] in centers)
        and (since is None or order.shipping_since >= since)
        and (until is None or order.shipping_since <= until)
    ]
    orders.sort(key=lambda order: order.shipping_since, reverse=call.request.one("sort").endswith(",DESC"))
    return seek_page(call, [_to_ship(call, order) for order in orders])


def _to_ship(call: Context, order: SandboxOrder) -> Json:
    left = remaining(call, order)
    return {
        "order_id": order.id,
        "references": order.body["references"],
        "fulfillment": order.body["fulfillment"],
        "shipping_address": order.address,
        "shipping_date": iso(order.shipping_since),
        "shipping_deadline": order.body["shipping_deadline"],
        "shipping_type_code": order.body["shipping_type_code"],
        "shipment_lines": [
            {
                "order_line_id": line["order_line_id"],
                "offer_sku": line["offer_sku"],
                "product_title": line["product_title"],
                "quantity": left[line["order_line_id"]],
            }
            for line in order.lines
            if left.get(line["order_line_id"], 0) > 0
        ],
    }


def set_tracking(call: Context) -> Response:
    """ST23."""
    _must_be_on(call)
    done, errors = [], []
    for item in call.rows("shipments", LARGEST):
        row = _own(call, item)
        tracking = item.get("tracking") or {}
        problem = _missing(item) if row is None else carrier_problem(call, tracking)
        if problem or row is None:
            errors.append({"id": item.get("id"), "message": problem})
            continue
        row |= {"tracking": shown_tracking(call, tracking), "last_updated_date": call.iso()}
        call.operator.orders[row["order_id"]].touch(call.now)
        done.append({"id": row["id"]})
    call.effective = bool(done)
    return json_response({"shipment_success": done, "shipment_errors": errors})


def ship(call: Context) -> Response:
    """ST24."""
    _must_be_on(call)
    done, errors = [], []
    for item in call.rows("shipments", LARGEST):
        row = _own(call, item)
        if row is None or row["status"] != "SHIPPING":
            message = _missing(item) if row is None else f"Shipment with id '{row['id']}' is not in SHIPPING status."
            errors.append({"id": item.get("id"), "message": message})
            continue
        row |= {"status": "SHIPPED", "shipped_date": call.iso(), "last_updated_date": call.iso()}
        order = call.operator.orders[row["order_id"]]
        order.touch(call.now)
        _close_when_complete(call, order)
        done.append({"id": row["id"]})
    call.effective = bool(done)
    return json_response({"shipment_success": done, "shipment_errors": errors})


def remaining(call: Context, order: SandboxOrder) -> dict[str, int]:
    """Units left to ship, per line."""
    left = {
        line["order_line_id"]: quantity_left(line)
        for line in order.lines
        if line["order_line_state"] not in ("REFUSED", "CANCELED")
    }
    for one in call.operator.shipments_by_order.get(order.id, []):
        for line in call.operator.shipments[one]["shipment_lines"]:
            left[line["order_line_id"]] = left.get(line["order_line_id"], 0) - line["quantity"]
    return left


def _must_be_on(call: Context) -> None:
    if not call.operator.multi_shipment:
        raise RefusedError("Not Found", 404)


def _own(call: Context, item: Json) -> Json | None:
    row = call.operator.shipments.get(str(item.get("id")))
    return row if row is not None and call.find(row["order_id"]) is not None else None


def _missing(item: Json) -> str:
    return f"No shipment with id '{item.get('id')}'."


def _problem(call: Context, order: SandboxOrder | None, item: Json) -> str:
    if order is None:
        return f"Order with id '{item.get('order_id')}' not found."
    if not order.body["can_shop_ship"]:
        return "ORDER_FULFILLED_UNAUTHORIZED"
    if order.state != "SHIPPING":
        return wrong_state(order)
    if not re.fullmatch(INVOICE_REFERENCE, str(item.get("invoice_reference") or "")):
        return "The invoice reference is invalid."
    left = remaining(call, order)
    lines = item.get("shipment_lines")
    if not isinstance(lines, list) or not lines:
        return "Shipment quantity is invalid."
    for line in lines:
        line_id, quantity = _line_id(order, line), line.get("quantity")
        if not isinstance(quantity, int) or not 0 < quantity <= left.get(line_id, 0):
            return "Shipment quantity is invalid."
        left[line_id] -= quantity
    tracking = item.get("tracking")
    return carrier_problem(call, tracking) if tracking else ""


def _line_id(order: SandboxOrder, line: Json) -> str:
    """The line by its id, or by the deprecated offer SKU where that names one line only."""
    if line.get("order_line_id"):
        return str(line["order_line_id"])
    fitting = [one["order_line_id"] for one in order.lines if one["offer_sku"] == line.get("offer_sku")]
    return str(fitting[0]) if len(fitting) == 1 else ""


def _add(call: Context, order: SandboxOrder, item: Json) -> Json:
    shipped = bool(item.get("shipped"))
    late_debit = order.body["payment_workflow"] == "PAY_ON_SHIPMENT"
    row: Json = {
        "id": str(uuid.uuid4()),
        "order_id": order.id,
        "status": "SHIPPED" if shipped else "SHIPPING",
        "status_customer_debit": "NOT_STARTED" if late_debit else "DEBIT_OK" if order.is_debited else "NO_DEBIT",
        "created_date": call.iso(),
        "last_updated_date": call.iso(),
        "shipment_lines": [{**line, "order_line_id": _line_id(order, line)} for line in item["shipment_lines"]],
        "tracking": shown_tracking(call, item.get("tracking") or {}),
    }
    if shipped:
        row["shipped_date"] = call.iso()
    row |= {key: item[key] for key in ("invoice_reference", "shipping_from") if item.get(key)}
    call.operator.shipments[row["id"]] = row
    call.operator.shipments_by_order.setdefault(order.id, []).append(row["id"])
    order.ships += 1
    order.touch(call.now)
    _close_when_complete(call, order)
    return row


def _close_when_complete(call: Context, order: SandboxOrder) -> None:
    rows = [call.operator.shipments[one] for one in call.operator.shipments_by_order.get(order.id, [])]
    all_left = not any(remaining(call, order).values()) and all(row["status"] == "SHIPPED" for row in rows)
    if order.state == "SHIPPING" and all_left:
        call.operator.ship(order, call.now)
