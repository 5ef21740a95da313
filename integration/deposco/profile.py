"""The tenant profile: how one Deposco tenant speaks, as data. An integrator changes it without code."""

from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import Field

from integration.deposco.rules import FieldRule, Part
from integration.deposco.rules import rule as _rule
from integration.deposco.v2.settings import V2Settings

__all__ = ["CAPABILITIES", "Capability", "FieldRule", "Part", "Profile", "default_v1_profile"]


Api = Literal["v1", "v2"]
Capability = Literal["orders", "shipments", "items", "facilities", "stock"]
CAPABILITIES: tuple[Capability, ...] = get_args(Capability)
# Over what each is spoken. V2 tells no stock, and V1 has no list of facilities: it tells them with its stock.
SPOKEN: dict[str, dict[Capability, Api]] = {
    "v1": {"orders": "v1", "shipments": "v1", "items": "v1", "stock": "v1"},
    "v2": {"orders": "v2", "shipments": "v2", "items": "v2", "facilities": "v2"},
    "mixed": {"orders": "v2", "shipments": "v2", "items": "v2", "facilities": "v2", "stock": "v1"},
}


class Transport(Part):
    """Which API generation serves, how often it may be called, how large a page is.

    `capabilities` overrides, one by one, what `api` means: {"shipments": "v1"}.
    """

    api: Literal["v1", "v2", "mixed"] = "v1"
    capabilities: dict[Capability, Api] = Field(default_factory=dict)
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
    """Where stock is read, and which measure may be sold. Measures are a tenant's own: one it has not is unknown.

    `measures` are asked for when the connection is tested. `full` reads all of it, `delta` what moved since a moment,
    `recheck` items by their numbers. A reading of what moved begins `overlap_seconds` before the last one did, and the
    last one counts from `settle_seconds` before its beginning. `safety_stock` is a dotted path into an item, for example
    customFields.SafetyStock; empty: the warehouse keeps none.
    """

    measures: tuple[str, ...] = ("totalOnHandQty", "atpQty", "totalAtp")
    full: Literal["availability", "inventory_full"] = "availability"
    delta: Literal["inventory_full", "none"] = "inventory_full"
    recheck: Literal["availability", "none"] = "availability"
    sellable: str = "atpQty"
    on_hand: str = "totalOnHandQty"
    full_sellable: str = "availableToPromise"
    full_on_hand: str = "total"
    full_unallocated: str = "unallocated"
    overlap_seconds: int = Field(default=60, ge=0)
    settle_seconds: int = Field(default=5, ge=0)
    page_size: int = Field(default=500, ge=1)
    safety_stock: str = ""


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
    v2: V2Settings = V2Settings()

    def speaks(self, capability: Capability) -> Api | None:
        """Over which generation something is spoken; None when this tenant cannot be asked for it."""
        return {**SPOKEN[self.transport.api], **self.transport.capabilities}.get(capability)

    @property
    def zone(self) -> ZoneInfo:
        """The tenant's own time zone, for times without an offset."""
        return ZoneInfo(self.time_zone or "UTC")


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
    """The plain tenant: V1 as its schema names it and was seen to accept it, and V2 ready beside it."""
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
            **dict.fromkeys(("Ready for Fulfillment", "Wave Built"), "received"),
            **dict.fromkeys(("Released", "Picking", "Packing", "Packed", "Processing"), "in_progress"),
            **dict.fromkeys(("Partially Released", "Pick Complete", "Partially Staged", "Staged"), "in_progress"),
            **dict.fromkeys(("Partially Loaded", "Loaded"), "in_progress"),
            "Partially Shipped": "partially_shipped",
            **dict.fromkeys(("Complete", "Ship Complete", "Closed", "Invoiced"), "shipped"),
            **dict.fromkeys(("Canceled", "Voided", "Rejected"), "cancelled"),
        },
    )
