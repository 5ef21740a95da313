"""An order as its operator holds it: Mirakl's own JSON, and what the marketplace knows beside it."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sandbox.clock import iso

if TYPE_CHECKING:
    from sandbox.mirakl.state import Operator, Shop

Json = dict[str, Any]
ENDED = ("REFUSED", "CANCELED")
CANCELABLE = ("WAITING_DEBIT", "WAITING_DEBIT_PAYMENT", "SHIPPING")
REFUNDABLE = ("SHIPPING", "SHIPPED", "TO_COLLECT", "RECEIVED")
GONE = ("SHIPPED", "TO_COLLECT")


@dataclass
class SandboxOrder:
    """Mirakl's JSON plus timers (seconds since 1970, the next one first)."""

    body: Json
    shop_id: int
    created: float
    updated: float
    due: list[tuple[float, str]] = field(default_factory=list)
    address: Json = field(default_factory=dict)
    shipping_since: float = 0.0
    debit_refused: bool = False
    accept_calls: int = 0
    effective_accepts: int = 0
    ships: int = 0

    def __post_init__(self) -> None:
        self.place = (self.created, self.id)

    @property
    def id(self) -> str:
        """Mirakl's order id."""
        return str(self.body["order_id"])

    @property
    def state(self) -> str:
        """The order's state."""
        return str(self.body["order_state"])

    @property
    def lines(self) -> list[Json]:
        """The order's lines."""
        lines: list[Json] = self.body["order_lines"]
        return lines

    @property
    def is_debited(self) -> bool:
        """Whether the customer has paid."""
        return self.body.get("customer_debited_date") is not None

    def line(self, line_id: object) -> Json | None:
        """One line by its id."""
        return next((line for line in self.lines if line["order_line_id"] == line_id), None)

    def move(self, state: str, at: float, reason: str | None = None) -> None:
        """Move the order and its live lines; what a state shows becomes visible."""
        self.body["order_state"] = state
        self.body["can_cancel"] = state in CANCELABLE
        if reason:
            self.body["order_state_reason_code"] = reason
            self.body["order_state_reason_label"] = reason.replace("_", " ").capitalize()
        for line in self.lines:
            if line["order_line_state"] not in ENDED:
                line["order_line_state"] = state
                line["can_refund"] = self.is_debited and state in REFUNDABLE
                _date_line(line, state, at)
        if state == "SHIPPING":
            self.shipping_since = at
            self.reveal()
        self.touch(at)

    def debit(self, at: float) -> None:
        """The customer pays."""
        self.body["customer_debited_date"] = iso(at)
        self.body["transaction_date"] = iso(at)
        self.body["transaction_number"] = f"TX-{self.id}"
        for line in self.lines:
            if line["order_line_state"] not in ENDED:
                line["debited_date"] = iso(at)

    def reveal(self) -> None:
        """Show the addresses."""
        self.body["customer"] |= {"shipping_address": self.address, "billing_address": self.address}

    def touch(self, at: float) -> None:
        """Say that the order changed."""
        self.updated = at
        self.body["last_updated_date"] = iso(at)


def _date_line(line: Json, state: str, at: float) -> None:
    line["last_updated_date"] = iso(at)
    if state in GONE:
        line["shipped_date"] = iso(at)
    elif state == "RECEIVED":
        line["received_date"] = iso(at)


