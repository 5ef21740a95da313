"""What a shop may read about its platform and itself: V01, A01, A21, PC01, SH12, SH21, RE01, AF01."""

from typing import Any

from sandbox.mirakl.calls import Context
from sandbox.mirakl.catalogue import FIELDS, REASONS
from sandbox.mirakl.state import Json
from sandbox.wire import Response, json_response

PERIODS = ("ALL_SINCE_BEGINNING", "LAST_MONTH", "LAST_THREE_MONTHS", "LAST_SIX_MONTHS", "LAST_YEAR")


def version() -> Response:
    """V01: needs no key."""
    return json_response({"version": "3.210"})


def account(call: Context) -> Response:
    """A01: the shop, its state and its balances."""
    shop = call.shop
    address = {"city": "Sampletown", "country_iso_code": "FRA", "street_1": "1 Sample Street"}
    contact = {
        "city": "Sampletown",
        "country": "FRA",
        "email": "shop@example.com",
        "lastname": "Sample",
        "street1": "1 Sample Street",
    }
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
            # Mirakl writes moments with and without milliseconds, side by side.
            "date_created": "2024-01-01T00:00:00Z",
            "last_updated_date": call.iso(),
            "default_billing_information": {"default_language": "en", "id": "1", "registration_address": address},
            "domains": ["PRODUCT"],
            "evaluations_count": 0,
            "free_shipping": False,
            "is_professional": True,
            "offers_count": len(shop.offers),
            "orders_count": len(call.operator.orders_by_shop[shop.id]),
            "payment_details": _balances(call),
            "payment_method_mandatory": False,
            "premium": False,
            "pro_details": {},
            "shipping": {},
            "shipping_types": [row["code"] for row in call.operator.shipping_types],
            "shipping_zones": ["EU"],
            "shop_additional_fields": [],
        }
    )


def _balances(call: Context) -> Json:
    sums = {"PENDING": 0.0, "PAYABLE": 0.0, "PAID": 0.0}
    for line in call.operator.log.of(call.shop.id):
        if line["type"] == "PAYMENT":
            sums["PAID"] -= line["amount"]
        elif line["payment_state"] in ("PENDING", "PAYABLE"):
            sums[line["payment_state"]] += line["amount"]
    return {f"{name.lower()}_balance": round(value, 2) for name, value in sums.items()}


def statistics(call: Context) -> Response:
    """A21: counted from the orders there are; one figure per period asked for."""
    orders = call.operator.orders_by_shop[call.shop.id]
    lines = [line for order in orders for line in order.lines]
    refused = sum(line["order_line_state"] == "REFUSED" for line in lines)
    decided = [line for line in lines if line["order_line_state"] not in ("STAGING", "WAITING_ACCEPTANCE")]
    accepted = len(decided) - refused
    debited = [order for order in orders if order.is_debited]
    figures: dict[str, float] = {
        "orders_count": len(debited),
        "approval_rate": _rate(accepted, len(decided)),
        "cancelation_rate": _rate(sum(bool(line["cancelations"]) for line in lines), accepted),
        "refund_rate": _rate(sum(bool(line["refunds"]) for line in lines), accepted),
        "total_revenue": round(sum(order.body["total_price"] for order in debited), 2),
        "offers_count": sum(offer["quantity"] > 0 for offer in call.shop.offers.values()),
    }
    wanted = [name for name in call.request.listed("periods") if name in PERIODS] or list(PERIODS)
    body: Json = {name: [{"period": period, "value": value} for period in wanted] for name, value in figures.items()}
    return json_response({**body, "shop_id": call.shop.id, "last_updated_date": call.iso(), "channel": None})


def _rate(part: int, whole: int) -> float:
    return round(part / whole, 4) if whole else 0.0


def _off(*names: str) -> dict[str, Any]:
    return dict.fromkeys(names, False)


