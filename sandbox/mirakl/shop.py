"""The calls about the shop itself: account, configuration, offers, stock imports, money."""

import csv
import io
from datetime import datetime
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from sandbox.clock import iso
from sandbox.mirakl.calls import Context, bad, created_page, gone, seek_page
from sandbox.mirakl.state import CARRIERS, SHIPPING_TYPES, Json
from sandbox.wire import Response, json_response, text_response


def version(_call: Context) -> Response:
    """V01."""
    return json_response({"version": "3.210"})


def account(call: Context) -> Response:
    """A01."""
    shop = call.shop
    balances = {
        "paid_balance": 0,
        "payable_balance": 0,
        "pending_balance": round(sum(t["amount"] for t in _own(call)), 2),
    }
    contact = {
        "city": "Sampletown",
        "country": "FRA",
        "email": "shop@example.com",
        "lastname": "Sample",
        "street1": "1 Sample Street",
    }
    address = {"city": "Sampletown", "country_iso_code": "FRA", "street_1": "1 Sample Street"}
    return json_response(
        {
            "shop_id": shop.id,
            "shop_name": shop.name,
            "shop_state": shop.state,
            "currency_iso_code": shop.currency,
            "model": "MARKETPLACE",
            "billing_info": {},
            "channels": [],
            "contact_informations": contact,
            "date_created": "2024-01-01T00:00:00Z",
            "last_updated_date": call.iso(),
            "default_billing_information": {"default_language": "en", "id": "1", "registration_address": address},
            "domains": ["PRODUCT"],
            "evaluations_count": 0,
            "free_shipping": False,
            "is_professional": True,
            "offers_count": len(shop.offers),
            "orders_count": sum(order.shop_id == shop.id for order in call.operator.orders.values()),
            "payment_details": balances,
            "payment_method_mandatory": False,
            "premium": False,
            "pro_details": {},
            "shipping": {},
            "shipping_types": [],
            "shipping_zones": [],
            "shop_additional_fields": [],
        }
    )


def statistics(call: Context) -> Response:
    """A21: counted from the orders there are."""
    orders = [order for order in call.operator.orders.values() if order.shop_id == call.shop.id]
    decided = [order for order in orders if order.state != "WAITING_ACCEPTANCE"]
    accepted = sum(order.state != "REFUSED" for order in decided)
    rate = round(100 * accepted / len(decided), 2) if decided else 100
    return json_response({"orders_count": len(orders), "approval_rate": rate})


def configuration(call: Context) -> Response:
    """PC01."""
    operator = call.operator
    flags = ("maximum_order_quantity", "minimum_order_quantity", "package_order_quantity", "lead_time_to_ship")
    catalog: Json = dict.fromkeys(
        (
            "allow_shop_contribution_to_all_channels",
            "exclude_invalid_products",
            "product_acceptance_by_channel",
            "product_data_validation_by_channel",
            "product_import_only_on_leaf",
        ),
        False,
    )
    catalog["list_of_multiple_values_separator"] = "|"
    pricing: Json = dict.fromkeys(
        (
            "discount_period_required",
            "discount_price_creation_in_the_past_blocked",
            "scheduled_pricing",
            "volume_discount",
            "volume_pricing",
        ),
        False,
    )
    pricing["channel_pricing"] = "DISABLED"
    workflows: Json = dict.fromkeys(
        (
            "no_customer_payment_confirmation",
            "pause_debit_workflow",
            "pay_on_due_date",
            "pay_on_shipment",
            "sellers_edit_shipping_origin",
        ),
        False,
    )
    workflows |= {
        "order_acceptance": "AUTOMATIC" if operator.auto_accept else "NOT_AUTOMATIC",
        "shipping_and_billing_details_before_acceptance": operator.addresses_early,
    }
    features: Json = {
        "catalog": catalog,
        "circular_economy_data_collection": False,
        "competitive_pricing_tool": False,
        "direct_payment_customer_store": {"activated": False, "refund_cancel_authorized": False},
        "disable_seller_alternative_carrier": not operator.free_carriers,
        "dropship": {},
        "kyc_status_per_seller": False,
        "lead_time_to_ship_by_sellers_enabled": "NO",
        "multi_currency": False,
        "multi_payout_psp_per_seller": False,
        "no_reply_needed": False,
        "offer_prices_decimals": "2",
        "operator_csv_delimiter": "SEMICOLON",
        "order_conditions": dict.fromkeys(flags, False),
        "order_tax_mode": "TAX_INCLUDED",
        "order_workflows": workflows,
        "payment_confirmation": True,
        "pricing": pricing,
        "product_data_validation_by_channel": False,
        "promotion": {"cart_promotion_campaign": False, "discount_campaign": False, "seller_promotion": False},
        "returns": {},
        "shipment": {"multi_part_item_shipment": False, "multi_shipment": operator.multi_shipment},
        "shop_tax_options": {"tax_identification_number": {"mandatory": False}},
        "tax_collection": {"activated": "NO", "product_tax_code_mandatory": False, "tax_collection_by_operator": False},
        "tax_id_number": {"mandatory": False},
        "warehouses": {"geolocation": False, "restricted_countries": []},
    }
    modules: Json = dict.fromkeys(
        (
            "mirakl_catalog_integrator",
            "mirakl_catalog_manager",
            "mirakl_catalog_transformer",
            "mirakl_platform_services",
            "promotions",
            "quotes",
        ),
        False,
    )
    modules |= {
        "offer_management": True,
        "order_management": True,
        "tax_manager": {"activated": False, "tax_provider": {"avalara": False, "vertex": False}},
    }
    return json_response(
        {
            "features": features,
            "modules": modules,
            "platform_configuration": {
                "customer_model": {"b2b": False, "b2c": True},
                "enhanced_seller_invoicing": {"enabled": False},
                "platform_model": {"drop_ship": False, "marketplace": True, "one_creditor": False},
            },
            "platform_name": operator.name,
            "tenant_name": operator.name,
            "timezone": "Europe/Paris",
        }
    )


