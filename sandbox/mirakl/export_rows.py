"""An offer as an export writes it down, in JSON and in CSV."""

import csv
import io
from typing import Any

from sandbox.clock import iso
from sandbox.mirakl.book import PLAIN, reasons
from sandbox.mirakl.state import Json, Shop

# The columns of the CSV, each with the field of the JSON it is made of.
COLUMNS = {
    "offer-id": "offer_id",
    "product-sku": "product_sku",
    "min-shipping-price": "min_shipping_price",
    "min-shipping-price-additional": "min_shipping_price_additional",
    "min-shipping-zone": "min_shipping_zone",
    "min-shipping-type": "min_shipping_type",
    "price": "price",
    "total-price": "price",
    "quantity": "quantity",
    "description": "description",
    "state-code": "state_code",
    "shop-id": "shop_id",
    "shop-name": "shop_name",
    "professional": "is_professional",
    "premium": "premium",
    "logistic-class": "logistic_class",
    "active": "active",
    "channels": "channels",
    "deleted": "deleted",
    "origin-price": "price",
    "currency-iso-code": "currency_iso_code",
    "leadtime-to-ship": "leadtime_to_ship",
    "allow-quote-requests": "allow_quote_requests",
    "fulfillment-center-code": "fulfillment",
    "shop-sku": "shop_sku",
    "date-created": "date_created",
    "last-updated": "last_updated",
    "min-order-quantity": "min_order_quantity",
    "max-order-quantity": "max_order_quantity",
    "package-quantity": "package_quantity",
}
# Columns and fields that exist, and that no offer here has a value for.
EMPTY: tuple[str, ...] = (
    "price-additional-info",
    "favorite-rank",
    "discount-start-date",
    "discount-end-date",
    "discount-price",
)
EMPTY += ("available-start-date", "available-end-date", "discount-ranges", "price-ranges", "product-tax-code")
EMPTY += ("measurement-units", "ongoing-discount-campaigns")
HEADERS = (*COLUMNS, *EMPTY)
EMPTY_FIELDS: tuple[str, ...] = (
    "price_additional_info",
    "favorite_rank",
    "available_start_date",
    "available_end_date",
    "measurement",
)
EMPTY_FIELDS += ("measurement_units", "offer_additional_fields", "ongoing_discount_campaigns", "product_tax_code")
EMPTY_FIELDS += ("shipping_types", "retail_prices", "eco_contributions", "msrp")
FIELDS = (*(field for field in COLUMNS.values() if field != "price"), "prices", "warehouses", *EMPTY_FIELDS)


def exported(shop: Shop, since: float | None, wanted: Json) -> list[Json]:
    """The offers of an export: all that are active, or all; since a moment, every one that changed, deleted ones too."""
    channels = set(wanted.get("channel_codes") or ())
    everything = since is not None or bool(wanted.get("include_inactive_offers"))
    rows = [
        (offer, False, not reasons(offer, shop.state))
        for offer in shop.offers.values()
        if since is None or offer["updated"] >= since
    ]
    if since is not None:
        rows += [(offer, True, False) for offer in shop.deleted_offers.values() if offer["updated"] >= since]
    return [
        _row(shop, offer, is_active=is_active, is_deleted=is_deleted)
        for offer, is_deleted, is_active in rows
        if (everything or is_active) and (not channels or channels & set(offer.get("channels", ())))
    ]


def _row(shop: Shop, offer: Json, *, is_active: bool, is_deleted: bool) -> Json:
    price = offer["price"]
    row = {
        "active": is_active,
        "allow_quote_requests": False,
        "channels": offer.get("channels", []),
        "currency_iso_code": shop.currency,
        "date_created": iso(offer["created"], timespec="seconds"),
        "deleted": is_deleted,
        "description": offer.get("description", ""),
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "is_professional": True,
        "last_updated": iso(offer["updated"], timespec="seconds"),
        "leadtime_to_ship": 1,
        "logistic_class": {"code": "S"},
        "max_order_quantity": offer.get("max_order_quantity", PLAIN["max_order_quantity"]),
        "min_order_quantity": offer.get("min_order_quantity", PLAIN["min_order_quantity"]),
        "min_shipping_price": 0,
        "min_shipping_price_additional": 0,
        "min_shipping_type": "STD",
        "min_shipping_zone": "EU",
        "offer_id": offer["id"],
        "package_quantity": offer.get("package_quantity", PLAIN["package_quantity"]),
        "premium": False,
        "prices": [{"origin_price": price, "volume_prices": [{"quantity_threshold": 1, "unit_origin_price": price}]}],
        "product_sku": f"P-{offer['sku']}",
        "quantity": offer["quantity"],
        "shop_id": shop.id,
        "shop_name": shop.name,
        "shop_sku": offer["sku"],
        "state_code": "11",
    }
    places = offer.get("warehouses")
    if places:
        row["warehouses"] = [{"code": code, "quantity": count} for code, count in places.items()]
    return row


def csv_chunk(rows: list[Json], names: list[str], renamed: dict[str, str]) -> bytes:
    """Rows as a CSV file with semicolons and quotes; chosen columns in the order they were asked for."""
    headers = names or HEADERS
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow([renamed.get(name, name) for name in headers])
    fields = [COLUMNS.get(name, "") for name in headers]
    writer.writerows([_cell(row, field) for field in fields] for row in rows)
    return out.getvalue().encode()


def _cell(row: Json, field: str) -> Any:
    if field == "price":
        return f"{row['prices'][0]['origin_price']:.2f}"
    value = row.get(field, "")
    if value is True or value is False:
        return "true" if value else "false"
    if field == "channels":
        return "|".join(value)
    if field == "fulfillment":
        return value["center"]["code"]
    return value["code"] if field == "logistic_class" else value
