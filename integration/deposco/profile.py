"""The tenant profile: how one Deposco tenant speaks, as data. An integrator changes it without code."""

from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field


class Part(BaseModel):
    """The base of every part: unknown keys are mistakes and are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Transport(Part):
    """Which API generation serves, how often it may be called, how large a page is."""

    api: Literal["v1", "v2", "mixed"] = "v1"
    rate_per_second: float = 4.0
    page_size: int = 100
    # A search that answers with just so many rows may have been cut: it is asked again in halves.
    capped_at: tuple[int, ...] = (25, 50, 100, 200, 250, 500, 1000)
    deadline_seconds: float = 20.0
    extra_headers: dict[str, str] = Field(default_factory=dict)


class Routes(Part):
    """Path templates below /integration/{code}. The defaults are the routes seen to work on the gateway."""

    create_orders: str = "/orders"
    update_orders: str = "/orders/updates"
    status_updates: str = "/orders/statusUpdates"
    search_order: str = "/search/Order"
    read_order: str = "/orders/{type}/{number}"
    availability: str = "/enterpriseinventory/{bu}/availability"
    inventory_full: str = "/inventory/full"
    item: str = "/items/{bu}/{number}"
    search_shipment: str = "/search/shipment"
    shipment: str = "/shipments/{bu}/{number}"


class FieldRule(Part):
    """One target field: where its value comes from, and what is done to it.

    `source` is a dotted path into the canonical order, `constant` a fixed value, `template` a text with {paths}.
    `table` looks the value up in `tables`; a value that is not there is a problem unless `table_default` says "same".
    `keep_empty` sends an empty value where others are left out: some elements must be there, if only empty.
    """

    target: str
    source: str = ""
    constant: str = ""
    template: str = ""
    table: str = ""
    table_default: Literal["problem", "same"] = "problem"
    function: Literal["", "upper", "iso2", "date", "number"] = ""
    required: bool = False
    max_length: int = 0
    truncate: bool = False
    keep_empty: bool = False


class Limits(Part):
    """Lengths that the warehouse refuses to exceed. Names above 30 are refused though documented as 50."""

    name: int = 30
    address_line: int = 64
    city: int = 30
    postal_code: int = 20
    email: int = 50
    phone: int = 30
    order_number: int = 50
    require_phone: bool = False
    require_email: bool = False


class Inventory(Part):
    """Where stock is read, and which measure may be sold."""

    measures: tuple[str, ...] = ("totalOnHandQty", "atpQty", "totalAtp")
    sellable: str = "atpQty"


class ShipmentMap(Part):
    """How shipments are understood."""

    tracking_url: Literal["full", "base"] = "full"
    shipped_statuses: tuple[str, ...] = ("Shipped", "Ship Complete", "Complete", "Closed")
    retracted_statuses: tuple[str, ...] = ("Rolled Back",)
    # The first that is filled is the word of the carrier map; the others are tried when nobody has mapped it.
    carrier_fields: tuple[str, ...] = ("shipVendor", "shipVia", "shipMethod")


class Profile(Part):
    """One tenant. Versioned: a stored profile of another version is refused with its number."""

    version: Literal[1] = 1
    # Empty: the tenant's offset from UTC is learned from the times it sends.
    time_zone: str = ""
    order_type: str = "Sales Order"
    initial_status: Literal["New", "Hold"] = "New"
    line_number: str = "{order}-{n}"
    transport: Transport = Transport()
    routes: Routes = Routes()
    limits: Limits = Limits()
    order_map: tuple[FieldRule, ...] = ()
    line_map: tuple[FieldRule, ...] = ()
    tables: dict[str, dict[str, str]] = Field(default_factory=dict)
    status_map: dict[str, str] = Field(default_factory=dict)
    inventory: Inventory = Inventory()
    shipment_map: ShipmentMap = ShipmentMap()

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's own time zone, for times without an offset."""
        return ZoneInfo(self.time_zone or "UTC")


def _rule(target: str, source: str = "", **more: Any) -> FieldRule:
    return FieldRule(target=target, source=source, **more)


def _address(target: str, source: str) -> tuple[FieldRule, ...]:
    return (
        _rule(f"{target}.name", f"{source}.name", required=True),
        _rule(f"{target}.contactName", f"{source}.name"),
        _rule(f"{target}.email", f"{source}.email"),
        _rule(f"{target}.phone", f"{source}.phone"),
        _rule(f"{target}.addressLine1", f"{source}.line1", required=True),
        _rule(f"{target}.addressLine2", f"{source}.line2"),
        _rule(f"{target}.addressLine3", f"{source}.line3"),
        _rule(f"{target}.addressLine4", f"{source}.line4"),
        _rule(f"{target}.city", f"{source}.city", required=True),
        _rule(f"{target}.stateProvinceCode", f"{source}.state", keep_empty=True),
        _rule(f"{target}.postalCode", f"{source}.postal_code", keep_empty=True),
        _rule(f"{target}.countryCode", f"{source}.country", function="iso2", required=True),
    )


def default_v1_profile() -> Profile:
    """The plain V1 tenant: what its schema names, and what was seen to be accepted."""
    return Profile(
        order_map=(
            _rule("businessUnit", "business_unit", required=True),
            _rule("number", "number", required=True),
            _rule("type", "order_type", required=True),
            _rule("status", "initial_status", required=True),
            _rule("orderPriority", constant="10"),
            _rule("customerOrderNumber", "marketplace_id", required=True),
            _rule("otherReferenceNumber", "marketplace_id"),
            _rule("orderSource", "channel_code"),
            *_address("shipToAddress", "ship_to"),
            *_address("billToAddress", "bill_to"),
            _rule("shipVia", "ship_via"),
            _rule("shipVendor", "ship_vendor"),
            _rule("currencyCode", "currency", required=True),
            _rule("orderTotal", "total", function="number"),
            _rule("placedDate", "ordered_at", function="date"),
            _rule("plannedShipDate", "ship_by", function="date"),
        ),
        line_map=(
            _rule("businessUnit", "business_unit"),
            _rule("lineNumber", "line_number", required=True),
            _rule("customerLineNumber", "line_number"),
            _rule("importReference", "order_line_id"),
            _rule("lineStatus", constant="New"),
            _rule("orderPackQuantity", "quantity", function="number", required=True),
            _rule("itemNumber", "item_number", required=True),
            _rule("unitPrice", "unit_price", function="number"),
            # Units in the pack, not the quantity ordered.
            _rule("pack.type", constant="Each"),
            _rule("pack.quantity", constant="1"),
        ),
        status_map={
            **dict.fromkeys(("Draft", "New", "Accepted", "Open", "Ready", "Planned"), "received"),
            **dict.fromkeys(("Hold", "Needs Attention", "Suspended", "Incomplete"), "held"),
            "Back Ordered": "backordered",
            **dict.fromkeys(("Released", "Picking", "Packing", "Packed", "Processing"), "in_progress"),
            **dict.fromkeys(("Complete", "Ship Complete", "Closed", "Invoiced"), "shipped"),
            **dict.fromkeys(("Canceled", "Voided", "Rejected"), "cancelled"),
        },
    )
