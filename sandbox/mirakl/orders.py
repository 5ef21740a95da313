"""Writing to orders: deciding, tracking, shipping, cancelling, custom fields and references."""

import re
from typing import Any

from sandbox.mirakl.book import BY_ORDER, Landing, put_quantity
from sandbox.mirakl.calls import Context, RefusedError, bad
from sandbox.mirakl.catalogue import FIELDS
from sandbox.mirakl.order import CANCELABLE
from sandbox.mirakl.state import Json, SandboxOrder
from sandbox.wire import Response, json_response

FREE_CARRIER_REFUSED = "Invalid value for field 'carrierCode'"
PATTERNS = {
    "DATE": r"\d{4}-\d{2}-\d{2}",
    "NUMERIC": r"-?\d+(\.\d+)?",
    "BOOLEAN": r"true|false",
    "LINK": r"https?://\S+",
}
LONGEST = {"STRING": 2000, "TEXTAREA": 5000}


def accept(call: Context) -> Response:
    """OR21: every line decided in one call, once."""
    order = call.order()
    order.accept_calls += 1
    _must_be_ours(order)
    if order.state != "WAITING_ACCEPTANCE":
        raise RefusedError(f"ORDER_INVALID_STATE: order {order.id} is {order.state}")
    answers = _answers(order, call.body().get("order_lines"))
    if len(set(answers.values())) > 1 and not call.operator.partial_acceptance:
        raise RefusedError("ORDER_PARTIAL_ACCEPTANCE_DISABLED")
    call.operator.accept(order, answers, call.now)
    if call.operator.refusal_zeroes_stock:
        for line in order.lines:
            offer = call.shop.offers.get(line["offer_sku"])
            if line["order_line_state"] == "REFUSED" and offer is not None:
                put_quantity(call.shop, offer, Landing(call.now, BY_ORDER, "", 0))
    call.effective = True
    return Response(204)


def _answers(order: SandboxOrder, lines: Any) -> dict[str, bool]:
    if not isinstance(lines, list):
        raise RefusedError("VALIDATION_ERROR: order_lines")
    if any(line is None for line in lines):
        raise RefusedError("ORDER_LINE_NULL_ELEMENT")
    if not all(isinstance(line, dict) and isinstance(line.get("accepted"), bool) for line in lines):
        raise RefusedError("VALIDATION_ERROR: order_lines")
    answers = {str(line.get("id")): line["accepted"] for line in lines}
    known = {line["order_line_id"] for line in order.lines}
    if set(answers) - known:
        raise RefusedError("ORDER_LINE_NOT_FOUND")
    if len(lines) != len(answers):
        raise RefusedError("ORDER_LINE_DUPLICATE_ID")
    if known - set(answers):
        raise RefusedError("ORDER_LINE_ACCEPTANCE_DECISION_MISSING")
    return answers


def _must_be_ours(order: SandboxOrder) -> None:
    """An order of a fulfilment centre of the operator is none of the shop's business."""
    if not order.body["can_shop_ship"]:
        raise RefusedError("ORDER_FULFILLED_UNAUTHORIZED")


def set_tracking(call: Context) -> Response:
    """OR23: carrier by code, or by name where the operator allows it."""
    order = call.order()
    _must_be_ours(order)
    if order.state not in ("SHIPPING", "SHIPPED", "TO_COLLECT"):
        raise RefusedError(wrong_state(order))
    tracking = call.body()
    problem = carrier_problem(call, tracking)
    if problem:
        raise RefusedError(problem)
    shown = shown_tracking(call, tracking, "carrier_url")
    order.body["shipping_carrier_code"] = shown.get("carrier_code")
    order.body["shipping_carrier_standard_code"] = shown.get("carrier_standard_code")
    order.body["shipping_company"] = shown.get("carrier_name")
    order.body["shipping_tracking"] = shown.get("tracking_number")
    order.body["shipping_tracking_url"] = shown.get("tracking_url")
    order.touch(call.now)
    call.effective = True
    return Response(204)


def wrong_state(order: SandboxOrder) -> str:
    """Mirakl's own words."""
    return f"The order status must be 'SHIPPING' but it is '{order.state}'."


def carrier_problem(call: Context, tracking: Json) -> str:
    """Why a carrier is refused; empty when it is not."""
    code = tracking.get("carrier_code")
    if code:
        carrier = next((one for one in call.operator.carriers if one["code"] == code), None)
        if carrier is None:
            return FREE_CARRIER_REFUSED
        if "{trackingId}" in carrier["tracking_url"] and not tracking.get("tracking_number"):
            return "Tracking number is mandatory for this carrier"
        return ""
    return "" if tracking.get("carrier_name") and call.operator.free_carriers else FREE_CARRIER_REFUSED


def shown_tracking(call: Context, tracking: Json, url_field: str = "tracking_url") -> Json:
    """The tracking as it is read back: of a registered carrier, name and address are the operator's."""
    number = tracking.get("tracking_number")
    carrier = next((one for one in call.operator.carriers if one["code"] == tracking.get("carrier_code")), None)
    if carrier is None:
        url, name, standard = tracking.get(url_field), tracking.get("carrier_name"), None
    else:
        url, name = str(carrier["tracking_url"]).replace("{trackingId}", str(number or "")), carrier["label"]
        standard = carrier["standard_code"]
    shown = {
        "carrier_code": tracking.get("carrier_code"),
        "carrier_name": name,
        "carrier_standard_code": standard or tracking.get("carrier_standard_code"),
        "tracking_number": number,
        "tracking_url": url,
    }
    return {key: value for key, value in shown.items() if value}


