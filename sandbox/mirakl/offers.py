"""Offers and their stock: OF21, OF24, and STO01 to STO03. Writes are jobs that run a moment later."""

import csv
import io
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from sandbox.mirakl.calls import Context, RefusedError, offset_page
from sandbox.mirakl.state import Json
from sandbox.wire import Response, json_response, text_response

SORTS = {"price": "price", "totalPrice": "total_price", "productTitle": "product_title"}
REQUIRED = ("product_id", "product_id_type", "price", "state_code")


def offers(call: Context) -> Response:
    """OF21."""
    sku, product = call.request.one("sku"), call.request.one("product_id")
    states = call.listed("offer_state_codes")
    rows = [
        _offer(call, offer)
        for offer in call.shop.offers.values()
        if sku in ("", offer["sku"]) and product in ("", f"P-{offer['sku']}") and (not states or "11" in states)
    ]
    name = SORTS.get(call.request.one("sort"), "total_price")
    rows.sort(key=lambda row: (row[name], row["offer_id"]), reverse=call.request.one("order") == "desc")
    return offset_page(call, rows, "offers")


def _offer(call: Context, offer: Json) -> Json:
    active, price = offer["quantity"] > 0, offer["price"]
    prices = {
        "price": price,
        "unit_origin_price": price,
        "volume_prices": [
            {"price": price, "unit_origin_price": price, "unit_discount_price": price, "quantity_threshold": 1}
        ],
    }
    body = {
        "offer_id": offer["id"],
        "shop_sku": offer["sku"],
        "product_sku": f"P-{offer['sku']}",
        "product_title": offer["title"],
        "product_references": [],
        "quantity": offer["quantity"],
        "price": price,
        "total_price": price,
        "active": active,
        "inactivity_reasons": [] if active else ["ZERO_QUANTITY"],
        "all_prices": [prices],
        "applicable_pricing": prices,
        "category_code": "SAMPLES",
        "category_label": "Samples",
        "channels": [],
        "currency_iso_code": call.shop.currency,
        "description": offer.get("description", ""),
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "leadtime_to_ship": 1,
        "logistic_class": {"code": "S", "label": "Small"},
        "max_order_quantity": 0,
        "min_order_quantity": 0,
        "min_quantity_alert": 0,
        "min_shipping_price": 0,
        "min_shipping_price_additional": 0,
        "min_shipping_type": "STD",
        "min_shipping_zone": "EU",
        "package_quantity": 1,
        "shipping_deadline": call.iso(),
        "state_code": "11",
    }
    places = offer.get("warehouses")
    return (
        {**body, "warehouses": [{"code": key, "quantity": value} for key, value in places.items()]} if places else body
    )


def update_offers(call: Context) -> Response:
    """OF24: whatever is left out is reset; a quantity that is not named becomes zero."""
    row = _import(call, call.rows("offers", 1_000_000), "offers", call.request.body)
    call.effective = True
    location = f"/api/offers/imports/{row['id']}"
    return json_response({"import_id": int(row["id"])}, 201, (("location", location),))


def _apply_offer(call: Context, item: Json) -> str:
    sku = str(item.get("shop_sku") or "")
    if not sku:
        return "The shop SKU is missing"
    if item.get("update_delete") == "delete":
        return "" if call.shop.offers.pop(sku, None) else "The offer does not exist"
    missing = [name for name in REQUIRED if item.get(name) in (None, "")]
    if missing:
        return f"Missing: {', '.join(missing)}"
    old = call.shop.offers.get(sku)
    call.operator.add_offer(call.shop, sku, float(item["price"]), int(item.get("quantity") or 0))
    call.shop.offers[sku]["description"] = str(item.get("description") or "")
    if old is not None:
        call.shop.offers[sku] |= {"id": old["id"], "title": old["title"]}
    return ""


