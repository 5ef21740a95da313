"""Reading the money: SBC11, IV01, TL02."""

from sandbox.clock import seconds_of
from sandbox.mirakl.calls import Context, offset_page, seek_page
from sandbox.mirakl.state import Json
from sandbox.wire import Response


def billing_cycles(call: Context) -> Response:
    """SBC11: 1,000 a page at most."""
    ids, states = call.many("id"), call.many("pay_out_state")
    currencies, providers = call.many("currency"), call.many("pay_out_psp_code")
    rows = [
        row
        for row in call.operator.log.cycles
        if row["shop"]["shop_id"] == call.shop.id
        and (not ids or row["id"] in ids)
        and (not states or row["pay_out"]["state"] in states)
        and (not currencies or row["currency_iso_code"] in currencies)
        and (not providers or row["pay_out_psp_code"] in providers)
        and _is_within(call, row["date_created"], "start_date", "end_date")
    ]
    return seek_page(call, _sorted(call, rows, "date_created"), largest=1000)


def invoices(call: Context) -> Response:
    """IV01: without a type only the automatic invoices are shown."""
    kind, status = call.request.one("type") or "AUTO_INVOICE", call.request.one("payment_status")
    numbers = {part for value in call.many("invoice_id") for part in value.split(",")}
    cycles = {part for value in call.many("seller_billing_cycle_id") for part in value.split(",")}
    issuers = {part for value in call.many("issuing_user_types") for part in value.split(",")}
    rows = [
        row
        for row in call.operator.log.documents
        if row["shop_id"] == call.shop.id
        and kind in ("ALL", row["type"])
        and status in ("", row["payment"]["state"])
        and (not numbers or str(row["invoice_id"]) in numbers)
        and (not cycles or row.get("seller_billing_cycle_id") in cycles)
        and (not issuers or row["issuing_user"]["type"] in issuers)
        and call.request.one("currency") in ("", row["currency_iso_code"])
        and _is_within(call, row["date_created"], "start_date", "end_date")
    ]
    return offset_page(call, rows, "invoices")


def transaction_logs(call: Context) -> Response:
    """TL02: lines with their running balance; 2,000 a page at most."""
    balance, own = 0.0, []
    for row in call.operator.log.of(call.shop.id):
        balance = round(balance + row["amount"], 2)
        own.append({key: value for key, value in row.items() if key != "shop_id"} | {"balance": balance})
    rows = [
        row
        for row in own
        if _fits(call, row)
        and _is_within(call, row["date_created"], "date_created_from", "date_created_to")
        and _is_within(call, row["last_updated"], "last_updated_from", "")
    ]
    by_update = call.request.one("sort").startswith("lastUpdated")
    descending = call.request.one("sort") or "dateCreated,DESC"
    rows = _sorted(call, rows, "last_updated" if by_update else "date_created", descending)
    return seek_page(call, rows, largest=2000)


def _fits(call: Context, row: Json) -> bool:
    entities = row["entities"]
    wanted = {
        "payment_state": row["payment_state"],
        "transaction_type": row["type"],
        "seller_billing_cycle_id": row.get("seller_billing_cycle_id"),
        "order_id": entities.get("order", {}).get("id"),
        "order_line_id": entities.get("order_line", {}).get("id"),
    }
    number = call.request.one("accounting_document_number")
    if number and row.get("accounting_document_number") != number:
        return False
    return all(not (values := call.many(name)) or value in values for name, value in wanted.items())


def _is_within(call: Context, text: str, start: str, end: str) -> bool:
    since, until = call.moment(start), call.moment(end) if end else None
    if since is None and until is None:
        return True
    at = seconds_of(text)
    return (since is None or at >= since) and (until is None or at <= until)


def _sorted(call: Context, rows: list[Json], name: str, default: str = "") -> list[Json]:
    sort = call.request.one("sort") or default
    return sorted(rows, key=lambda row: str(row[name]), reverse=sort.endswith(",DESC"))
