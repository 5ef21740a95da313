"""The order calls: reading, deciding, tracking, shipping, refunds and cancelations."""

from datetime import datetime
from typing import Any

from sandbox.mirakl.calls import Context, bad, created_page, gone
from sandbox.mirakl.state import Json, SandboxOrder, transaction
from sandbox.wire import Response, json_response

CANCELABLE = ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING")
REFUNDABLE = ("SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED")


def list_orders(call: Context) -> Response:
    """OR11. Unknown parameters are ignored; the update filter is widened by a delta, as Mirakl does."""
    request, operator = call.request, call.operator
    for name in ("order_ids", "channel_codes", "order_references_for_customer"):
        if len(request.listed(name)) > 100:  # noqa: PLR2004 -- Mirakl's limit, in the message
            return bad(f"The limit of 100 is exceeded for the parameter : {name}")
    ids, states = set(request.listed("order_ids")), set(request.listed("order_state_codes"))
    pool = (
        [operator.orders[one] for one in sorted(ids) if one in operator.orders]
        if ids
        else list(operator.orders.values())
    )
    since, until = _moment(request.one("start_update_date")), _moment(request.one("end_update_date"))
    start, end = _moment(request.one("start_date")), _moment(request.one("end_date"))
    rows = [
        order
        for order in pool
        if order.shop_id == call.shop.id
        and order.state != "STAGING"
        and (not states or order.state in states)
        and (since is None or order.updated >= since - 1)
        and (until is None or order.updated <= until)
        and (start is None or order.created >= start)
        and (end is None or order.created <= end)
    ]
    rows.sort(key=lambda order: (order.created, order.id), reverse=request.one("order") == "desc")
    return created_page(call, [order.body for order in rows], "orders")


def accept(call: Context) -> Response:
    """OR21: every line decided in one call, once."""
    order = call.order()
    if order is None:
        return gone("ORDER_NOT_FOUND")
    order.accept_calls += 1
    if order.state != "WAITING_ACCEPTANCE":
        return bad(f"ORDER_INVALID_STATE: order {order.id} is {order.state}")
    lines = (call.json() or {}).get("order_lines")
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        return bad("VALIDATION_ERROR: order_lines")
    answers = {str(line.get("id")): bool(line.get("accepted")) for line in lines}
    known = {line["order_line_id"] for line in order.lines}
    if set(answers) - known:
        return bad("ORDER_LINE_NOT_FOUND")
    if len(lines) != len(answers):
        return bad("ORDER_LINE_DUPLICATE_ID")
    if known - set(answers):
        return bad("ORDER_LINE_ACCEPTANCE_DECISION_MISSING")
    if len(set(answers.values())) > 1 and not call.operator.partial_acceptance:
        return bad("ORDER_PARTIAL_ACCEPTANCE_DISABLED")
    call.operator.accept(order, answers, call.now)
    call.effective = True
    return Response(204)


