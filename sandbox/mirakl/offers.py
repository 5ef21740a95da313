"""Offers: OF21, and OF24, which is a job that runs a moment later."""

from hashlib import sha256
from typing import Any

from sandbox.mirakl.book import PLAIN, reasons
from sandbox.mirakl.calls import Context, offset_page
from sandbox.mirakl.imports import ImportJob, begin
from sandbox.mirakl.plans import Plan
from sandbox.mirakl.state import Json, Shop
from sandbox.wire import Response, json_response

SORTS = {"price": "price", "totalPrice": "price", "productTitle": "title"}
REQUIRED = ("product_id", "product_id_type", "price", "state_code")


def offers(call: Context) -> Response:
    """OF21."""
    sku, product = call.request.one("sku"), call.request.one("product_id")
    states = call.listed("offer_state_codes")
    named = sku or product.removeprefix("P-")
    rows = [call.shop.offers[named]] if named in call.shop.offers else [] if named else list(call.shop.offers.values())
    if (sku and product and product != f"P-{sku}") or (states and "11" not in states):
        rows = []
    name = SORTS.get(call.request.one("sort"), "price")
    rows.sort(key=lambda offer: (offer[name], offer["id"]), reverse=call.request.one("order") == "desc")
    return offset_page(call, rows, "offers", lambda offer: _offer(call, offer))


def _offer(call: Context, offer: Json) -> Json:
    inactive, price = reasons(offer, call.shop.state), offer["price"]
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
        "product_references": [{"reference": code, "reference_type": "EAN"} for code in offer.get("eans", ())],
        "quantity": offer["quantity"],
        "price": price,
        "total_price": price,
        "active": not inactive,
        "inactivity_reasons": inactive,
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
        "min_shipping_price": 0,
        "min_shipping_price_additional": 0,
        "min_shipping_type": "STD",
        "min_shipping_zone": "EU",
        "shipping_deadline": call.iso(),
        "state_code": "11",
        **{name: offer.get(name, value) for name, value in PLAIN.items()},
    }
    places = offer.get("warehouses")
    return (
        {**body, "warehouses": [{"code": key, "quantity": value} for key, value in places.items()]} if places else body
    )


def update_offers(call: Context) -> Response:
    """OF24: whatever is left out is reset; a quantity that is not named becomes zero."""
    rows = call.rows("offers", 1_000_000)
    operator = call.operator

    def apply(shop: Shop, item: Json, _job: ImportJob, at: float) -> str:
        sku = str(item.get("shop_sku") or "")
        if not sku:
            return "The shop SKU is missing"
        if item.get("update_delete") == "delete":
            return "" if operator.delete_offer(shop, sku, at) else "The offer does not exist"
        missing = [name for name in REQUIRED if item.get(name) in (None, "")]
        if missing:
            return f"Missing: {', '.join(missing)}"
        operator.add_offer(shop, sku, float(item["price"]), int(item.get("quantity") or 0), at=at)
        shop.offers[sku] |= {"description": str(item.get("description") or ""), **_given(item)}
        return ""

    job = ImportJob("", "offers", call.shop.id, call.sent, sha256(call.request.body).digest(), rows, apply, Plan())
    job = begin(call, job)
    call.effective = True
    location = f"/api/offers/imports/{job.id}"
    return json_response({"import_id": int(job.id)}, 201, (("location", location),))


def _given(item: Json) -> dict[str, Any]:
    codes = {"eans": [str(item["product_id"])]} if item["product_id_type"] == "EAN" else {}
    return {**{name: int(item[name]) for name in PLAIN if item.get(name) not in (None, "")}, **codes}
