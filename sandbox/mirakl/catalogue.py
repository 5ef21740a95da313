"""What an operator publishes and never changes here: carriers, shipping types, reasons, custom fields."""

from typing import Any

Json = dict[str, Any]

# Sorted by label, as SH21 answers them. The last one asks for no tracking number.
CARRIERS: tuple[Json, ...] = (
    {"code": "DHL", "label": "DHL", "standard_code": "dhl", "tracking_url": "https://dhl.example.com/{trackingId}"},
    {"code": "DPD", "label": "DPD", "standard_code": "dpd", "tracking_url": "https://dpd.example.com/{trackingId}"},
    {
        "code": "FDX",
        "label": "FedEx Ground",
        "standard_code": "fedex",
        "tracking_url": "https://fdx.example.com/{trackingId}",
    },
    {"code": "OWN", "label": "Own courier", "standard_code": None, "tracking_url": "https://courier.example.com/"},
)


def _shipping_type(code: str, label: str, *, tracked: bool = False, collected: bool = False) -> Json:
    return {
        "code": code,
        "label": label,
        "description": f"{label} delivery",
        "standard_code": label.upper(),
        "mandatory_tracking": tracked,
        "click_and_collect": collected,
        "delivery_by_operator": False,
        "ignore_lead_time_to_ship": False,
    }


SHIPPING_TYPES: tuple[Json, ...] = (
    _shipping_type("STD", "Standard", tracked=True),
    _shipping_type("EXP", "Express", tracked=True),
    _shipping_type("ECO", "Economy"),
    _shipping_type("PUP", "Collect", collected=True),
)


def _reason(code: str, label: str, kind: str, *, shop: bool = True) -> Json:
    return {"code": code, "label": label, "type": kind, "is_shop_right": shop}


# Sorted by type. A reason that is not a shop's right is listed all the same.
REASONS: tuple[Json, ...] = (
    _reason("34", "Out of stock", "CANCELATION"),
    _reason("90", "Fraud", "CANCELATION", shop=False),
    _reason("2", "Parcel did not arrive", "INCIDENT_OPEN", shop=False),
    _reason("1", "Settled with the customer", "INCIDENT_CLOSE"),
    _reason("14", "No response", "REFUND"),
    _reason("15", "Out of stock", "REFUND"),
    _reason("16", "Cancelled before shipping", "REFUND"),
    _reason("17", "Returned", "REFUND"),
    _reason("91", "Goodwill of the operator", "REFUND", shop=False),
)


def _field(code: str, label: str, entity: str, kind: str = "STRING", *, required: bool = False, **more: Any) -> Json:
    field = {"code": code, "label": label, "entity": entity, "type": kind, "required": required, "editable": True}
    return {**field, **more}


FIELDS: tuple[Json, ...] = (
    _field("gift-note", "Gift note", "ORDER"),
    _field("dock", "Dock", "ORDER", "LIST", accepted_values=["A", "B"]),
    _field("promised-on", "Promised on", "ORDER", "DATE"),
    _field("wms-number", "Warehouse number", "ORDER", required=True),
    _field("engraving", "Engraving", "ORDER_LINE"),
)


def may_use_reason(code: str, kind: str) -> bool:
    """Whether a shop may give this reason for this kind of act."""
    return any(row["code"] == code and row["type"] == kind and row["is_shop_right"] for row in REASONS)