def new_order(
    operator: "Operator",
    shop: "Shop",
    lines: list[tuple[str, int]],
    *,
    at: float,
    order_id: str = "",
    shipping_type: str = "STD",
    lastname: str = "Sample",
    address: Json | None = None,
    deadline_seconds: float = 2 * 86_400.0,
    payment_workflow: str = "PAY_ON_ACCEPTANCE",
    center: str = "DEFAULT",
    channel: str = "",
    tax_rate: float = 0.0,
    shipping_price: float = 0.0,
) -> SandboxOrder:
    """A buyer's order for offers of the shop: (offer SKU, quantity) per line."""
    number = next(operator.numbers)
    order_id = order_id or f"{operator.name.upper()}-{number:07d}-A"
    rows = [
        _line(order_id, position, sku, quantity, at=at, shop=shop, tax_rate=tax_rate, shipping_price=shipping_price)
        for position, (sku, quantity) in enumerate(lines, start=1)
    ]
    home = _home(lastname) | (address or {})
    body: Json = {
        "order_id": order_id,
        "commercial_id": order_id.rpartition("-")[0] or order_id,
        "order_state": "STAGING" if operator.staging_seconds else "WAITING_ACCEPTANCE",
        "created_date": iso(at),
        "last_updated_date": iso(at),
        # Mirakl writes moments with and without milliseconds, side by side.
        "shipping_deadline": iso(at + deadline_seconds, timespec="seconds"),
        "acceptance_decision_date": None,
        "currency_iso_code": shop.currency,
        **_sums(rows),
        "order_tax_mode": operator.tax_mode,
        "payment_type": "CARD",
        "paymentType": "CARD",
        "payment_workflow": payment_workflow,
        "leadtime_to_ship": 2,
        "can_cancel": False,
        "can_shop_ship": center == "DEFAULT",
        "fully_refunded": False,
        "has_customer_message": False,
        "has_incident": False,
        "has_invoice": False,
        "fulfillment": {"center": {"code": center}},
        "shipping_type_code": shipping_type,
        "shipping_type_label": _label_of(operator, shipping_type),
        "shipping_zone_code": "EU",
        "shipping_zone_label": "Europe",
        "customer": {
            "customer_id": f"C{number}",
            "firstname": home["firstname"],
            "lastname": lastname,
            "shipping_address": None,
            "billing_address": None,
        },
        "customer_notification_email": f"relay-{number}@example.com",
        "order_additional_fields": [],
        "references": {"order_reference_for_customer": None, "order_reference_for_seller": None},
        "promotions": {"applied_promotions": [], "total_deduced_amount": 0},
        "order_lines": rows,
    }
    if channel:
        body["channel"] = {"code": channel, "label": channel.title()}
    if number % 2:
        # An optional field that has no value may be null or be missing: clients must take both for the same.
        body |= {"order_state_reason_code": None, "order_state_reason_label": None, "shipping_tracking": None}
    order = SandboxOrder(body, shop.id, at, at, address=home)
    if operator.addresses_early:
        order.reveal()
    return order


def _home(lastname: str) -> Json:
    return {
        "firstname": "Robin",
        "lastname": lastname,
        "street_1": "1 Sample Street",
        "city": "Sampletown",
        "zip_code": "75000",
        "country": "France",
        "country_iso_code": "FRA",
        "phone": "0100000000",
    }


def _label_of(operator: "Operator", code: str) -> str:
    return next((str(row["label"]) for row in operator.shipping_types if row["code"] == code), code)


def _sums(rows: list[Json]) -> Json:
    names = ("price", "shipping_price", "total_price", "total_commission")
    return {name: round(sum(row[name] for row in rows), 2) for name in names}


def _line(
    order_id: str,
    position: int,
    sku: str,
    quantity: int,
    *,
    at: float,
    shop: "Shop",
    tax_rate: float,
    shipping_price: float,
) -> Json:
    offer = shop.offers.get(sku, {})
    unit = float(offer.get("price", 10.0))
    price = round(unit * quantity, 2)
    fee = round((price + shipping_price) * shop.commission_rate, 2)
    taxes = [_tax(price, tax_rate)] if tax_rate else []
    return {
        "order_line_id": f"{order_id}-{position}",
        "order_line_index": position,
        "order_line_state": "WAITING_ACCEPTANCE",
        "offer_id": int(offer.get("id", 1000 + position)),
        "offer_sku": sku,
        "offer_state_code": "11",
        "product_sku": f"P-{sku}",
        "product_title": offer.get("title", f"Sample product {sku}"),
        "description": offer.get("description", ""),
        "category_code": "SAMPLES",
        "category_label": "Samples",
        "quantity": quantity,
        "price_unit": unit,
        "price": price,
        "shipping_price": shipping_price,
        "total_price": round(price + shipping_price, 2),
        "commission_fee": fee,
        "total_commission": fee,
        "commission_taxes": [],
        "commission_vat": 0,
        "commission_rate_vat": 0,
        "can_refund": False,
        "created_date": iso(at),
        "last_updated_date": iso(at),
        "taxes": taxes,
        "shipping_taxes": [_tax(shipping_price, tax_rate)] if tax_rate and shipping_price else [],
        "fees": [],
        "refunds": [],
        "cancelations": [],
        "promotions": [],
        "order_line_additional_fields": [],
        "product_medias": [],
    }


def _tax(amount: float, rate: float) -> Json:
    return {
        "code": "VAT",
        "amount": round(amount * rate / 100, 2),
        "rate": rate,
        "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT",
    }