def _must_say_its_length(call: Context) -> Response | None:
    return None if "content-length" in call.request.headers else bad("Length Required", 411)


def ship(call: Context) -> Response:
    """OR24: only from SHIPPING, only with tracking where the shipping type wants it."""
    refused = _must_say_its_length(call)
    if refused:
        return refused
    order = call.order()
    _must_be_ours(order)
    if order.state != "SHIPPING":
        raise RefusedError(wrong_state(order))
    if call.operator.mandatory_tracking(order) and not order.body.get("shipping_tracking"):
        raise RefusedError("Tracking details are mandatory for this shipping method.")
    call.operator.ship(order, call.now)
    order.ships += 1
    call.effective = True
    return Response(204)


def cancel(call: Context) -> Response:
    """OR29: the whole order, while it can be cancelled."""
    refused = _must_say_its_length(call)
    if refused:
        return refused
    order = call.order()
    problem = cancel_problem(order)
    if problem:
        raise RefusedError(problem)
    call.operator.cancel(order, call.now)
    call.effective = True
    return Response(204)


def cancel_problem(order: SandboxOrder) -> str:
    """Why an order cannot be cancelled; empty when it can. Where the debit comes late, it must not have come."""
    workflow = order.body["payment_workflow"]
    if order.state not in CANCELABLE:
        return f"The order in state '{order.state}' cannot be canceled."
    if workflow in ("PAY_ON_DELIVERY", "PAY_ON_DUE_DATE", "PAY_ON_SHIPMENT") and order.is_debited:
        return "The order was debited and cannot be canceled."
    return ""


def update_fields(call: Context) -> Response:
    """OR31: custom fields of the order and its lines: only those that are named; an empty value deletes."""
    order = call.order()
    body = call.body()
    of_lines = [row for row in body.get("order_lines") or [] if isinstance(row, dict)]
    errors = _field_errors("order_additional_fields", body.get("order_additional_fields") or [], "ORDER")
    for row in of_lines:
        if order.line(row.get("order_line_id")) is None:
            errors.append(_error("not.found", "order_lines.order_line_id", "The order line does not exist"))
        name = "order_line_additional_fields"
        errors += _field_errors(f"order_lines.{name}", row.get(name) or [], "ORDER_LINE")
    if errors:
        return json_response({"order_update_errors": {"errors": errors, "input": body}})
    _set_fields(order.body, "order_additional_fields", body.get("order_additional_fields") or [], "ORDER")
    for row in of_lines:
        line = order.line(row["order_line_id"]) or {}
        _set_fields(line, "order_line_additional_fields", row.get("order_line_additional_fields") or [], "ORDER_LINE")
    order.touch(call.now)
    call.effective = True
    lines = [
        {"order_line_id": line["order_line_id"], "order_line_additional_fields": line["order_line_additional_fields"]}
        for line in order.lines
    ]
    fields = order.body["order_additional_fields"]
    return json_response({"order_update_result": {"order_additional_fields": fields, "order_lines": lines}})


def _error(code: str, where: str, message: str) -> Json:
    return {"code": code, "field": where, "message": message}


def _field_errors(where: str, rows: list[Any], entity: str) -> list[Json]:
    found = []
    for row in rows:
        field = _field(row.get("code") if isinstance(row, dict) else None, entity)
        if field is None:
            found.append(_error("unknown.code", f"{where}.code", "The custom field does not exist"))
        elif row.get("value") in (None, "") and field["required"]:
            found.append(_error("required", f"{where}.value", "A required custom field cannot be deleted"))
        elif row.get("value") not in (None, "") and not _fits(field, str(row["value"])):
            found.append(_error("invalid.value", f"{where}.value", f"The value is no {field['type']}"))
    return found


def _field(code: Any, entity: str) -> Json | None:
    return next((field for field in FIELDS if field["code"] == code and field["entity"] == entity), None)


def _fits(field: Json, value: str) -> bool:
    if "accepted_values" in field:
        return value in field["accepted_values"]
    pattern = PATTERNS.get(field["type"])
    return bool(re.fullmatch(pattern, value)) if pattern else len(value) <= LONGEST.get(field["type"], 2000)


def _set_fields(target: Json, name: str, rows: list[Json], entity: str) -> None:
    values = {row["code"]: row for row in target[name]}
    for row in rows:
        field = _field(row["code"], entity) or {}
        values[row["code"]] = {"code": row["code"], "type": field["type"], "value": row.get("value")}
    target[name] = [row for row in values.values() if row["value"] not in (None, "")]


def update_references(call: Context) -> Response:
    """OR04: the seller's own order numbers; fields that are not named stay, null removes."""
    answers = []
    for item in call.rows("orders", 100):
        order = call.find(item.get("order_id"))
        references = item.get("references") or {}
        number = references.get("order_reference_for_seller")
        if order is None:
            answers.append(_refused(item, _error("not.found", "order_id", "The order does not exist")))
        elif number is not None and not str(number).strip():
            where = "references.order_reference_for_seller"
            answers.append(_refused(item, _error("not.blank", where, "The reference may not be blank")))
        else:
            if "order_reference_for_seller" in references:
                order.body["references"]["order_reference_for_seller"] = number
                order.touch(call.now)
                call.effective = True
            now = order.body["references"]["order_reference_for_seller"]
            answers.append({"order_id": order.id, "updated": {"references": {"order_reference_for_seller": now}}})
    return json_response({"updated_orders": answers})


def _refused(item: Json, error: Json) -> Json:
    return {"order_id": item.get("order_id"), "errors": [error]}