def import_stock(call: Context) -> Response:
    """STO01: takes the file, works on it a moment later. The same file again, while it waits, is the same import."""
    text = _part(call.request.headers.get("content-type", ""), call.request.body)
    if text is None:
        raise RefusedError("The part named 'file' is missing")
    header = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in header else ",")
    lines: list[Json] = [{str(key): value for key, value in line.items()} for line in reader]
    row = _import(call, lines, "stock", text.encode())
    if not {"offer-sku", "quantity"} <= set(reader.fieldnames or ()):
        row["is_readable"] = False
    call.effective = True
    location = f"/api/offers/stock/imports/{row['id']}/status"
    return json_response({"import_id": row["id"]}, 201, (("location", location),))


def import_status(call: Context) -> Response:
    """STO02."""
    row = _stock_import(call)
    body = {key: row[key] for key in ("status", "date_created", "shop_id", "has_error_report")}
    body["import_id"] = row["id"]
    if row["status"] == "COMPLETE":
        body |= {"lines_in_success": row["good"], "lines_in_error": len(row["errors"])}
    return json_response(body)


def import_errors(call: Context) -> Response:
    """STO03: line number, reason, then the line as it was sent; only what is in error."""
    row = _stock_import(call)
    if not row["errors"]:
        raise RefusedError("There is no error report for this import", 404)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow(["error-line", "error-message", *(row["errors"][0][2].keys())])
    for number, message, line in row["errors"]:
        writer.writerow([number, message, *line.values()])
    return text_response(out.getvalue(), kind="text/csv")


def _stock_import(call: Context) -> Json:
    row = call.operator.imports.get(call.parts["import_id"])
    if row is None or row["shop_id"] != call.shop.id or row["kind"] != "stock":
        raise RefusedError("Import not found", 404)
    return row


def _import(call: Context, lines: list[Json], kind: str, content: bytes) -> Json:
    """Put a job into the queue; a request that repeats one still waiting finds that one."""
    imports = call.operator.imports
    for known in reversed(list(imports.values())[-20:]):
        same = known["kind"] == kind and known["shop_id"] == call.shop.id and known["content"] == content
        if same and known["status"] in ("WAITING", "RUNNING"):
            return known
    row: Json = {
        "id": str(len(imports) + 1),
        "kind": kind,
        "content": content,
        "lines": lines,
        "errors": [],
        "good": 0,
        "is_readable": True,
        "status": "WAITING",
        "date_created": call.iso(),
        "shop_id": call.shop.id,
        "has_error_report": False,
    }
    imports[row["id"]] = row
    half = call.operator.import_seconds / 2
    call.operator.later(call.now + half, lambda _at: row.update(status="RUNNING"))
    call.operator.later(call.now + 2 * half, lambda _at: _run(call, row))
    return row


def _run(call: Context, row: Json) -> None:
    if not row["is_readable"]:
        row["status"] = "FAILED"
        return
    apply = _apply_offer if row["kind"] == "offers" else _apply_stock
    for number, line in enumerate(row["lines"], 2):
        problem = apply(call, line)
        if problem:
            row["errors"].append((number, problem, line))
        else:
            row["good"] += 1
    row |= {"status": "COMPLETE", "has_error_report": bool(row["errors"]), "lines": []}


def _apply_stock(call: Context, line: Json) -> str:
    offer = call.shop.offers.get(line.get("offer-sku") or "")
    quantity, act = str(line.get("quantity") or "").strip(), str(line.get("update-delete") or "").lower()
    if offer is None:
        return "The offer does not exist"
    if act not in ("", "update", "delete"):
        return "The value of update-delete is unknown"
    if act != "delete" and not quantity.isdecimal():
        return "The quantity is invalid"
    place = str(line.get("warehouse-code") or "").strip()
    if not place:
        offer["quantity"] = 0 if act == "delete" else int(quantity)
        return ""
    places = offer.setdefault("warehouses", {})
    if act == "delete":
        places.pop(place, None)
    else:
        places[place] = int(quantity)
    offer["quantity"] = sum(places.values())
    return ""


def _part(content_type: str, body: bytes) -> str | None:
    message: Any = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            return str(part.get_payload(decode=True).decode("utf-8-sig", "replace"))
    return None