def shipping_types(_call: Context) -> Response:
    """SH12."""
    return json_response({"shipping_types": list(SHIPPING_TYPES)})


def carriers(_call: Context) -> Response:
    """SH21."""
    return json_response({"carriers": list(CARRIERS)})


def reasons(_call: Context) -> Response:
    """RE01."""
    rows = [
        {"code": "15", "label": "Out of stock", "type": "REFUND", "is_shop_right": True},
        {"code": "16", "label": "Cancelled before shipping", "type": "REFUND", "is_shop_right": True},
        {"code": "34", "label": "Out of stock", "type": "CANCELATION", "is_shop_right": True},
        {"code": "90", "label": "Fraud", "type": "CANCELATION", "is_shop_right": False},
    ]
    return json_response({"reasons": rows, "total_count": len(rows)})


def additional_fields(call: Context) -> Response:
    """AF01."""
    row = {
        "code": "gift-note",
        "label": "Gift note",
        "type": "STRING",
        "required": False,
        "editable": True,
        "entity": "ORDER",
    }
    entities = call.request.listed("entities")
    rows = [row] if not entities or "ORDER" in entities else []
    return json_response({"additional_fields": rows, "total_count": len(rows)})


def offers(call: Context) -> Response:
    """OF21."""
    wanted = call.request.one("sku")
    rows = [
        _offer(call, number, offer)
        for number, offer in enumerate(call.shop.offers.values(), 1)
        if wanted in ("", offer["sku"])
    ]
    return created_page(call, rows, "offers")


def _offer(call: Context, number: int, offer: Json) -> Json:
    active = offer["quantity"] > 0
    return {
        "offer_id": number,
        "shop_sku": offer["sku"],
        "product_sku": f"P-{offer['sku']}",
        "product_title": offer["title"],
        "product_references": [],
        "quantity": offer["quantity"],
        "price": offer["price"],
        "total_price": offer["price"],
        "active": active,
        "inactivity_reasons": [] if active else ["ZERO_QUANTITY"],
        "all_prices": [],
        "category_code": "SAMPLES",
        "category_label": "Samples",
        "channels": [],
        "currency_iso_code": call.shop.currency,
        "description": "",
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


def update_offers(call: Context) -> Response:
    """OF24: whatever is left out is reset; a quantity that is not named becomes zero."""
    for item in (call.json() or {}).get("offers") or []:
        sku = str(item.get("shop_sku"))
        if item.get("update_delete") == "delete":
            call.shop.offers.pop(sku, None)
            continue
        old = call.shop.offers.get(sku, {"title": f"Sample product {sku}"})
        call.shop.offers[sku] = {
            "sku": sku,
            "title": old["title"],
            "price": item.get("price", 0),
            "quantity": item.get("quantity", 0),
        }
    call.effective = True
    return json_response({"import_id": _import(call, [], kind="offers")["number"]}, 201)


def import_stock(call: Context) -> Response:
    """STO01: takes the file, works on it a moment later."""
    text = _part(call.request.headers.get("content-type", ""), call.request.body)
    if text is None:
        return bad("The part named 'file' is missing")
    sample = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in sample else ",")
    row = _import(call, [dict(line) for line in reader], kind="stock")
    call.effective = True
    location = f"/api/offers/stock/imports/{row['id']}/status"
    return json_response({"import_id": row["id"]}, 201, (("location", location),))