def set_tracking(call: Context) -> Response:
    """OR23: carrier by code, or by name where the operator allows it."""
    order = call.order()
    if order is None:
        return gone("ORDER_NOT_FOUND")
    if order.state not in ("SHIPPING", "SHIPPED", "TO_COLLECT"):
        return bad(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    tracking = call.json() or {}
    problem = carrier_problem(call, tracking)
    if problem:
        return bad(problem)
    order.body["shipping_carrier_code"] = tracking.get("carrier_code")
    order.body["shipping_company"] = tracking.get("carrier_name") or tracking.get("carrier_code")
    order.body["shipping_tracking"] = tracking.get("tracking_number")
    order.touch(call.now)
    call.effective = True
    return Response(204)


def carrier_problem(call: Context, tracking: Json) -> str:
    """Why a carrier is refused; empty when it is not."""
    carriers = {carrier["code"]: carrier for carrier in call.operator_carriers()}
    code = tracking.get("carrier_code")
    if code:
        if code not in carriers:
            return "Invalid value for field 'carrierCode'"
        if "{trackingId}" in carriers[code]["tracking_url"] and not tracking.get("tracking_number"):
            return "Tracking number is mandatory for this carrier"
        return ""
    if not tracking.get("carrier_name"):
        return "Invalid value for field 'carrierCode'"
    return "" if call.operator.free_carriers else "Invalid value for field 'carrierCode'"


def ship(call: Context) -> Response:
    """OR24: only from SHIPPING, only with tracking where the shipping type wants it."""
    order = call.order()
    if order is None:
        return gone("ORDER_NOT_FOUND")
    if "content-length" not in call.request.headers:
        return Response(411, b"Length Required")
    if order.state != "SHIPPING":
        return bad(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    mandatory = any(
        t["code"] == order.body["shipping_type_code"] and t["mandatory_tracking"] for t in call.shipping_types()
    )
    if mandatory and not order.body.get("shipping_tracking"):
        return bad("Tracking details are mandatory for this shipping method.")
    order.move("SHIPPED", call.now)
    order.ships += 1
    call.effective = True
    return Response(204)


def refund(call: Context) -> Response:
    """OR28: money back on lines; every call makes new refunds."""
    body = call.json() or {}
    refunds = body.get("refunds") or []
    found = [(_line_of(call, item.get("order_line_id")), item) for item in refunds]
    for pair, item in found:
        if pair is None:
            return gone(f"Order line {item.get('order_line_id')} not found")
        if pair[0].state not in REFUNDABLE:
            return bad(f"The order status must be 'SHIPPING' but it is '{pair[0].state}'.")
    answers = []
    for pair, item in found:
        assert pair is not None
        order, line = pair
        number = str(next(call.operator.refunds))
        row = {
            "id": number,
            "order_refund_id": number,
            "created_date": call.iso(),
            "amount": item.get("amount", 0),
            "shipping_amount": item.get("shipping_amount", 0),
            "quantity": item.get("quantity", 0),
            "reason_code": item.get("reason_code", ""),
            "refund_state": "WAITING_REFUND",
            "state": "WAITING_REFUND",
            "commission_amount": 0,
            "commission_taxes": [],
            "commission_total_amount": 0,
        }
        line["refunds"].append(row)
        amount = -float(item.get("amount", 0))
        call.operator.transactions.append(transaction(order, line, "REFUND_ORDER_AMOUNT", amount, call.now))
        order.touch(call.now)
        answers.append(
            {
                key: value
                for key, value in row.items()
                if key in ("order_refund_id", "amount", "shipping_amount", "quantity", "reason_code")
            }
            | {"refund_id": number, "order_line_id": line["order_line_id"]}
        )
    call.effective = True
    return json_response({"order_tax_mode": body.get("order_tax_mode") or "TAX_INCLUDED", "refunds": answers})


def cancel(call: Context) -> Response:
    """OR29: the whole order, while it can be cancelled."""
    order = call.order()
    if order is None:
        return gone("ORDER_NOT_FOUND")
    if order.state not in CANCELABLE:
        return bad(f"The order in state '{order.state}' cannot be canceled.")
    order.due.clear()
    order.move("CANCELED", call.now)
    call.effective = True
    return Response(204)


def cancel_lines(call: Context) -> Response:
    """OR30: quantities of lines."""
    body = call.json() or {}
    answers = []
    for item in body.get("cancelations") or []:
        pair = _line_of(call, item.get("order_line_id"))
        if pair is None:
            return gone(f"Order line {item.get('order_line_id')} not found")
        order, line = pair
        number = str(next(call.operator.refunds))
        line["cancelations"].append(
            {
                "id": number,
                "created_date": call.iso(),
                "amount": item.get("amount", 0),
                "shipping_amount": item.get("shipping_amount", 0),
                "quantity": item.get("quantity", 0),
                "reason_code": item.get("reason_code"),
                "taxes": [],
                "shipping_taxes": [],
                "fees": [],
                "commission_amount": 0,
                "commission_taxes": [],
                "commission_total_amount": 0,
            }
        )
        order.touch(call.now)
        answers.append(
            {
                "cancelation_id": number,
                "order_line_id": line["order_line_id"],
                "amount": item.get("amount", 0),
                "shipping_amount": item.get("shipping_amount", 0),
                "quantity": item.get("quantity", 0),
                "reason_code": item.get("reason_code", ""),
            }
        )
    call.effective = True
    return json_response({"order_tax_mode": body.get("order_tax_mode") or "TAX_INCLUDED", "cancelations": answers})


def update_fields(call: Context) -> Response:
    """OR31: custom fields of the order."""
    order = call.order()
    if order is None:
        return gone("ORDER_NOT_FOUND")
    body = call.json() or {}
    order.body["order_additional_fields"] = body.get("order_additional_fields") or []
    order.touch(call.now)
    call.effective = True
    return json_response({"order_update_result": {"order_additional_fields": order.body["order_additional_fields"]}})


def update_references(call: Context) -> Response:
    """OR04: the seller's own order numbers."""
    answers = []
    for item in (call.json() or {}).get("orders") or []:
        order = call.operator.orders.get(str(item.get("order_id")))
        if order is None or order.shop_id != call.shop.id:
            answers.append(
                {
                    "order_id": item.get("order_id"),
                    "updated": False,
                    "errors": [{"code": "not.found", "message": "Order not found"}],
                }
            )
            continue
        order.body["references"]["order_reference_for_seller"] = (item.get("references") or {}).get(
            "order_reference_for_seller"
        )
        answers.append({"order_id": order.id, "updated": True})
        call.effective = True
    return json_response({"updated_orders": answers})


def _line_of(call: Context, line_id: Any) -> tuple[SandboxOrder, Json] | None:
    order = call.operator.orders.get(str(line_id).rsplit("-", 1)[0])
    if order is None or order.shop_id != call.shop.id:
        return None
    line = next((line for line in order.lines if line["order_line_id"] == line_id), None)
    return None if line is None else (order, line)


def _moment(text: str) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
