"""What a profile says of V2: where it is, how tokens are got, and how an order is written (SalesOrderDTO)."""

from typing import Literal

from pydantic import field_validator

from integration.deposco.rules import FieldRule, Part, rule

# A scope that the app was not given may cost the whole token: kits/read stands in a profile where kits tell their parts
# by themselves alone.
SCOPES = (
    "salesOrders/read",
    "salesOrders/write",
    "outboundShipments/read",
    "items/read",
    "facilities/read",
)


class OAuth(Part):
    """How a token is got. Empty words are found out: see `integration.deposco.v2.tokens`."""

    token_url: str = ""
    grant: Literal["", "client_credentials", "refresh_token"] = ""
    credentials_in: Literal["", "basic", "body"] = ""
    scopes: tuple[str, ...] = SCOPES
    env: str = ""
    company: str = ""


def _address(role: str, source: str, *, required: bool) -> tuple[FieldRule, ...]:
    contact, place = f"{role}Contact", f"{role}Address"
    return (
        rule(f"{contact}.firstName", f"{source}.name", function="first_name", max_length=30),
        rule(f"{contact}.lastName", f"{source}.name", function="last_name", max_length=30, required=required),
        rule(f"{contact}.phone", f"{source}.phone", max_length=30),
        rule(f"{contact}.email", f"{source}.email", max_length=50),
        rule(f"{place}.line1", f"{source}.line1", max_length=64, required=required),
        rule(f"{place}.line2", f"{source}.line2", max_length=64),
        rule(f"{place}.line3", f"{source}.line3", max_length=64),
        rule(f"{place}.line4", f"{source}.line4", max_length=64),
        rule(f"{place}.city", f"{source}.city", max_length=30, required=required),
        rule(f"{place}.stateProvince", f"{source}.state", max_length=100),
        rule(f"{place}.postalCode", f"{source}.postal_code", max_length=20),
        rule(f"{place}.country", f"{source}.country", function="iso2", max_length=100, required=required),
    )


ORDER_MAP = (
    rule("businessUnit.businessKey.code", "business_unit", required=True),
    rule("number", "number", max_length=50, required=True),
    rule("orderStatus", "initial_status", required=True),
    rule("customerOrderNumber", "marketplace_id", max_length=50, required=True),
    rule("otherReferenceNumber", "marketplace_id", max_length=50, truncate=True),
    rule("orderSource", "channel_code", max_length=100),
    *_address("shipTo", "ship_to", required=True),
    *_address("billTo", "bill_to", required=False),
    rule("shipVia", "ship_via", max_length=50),
    rule("shipVendor", "ship_vendor", max_length=50),
    rule("orderTotal", "total", kind="number"),
    rule("placedDate", "ordered_at", function="date"),
    rule("plannedShipDate", "ship_by", function="date"),
)
LINE_MAP = (
    rule("lineNumber", "line_number", max_length=55, required=True),
    # Shipments tell it back, so that a parcel finds its order and its line.
    rule("customerLineNumber", "line_number", max_length=100),
    rule("importReference", "order_line_id"),
    rule("item.businessKey.number", "item_number", required=True),
    rule("item.businessKey.[businessUnit.code]", "business_unit", required=True),
    rule("pack.businessKey.[item.number]", "item_number", required=True),
    # Units in the pack, not the quantity ordered.
    rule("pack.businessKey.quantity", constant="1", kind="number"),
    rule("pack.businessKey.[item.businessUnit.code]", "business_unit", required=True),
    rule("orderPackQuantity", "quantity", kind="number", required=True),
    rule("unitPrice", "unit_price", kind="number"),
)


class V2Settings(Part):
    """V2 of one tenant. `url` is for tenants whose V2 has another host than the connection's address."""

    url: str = ""
    base: str = "/latest"
    oauth: OAuth = OAuth()
    # Whether a shipment's address for tracking is only the beginning, and the number is to be put behind it.
    tracking_url: Literal["full", "base"] = "base"
    shipments_by: Literal["updatedAfter", "shippedAfter"] = "updatedAfter"
    # Whether lines come back with our own line number as customerLineNumber; else each order is asked for by its id.
    lines_come_back: bool = True
    order_page: int = 25
    shipment_page: int = 50
    item_page: int = 50
    order_map: tuple[FieldRule, ...] = ORDER_MAP
    line_map: tuple[FieldRule, ...] = LINE_MAP

    @field_validator("base")
    @classmethod
    def _is_no_beta(cls, value: str) -> str:
        if "beta" in value.lower():
            message = "the beta server answers with old data, from which orders were made twice: use /latest"
            raise ValueError(message)
        return value