def import_status(call: Context) -> Response:
    """STO02."""
    row = _settled_import(call)
    if row is None:
        return gone("Import not found")
    body = {key: row[key] for key in ("status", "date_created", "shop_id", "has_error_report")}
    body["import_id"] = row["id"]
    if row["status"] == "COMPLETE":
        body |= {"lines_in_success": row["good"], "lines_in_error": len(row["errors"])}
    return json_response(body)


def import_errors(call: Context) -> Response:
    """STO03."""
    row = _settled_import(call)
    if row is None or not row["errors"]:
        return gone("No error report")
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";")
    writer.writerow(["error-line", "error-message", *(row["errors"][0][2].keys())])
    for number, message, line in row["errors"]:
        writer.writerow([number, message, *line.values()])
    return text_response(out.getvalue(), kind="text/csv")


def _import(call: Context, lines: list[Json], *, kind: str) -> Json:
    number = len(call.operator.imports) + 1
    row: Json = {
        "id": str(number),
        "number": number,
        "kind": kind,
        "lines": lines,
        "errors": [],
        "good": 0,
        "status": "WAITING",
        "date_created": call.iso(),
        "due": call.now + 0.3,
        "shop_id": call.shop.id,
        "has_error_report": False,
    }
    call.operator.imports[row["id"]] = row
    return row


def _settled_import(call: Context) -> Json | None:
    row = call.operator.imports.get(call.parts["import_id"])
    if row is None or row["shop_id"] != call.shop.id:
        return None
    if row["status"] == "WAITING" and call.now >= row["due"]:
        for number, line in enumerate(row["lines"], 2):
            offer = call.shop.offers.get(line.get("offer-sku") or "")
            quantity = line.get("quantity") or ""
            if offer is None:
                row["errors"].append((number, "The offer does not exist", line))
            elif not quantity.isdigit():
                row["errors"].append((number, "The quantity is invalid", line))
            else:
                offer["quantity"] = int(quantity)
                row["good"] += 1
        row["status"], row["has_error_report"] = "COMPLETE", bool(row["errors"])
    return row


def _part(content_type: str, body: bytes) -> str | None:
    message: Any = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    for part in message.iter_parts() if message.is_multipart() else ():
        if part.get_param("name", header="content-disposition") == "file":
            return str(part.get_payload(decode=True).decode("utf-8-sig"))
    return None


def billing_cycles(call: Context) -> Response:
    """SBC11: one open cycle with the sums of the log."""
    own = _own(call)
    if not own:
        return seek_page(call, [], largest=1000)
    row = {
        "id": f"00000000-0000-4000-8000-{call.shop.id:012d}",
        "date_created": own[0]["date_created"],
        "currency_iso_code": call.shop.currency,
        "amount_transferred_to_seller": round(sum(t["amount"] for t in own), 2),
        "pay_out": {"state": "TO_PAY"},
        "shop": {"id": str(call.shop.id), "name": call.shop.name},
    }
    return seek_page(call, [row], largest=1000)


def invoices(call: Context) -> Response:
    """IV01: nothing is invoiced before a cycle closes."""
    return created_page(call, [], "invoices")


def transaction_logs(call: Context) -> Response:
    """TL02: needs the accountancy role; filters by last update."""
    if not {"ROLE_SHOP_ACCOUNTANCY", "ROLE_PARTNER_TRANSACTION_LOG_READ"} & call.shop.roles:
        return bad("Access is denied", 403)
    since = call.request.one("last_updated_from")
    own = [row for row in _own(call) if not since or str(row["last_updated"]) >= (iso_of(since))]
    rows = []
    balance = 0.0
    for row in own:
        balance = round(balance + row["amount"], 2)
        rows.append({key: value for key, value in row.items() if key != "shop_id"} | {"balance": balance})
    return seek_page(call, rows, largest=2000)


def iso_of(text: str) -> str:
    """A moment given in any ISO form, as the log writes it."""
    return iso(datetime.fromisoformat(text)) or ""


def _own(call: Context) -> list[Json]:
    return [row for row in call.operator.transactions if row["shop_id"] == call.shop.id]