def configuration(call: Context) -> Response:
    """PC01."""
    return json_response(
        {
            "features": _features(call),
            "modules": _modules(),
            "platform_configuration": {
                "customer_model": {"b2b": False, "b2c": True},
                "enhanced_seller_invoicing": {"enabled": False},
                "platform_model": {"drop_ship": False, "marketplace": True, "one_creditor": False},
            },
            "platform_name": call.operator.name,
            "tenant_name": call.operator.name,
            "timezone": "Europe/Paris",
        }
    )


def _features(call: Context) -> Json:
    operator = call.operator
    workflows = _off(
        "no_customer_payment_confirmation",
        "pause_debit_workflow",
        "pay_on_due_date",
        "pay_on_shipment",
        "sellers_edit_shipping_origin",
    )
    workflows |= {
        "order_acceptance": "AUTOMATIC" if operator.auto_accept else "NOT_AUTOMATIC",
        "shipping_and_billing_details_before_acceptance": operator.addresses_early,
    }
    return {
        "catalog": {
            **_off(
                "allow_shop_contribution_to_all_channels",
                "exclude_invalid_products",
                "product_acceptance_by_channel",
                "product_data_validation_by_channel",
                "product_import_only_on_leaf",
            ),
            "list_of_multiple_values_separator": "|",
        },
        **_off("circular_economy_data_collection", "competitive_pricing_tool", "kyc_status_per_seller"),
        **_off(
            "multi_currency", "multi_payout_psp_per_seller", "no_reply_needed", "product_data_validation_by_channel"
        ),
        "direct_payment_customer_store": _off("activated", "refund_cancel_authorized"),
        "disable_seller_alternative_carrier": not operator.free_carriers,
        "dropship": {},
        "lead_time_to_ship_by_sellers_enabled": "NO",
        "offer_prices_decimals": "2",
        "operator_csv_delimiter": "SEMICOLON",
        "order_conditions": _off(
            "maximum_order_quantity", "minimum_order_quantity", "package_order_quantity", "lead_time_to_ship"
        ),
        "order_tax_mode": operator.tax_mode,
        "order_workflows": workflows,
        "payment_confirmation": True,
        "pricing": {
            **_off(
                "discount_period_required",
                "discount_price_creation_in_the_past_blocked",
                "scheduled_pricing",
                "volume_discount",
                "volume_pricing",
            ),
            "channel_pricing": "DISABLED",
        },
        "promotion": _off("cart_promotion_campaign", "discount_campaign", "seller_promotion"),
        "returns": {},
        "shipment": {"multi_part_item_shipment": False, "multi_shipment": operator.multi_shipment},
        "shop_tax_options": {"tax_identification_number": {"mandatory": False}},
        "tax_collection": {"activated": "NO", **_off("product_tax_code_mandatory", "tax_collection_by_operator")},
        "tax_id_number": {"mandatory": False},
        "warehouses": {"geolocation": False, "restricted_countries": []},
    }


def _modules() -> Json:
    return {
        **_off(
            "mirakl_catalog_integrator",
            "mirakl_catalog_manager",
            "mirakl_catalog_transformer",
            "mirakl_platform_services",
            "promotions",
            "quotes",
        ),
        "offer_management": True,
        "order_management": True,
        "tax_manager": {"activated": False, "tax_provider": _off("avalara", "vertex")},
    }


def shipping_types(call: Context) -> Response:
    """SH12."""
    return json_response({"shipping_types": list(call.operator.shipping_types)})


def carriers(call: Context) -> Response:
    """SH21, sorted by label."""
    return json_response({"carriers": sorted(call.operator.carriers, key=lambda row: str(row["label"]))})


def reasons(_call: Context) -> Response:
    """RE01, sorted by type."""
    rows = sorted(REASONS, key=lambda row: str(row["type"]))
    return json_response({"reasons": rows, "total_count": len(rows)})


def additional_fields(call: Context) -> Response:
    """AF01."""
    entities = call.request.listed("entities")
    rows = [field for field in FIELDS if not entities or field["entity"] in entities]
    return json_response({"additional_fields": rows, "total_count": len(rows)})
