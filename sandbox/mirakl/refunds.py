"""OR28 and OR30: money back on lines, and quantities taken out of them."""

from typing import Any

from sandbox.mirakl.calls import Context, RefusedError
from sandbox.mirakl.catalogue import may_use_reason
from sandbox.mirakl.order import REFUNDABLE
from sandbox.mirakl.orders import cancel_problem
from sandbox.mirakl.state import Json, SandboxOrder
from sandbox.wire import Response, json_response

LATER_STATES = ("WAITING_REFUND_PAYMENT", "REFUNDED")
CENT = 0.005


def refund(call: Context) -> Response:
    """OR28: all of them or none; every call makes new refunds, which the operator pays later."""
    pairs = [(_line_of(call, item), item) for item in call.rows("refunds", 100)]
    for (order, line), item in pairs:
        if order.state not in REFUNDABLE:
            raise RefusedError(f"The order line cannot be refunded in state '{order.state}'.")
        if not order.is_debited:
            raise RefusedError("The customer was not debited yet: cancel instead of refunding.")
        _must_fit(line, item, "REFUND")
    if call.operator.check_balance and sum(_sum(item) for _, item in pairs) > _payable(call) + CENT:
        raise RefusedError("The shop does not have a sufficient payable balance for the refund")
    groups: dict[str, str] = {}
    answers = [_refund(call, order, line, item, groups) for (order, line), item in pairs]
    call.effective = True
    call.subjects = [order.id for (order, _), _ in pairs]
    mode = call.body().get("order_tax_mode") or call.operator.tax_mode
    return json_response({"order_tax_mode": mode, "refunds": answers})


def _refund(call: Context, order: SandboxOrder, line: Json, item: Json, groups: dict[str, str]) -> Json:
    number = str(next(call.operator.refunds))
    group = groups.setdefault(order.id, number)
    taken = {**_amounts(item), "quantity": item.get("quantity", 0), "reason_code": item["reason_code"]}
    commission = round(_sum(item) * call.shop.commission_rate, 2)
    row: Json = {
        "id": number,
        "order_refund_id": group,
        "created_date": call.iso(),
        **taken,
        "refund_state": "WAITING_REFUND",
        "state": "WAITING_REFUND",
        "commission_amount": commission,
        "commission_tax_amount": 0,
        "commission_taxes": [],
        "commission_total_amount": commission,
    }
    line["refunds"].append(row)
    call.operator.log.book_refund(call.shop, order, line, row, call.now)
    left = sum(_left(one) for one in order.lines if one["order_line_state"] not in ("REFUSED", "CANCELED"))
    order.body["fully_refunded"] = left < CENT
    order.touch(call.now)
    for step, state in enumerate(LATER_STATES, start=1):
        call.operator.later(
            call.now + step * call.operator.refund_seconds / 2,
            lambda at, state=state: _advance(order, row, state, at),  # type: ignore[misc]
        )
    return {"refund_id": number, "order_refund_id": group, "order_line_id": line["order_line_id"], **taken}


def _advance(order: SandboxOrder, row: Json, state: str, at: float) -> None:
    row["refund_state"] = row["state"] = state
    order.touch(at)
    if state == "REFUNDED":
        row |= {"transaction_date": order.body["last_updated_date"], "transaction_number": f"RF-{row['id']}"}


def cancel_lines(call: Context) -> Response:
    """OR30: quantities of lines; a line without any left is cancelled, an order without lines too."""
    if not call.operator.partial_cancelation:
        raise RefusedError("Not Found", 404)
    pairs = [(_line_of(call, item), item) for item in call.rows("cancelations", 100)]
    for (order, line), item in pairs:
        problem = cancel_problem(order)
        if problem:
            raise RefusedError(problem)
        _must_fit(line, item, "CANCELATION")
        quantity = item.get("quantity")
        if not isinstance(quantity, int) or not 0 <= quantity <= quantity_left(line):
            raise RefusedError("VALIDATION_ERROR: quantity")
    answers = [_cancel(call, order, line, item) for (order, line), item in pairs]
    call.effective = True
    call.subjects = [order.id for (order, _), _ in pairs]
    mode = call.body().get("order_tax_mode") or call.operator.tax_mode
    return json_response({"order_tax_mode": mode, "cancelations": answers})


def _cancel(call: Context, order: SandboxOrder, line: Json, item: Json) -> Json:
    number = str(next(call.operator.refunds))
    taken = {**_amounts(item), "quantity": item["quantity"], "reason_code": item["reason_code"]}
    commission = round(_sum(item) * call.shop.commission_rate, 2)
    returned = {"commission_amount": commission, "commission_taxes": [], "commission_total_amount": commission}
    line["cancelations"].append({"id": number, "created_date": call.iso(), **taken, **returned})
    if quantity_left(line) == 0:
        line["order_line_state"] = "CANCELED"
        line["order_line_state_reason_code"] = item["reason_code"]
    if all(one["order_line_state"] in ("REFUSED", "CANCELED") for one in order.lines):
        call.operator.cancel(order, call.now)
    order.touch(call.now)
    return {"cancelation_id": number, "order_line_id": line["order_line_id"], **taken}


def quantity_left(line: Json) -> int:
    """Units of a line that were not cancelled."""
    return int(line["quantity"]) - sum(int(item["quantity"]) for item in line["cancelations"])


def _must_fit(line: Json, item: Json, kind: str) -> None:
    for name in ("amount", "shipping_amount"):
        if not isinstance(item.get(name), int | float) or item[name] < 0:
            raise RefusedError(f"VALIDATION_ERROR: {name}")
    if not may_use_reason(str(item.get("reason_code")), kind):
        raise RefusedError(f"VALIDATION_ERROR: reason_code '{item.get('reason_code')}'")
    if item["amount"] + item["shipping_amount"] > _left(line) + CENT:
        raise RefusedError("VALIDATION_ERROR: the amount exceeds what is left of the line")
    for name in ("taxes", "shipping_taxes"):
        must = any(tax.get("tax_calculation_rule") != "PROPORTIONAL_TO_AMOUNT" for tax in line[name])
        if must and not item.get(name):
            raise RefusedError(f"VALIDATION_ERROR: {name} is required")


def _left(line: Json) -> float:
    taken = sum(row["amount"] + row["shipping_amount"] for name in ("refunds", "cancelations") for row in line[name])
    return float(line["price"] + line["shipping_price"] - taken)


def _sum(item: Json) -> float:
    return float(item["amount"] + item["shipping_amount"])


def _amounts(item: Json) -> Json:
    lists = {name: item.get(name) or [] for name in ("taxes", "shipping_taxes", "fees")}
    return {"amount": item["amount"], "shipping_amount": item["shipping_amount"], **lists}


def _payable(call: Context) -> float:
    log = call.operator.log
    return float(sum(line["amount"] for line in log.of(call.shop.id) if line["payment_state"] == "PAYABLE"))


def _line_of(call: Context, item: Json) -> tuple[SandboxOrder, Json]:
    line_id: Any = item.get("order_line_id")
    order = call.find(str(line_id).rpartition("-")[0])
    line = None if order is None else order.line(line_id)
    if order is None or line is None:
        raise RefusedError(f"Order line with id '{line_id}' not found.", 404)
    return order, line
