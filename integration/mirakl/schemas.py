"""What we use of Mirakl's answers. Unknown fields and unknown enum values are let through; absent and null are one."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, WrapValidator, field_validator
from pydantic import ValidationError as Refused
from pydantic_core.core_schema import ValidatorFunctionWrapHandler


def _or_none(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """A value we could do without is None when it cannot be read: it must not cost the order it stands in."""
    try:
        return validate(value)
    except Refused:
        return None


def _or_text(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    try:
        return "" if value is None else validate(value)
    except Refused:
        return ""


def _or_no_moment(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
    """Mirakl writes UTC; a moment without its Z is one all the same."""
    moment = _or_none(value, validate)
    return moment.replace(tzinfo=UTC) if isinstance(moment, datetime) and moment.tzinfo is None else moment


def _units(value: Any) -> Any:
    """A count that is absent, damaged or no whole one is none at all: the order is accepted, and held before the warehouse."""
    try:
        count = Decimal(str(value)) if value is not None else Decimal(0)
        return max(0, int(count)) if count == int(count) else 0
    except (ArithmeticError, ValueError):
        return 0


Maybe = WrapValidator(_or_none)
Text = Annotated[str, WrapValidator(_or_text)]
Moment = Annotated[datetime | None, WrapValidator(_or_no_moment)]
Amount = Annotated[Decimal | None, Maybe]
Flag = Annotated[bool | None, Maybe]


class Wire(BaseModel):
    """The base of every answer."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)


class Version(Wire):
    """V01."""

    version: Text = ""


class Account(Wire):
    """A01."""

    shop_id: int
    shop_name: Text = ""
    shop_state: Text = ""
    currency_iso_code: Text = ""


class Platform(Wire):
    """PC01, flattened to the flags that change what a client does."""

    order_acceptance: Text = ""
    multi_shipment: Flag = None
    disable_seller_alternative_carrier: Flag = None
    addresses_before_acceptance: Flag = None
    order_tax_mode: Text = ""
    timezone: Text = ""

    @classmethod
    def of(cls, body: dict[str, Any]) -> "Platform":
        """Pick the flags out of the nested answer; absent ones stay None."""
        features = _mapping(body.get("features"))
        workflows = _mapping(features.get("order_workflows"))
        shipment = _mapping(features.get("shipment"))
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
    label: Text = ""
    standard_code: Text = ""
    tracking_url: Text = ""


class ShippingType(Wire):
    """SH12."""

    code: str
    label: Text = ""
    standard_code: Text = ""
    mandatory_tracking: Flag = None


class Reason(Wire):
    """RE01."""

    code: str
    label: Text = ""
    type: Text = ""
    is_shop_right: Flag = None


class AdditionalField(Wire):
    """AF01."""

    code: str
    label: Text = ""
    entity: Text = ""
    type: Text = ""
    required: Flag = None


class Cancelation(Wire):
    """A cancelation on an order line; `quantity` is informative."""

    id: Text = ""
    quantity: int = 0

    @field_validator("quantity", mode="before")
    @classmethod
    def _counted(cls, value: object) -> object:
        return _units(value)


class OrderLine(Wire):
    """A line of OR11. Keyed by `order_line_id`: an offer SKU may stand on two lines.

    Only the id is asked for: an order is accepted by its ids, and what else is missing holds it before the warehouse.
    """

    order_line_id: str
    order_line_state: Text = ""
    offer_sku: Text = ""
    product_title: Text = ""
    quantity: int = 0
    price_unit: Amount = None
    price: Amount = None
    total_price: Amount = None
    total_commission: Amount = None
    cancelations: tuple[Cancelation, ...] = ()

    @field_validator("quantity", mode="before")
    @classmethod
    def _counted(cls, value: object) -> object:
        return _units(value)

    @field_validator("cancelations", mode="before")
    @classmethod
    def _absent_is_empty(cls, value: object) -> object:
        return [row for row in value if isinstance(row, dict)] if isinstance(value, list | tuple) else ()


class Order(Wire):
    """An order of OR11, with the whole message in `raw`. Asked for are its id, its state and its lines."""

    order_id: str = Field(min_length=1)
    commercial_id: Text = ""
    order_state: str
    currency_iso_code: Text = ""
    total_price: Amount = None
    shipping_type_code: Text = ""
    can_shop_ship: Flag = None
    fully_refunded: Flag = None
    customer_notification_email: Text = ""
    created_date: Moment = None
    last_updated_date: Moment = None
    acceptance_decision_date: Moment = None
    shipping_deadline: Moment = None
    order_lines: tuple[OrderLine, ...]
    raw: dict[str, Any] = Field(default_factory=dict, repr=False)

    @property
    def fulfillment_center_code(self) -> str:
        """Who ships: `DEFAULT` is the seller; empty when it is not told."""
        fulfillment = self.raw.get("fulfillment")
        center = fulfillment.get("center") if isinstance(fulfillment, dict) else None
        code = center.get("code") if isinstance(center, dict) else None
        return str(code) if code else ""

    @property
    def customer(self) -> dict[str, Any]:
        """The customer with the addresses, which are null before SHIPPING on most operators."""
        customer = self.raw.get("customer")
        return customer if isinstance(customer, dict) else {}

    @property
    def shipping_tracking(self) -> str:
        """The tracking number that stands on the order itself (OR23)."""
        return str(self.raw.get("shipping_tracking") or "").strip()


class UnreadableOrder(Wire):
    """An order whose message could not be read: kept whole, so that the page goes on without it."""

    order_id: str | None = None
    raw: Any = None
    problem: str = ""


class OrdersPage(Wire):
    """One page of OR11. `server_time` is Mirakl's own clock when it answered; `total_count` None when it told none."""

    orders: tuple[Order, ...]
    unreadable: tuple[UnreadableOrder, ...] = ()
    total_count: int | None = None
    names_next: bool = False
    server_time: datetime | None = None

    @property
    def rows(self) -> int:
        """How many rows stood on the page, readable or not."""
        return len(self.orders) + len(self.unreadable)


class ShipmentLine(Wire):
    """A line of a shipment."""

    order_line_id: Text = ""
    offer_sku: Text = ""
    quantity: int = 0
    package_reference: Text = ""

    @field_validator("quantity", mode="before")
    @classmethod
    def _counted(cls, value: object) -> object:
        return _units(value)


class Tracking(Wire):
    """Tracking of a shipment."""

    carrier_code: Text = ""
    carrier_name: Text = ""
    tracking_number: Text = ""
    tracking_url: Text = ""


class MiraklShipment(Wire):
    """A shipment of ST01 and ST11."""

    id: str
    order_id: Text = ""
    status: Text = ""
    shipment_lines: tuple[ShipmentLine, ...] = ()
    tracking: Tracking | None = None

    @field_validator("shipment_lines", mode="before")
    @classmethod
    def _absent_is_empty(cls, value: object) -> object:
        return value or ()


class ShipmentError(Wire):
    """An order that ST01 refused, with Mirakl's words."""

    order_id: Text = ""
    id: Text = ""
    message: Text = ""


class ShipmentsCreated(Wire):
    """ST01: successes and errors side by side in one 201."""

    successes: tuple[MiraklShipment, ...] = ()
    errors: tuple[ShipmentError, ...] = ()


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
