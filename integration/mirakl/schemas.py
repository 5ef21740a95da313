"""What we use of Mirakl's answers. Unknown fields and unknown enum values are let through; absent and null are one."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, field_validator


class Wire(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Version(Wire):
    """V01."""

    version: str = ""


class Account(Wire):
    """A01."""

    shop_id: int
    shop_name: str = ""
    shop_state: str = ""
    currency_iso_code: str | None = None


class Platform(Wire):
    """PC01, flattened to the flags that change what a client does."""

    order_acceptance: str | None = None
    multi_shipment: bool | None = None
    disable_seller_alternative_carrier: bool | None = None
    addresses_before_acceptance: bool | None = None
    order_tax_mode: str | None = None
    timezone: str | None = None

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Platform":
        """Pick the flags out of the nested answer; absent ones stay None."""
        features = body.get("features") or {}
        workflows = features.get("order_workflows") or {}
        shipment = features.get("shipment") or {}
        return cls(
            order_acceptance=workflows.get("order_acceptance"),
            multi_shipment=shipment.get("multi_shipment"),
            disable_seller_alternative_carrier=features.get("disable_seller_alternative_carrier"),
            addresses_before_acceptance=workflows.get("shipping_and_billing_details_before_acceptance"),
            order_tax_mode=features.get("order_tax_mode"),
            timezone=body.get("timezone"),
        )


class Carrier(Wire):
    """SH21."""

    code: str
    label: str = ""
    standard_code: str | None = None
    tracking_url: str | None = None


class ShippingType(Wire):
    """SH12."""

    code: str
    label: str = ""
    standard_code: str | None = None
    mandatory_tracking: bool | None = None


class Reason(Wire):
    """RE01."""

    code: str
    label: str = ""
    type: str = ""
    is_shop_right: bool | None = None


class AdditionalField(Wire):
    """AF01."""

    code: str
    label: str = ""
    entity: str = ""
    type: str = ""
    required: bool | None = None


class Cancelation(Wire):
    """A cancelation on an order line; `quantity` is informative."""

    id: str = ""
    quantity: int | None = None


class OrderLine(Wire):
    """A line of OR11. Keyed by `order_line_id`: an offer SKU may stand on two lines."""

    order_line_id: str
    order_line_state: str = ""
    offer_sku: str
    product_title: str | None = None
    quantity: int
    price_unit: Decimal | None = None
    price: Decimal | None = None
    total_price: Decimal | None = None
    total_commission: Decimal | None = None
    cancelations: tuple[Cancelation, ...] = ()

    @field_validator("cancelations", mode="before")
    @classmethod
    def _absent_is_empty(cls, value: object) -> object:
        return value or ()


class Order(Wire):
    """An order of OR11, with the whole message in `raw`."""

    order_id: str
    commercial_id: str | None = None
    order_state: str
    currency_iso_code: str
    total_price: Decimal | None = None
    shipping_type_code: str | None = None
    can_shop_ship: bool | None = None
    customer_notification_email: str | None = None
    created_date: datetime | None = None
    last_updated_date: datetime | None = None
    shipping_deadline: datetime | None = None
    order_lines: tuple[OrderLine, ...]
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def fulfillment_center_code(self) -> str | None:
        """Who ships: `DEFAULT` is the seller."""
        center = (self.raw.get("fulfillment") or {}).get("center") or {}
        code = center.get("code")
        return str(code) if code else None


class UnreadableOrder(Wire):
    """An order whose message could not be read: kept whole, so that the page goes on without it."""

    order_id: str | None = None
    raw: Any = None
    problem: str = ""


class OrdersPage(Wire):
    """One page of OR11. `server_time` is Mirakl's own clock when it answered."""

    orders: tuple[Order, ...]
    unreadable: tuple[UnreadableOrder, ...] = ()
    total_count: int = 0
    server_time: datetime | None = None


class ShipmentLine(Wire):
    """A line of a shipment."""

    order_line_id: str | None = None
    offer_sku: str | None = None
    quantity: int = 0
    package_reference: str | None = None


class Tracking(Wire):
    """Tracking of a shipment."""

    carrier_code: str | None = None
    carrier_name: str | None = None
    tracking_number: str | None = None
    tracking_url: str | None = None


class MiraklShipment(Wire):
    """A shipment of ST01 and ST11."""

    id: str
    order_id: str
    status: str = ""
    shipment_lines: tuple[ShipmentLine, ...] = ()
    tracking: Tracking | None = None

    @field_validator("shipment_lines", mode="before")
    @classmethod
    def _absent_is_empty(cls, value: object) -> object:
        return value or ()


class ShipmentError(Wire):
    """An order that ST01 refused, with Mirakl's words."""

    order_id: str | None = None
    id: str | None = None
    message: str | None = None


class ShipmentsCreated(Wire):
    """ST01: successes and errors side by side in one 201."""

    successes: tuple[MiraklShipment, ...] = ()
    errors: tuple[ShipmentError, ...] = ()
