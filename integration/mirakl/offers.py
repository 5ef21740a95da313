"""Offers as Mirakl lists them (OF21), how an import of stock stands (STO02), and how an export of offers stands (OF53)."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from integration.mirakl.schemas import Amount, Flag, Moment, Text, Wire

# An import that has come to its end, well or badly; every other status, known or not, is one under way.
COMPLETE, FAILED = "COMPLETE", "FAILED"
EXPORTED = "COMPLETED"


def whole(value: Any) -> int | None:
    """A count that is a whole number, however it is written; else None."""
    try:
        number = Decimal(str(value).strip())
        return int(number) if number == int(number) else None
    except (ArithmeticError, ValueError):
        return None


Count = Annotated[int | None, BeforeValidator(whole)]


class Offer(Wire):
    """One offer of the shop. A count that was not told, or is no whole number, is None: unknown is not zero."""

    offer_id: Text = ""
    shop_sku: str = Field(min_length=1)
    product_sku: Text = ""
    product_title: Text = ""
    state_code: Text = ""
    quantity: Count = None
    active: Flag = None
    inactivity_reasons: tuple[str, ...] = ()
    price: Amount = None
    currency_iso_code: Text = ""
    min_quantity_alert: Count = None
    min_order_quantity: Count = None
    max_order_quantity: Count = None
    package_quantity: Count = None
    leadtime_to_ship: Count = None
    # Quantities by the code of the operator's warehouse; empty where the offer has one quantity alone.
    warehouses: Mapping[str, int] = Field(default_factory=dict)
    # Pairs of type and value, for example ("EAN", "4006381333931").
    product_references: tuple[tuple[str, str], ...] = ()
    fulfillment: Text = ""

    @field_validator("inactivity_reasons", mode="before")
    @classmethod
    def _reasons(cls, value: object) -> object:
        return tuple(str(row) for row in value if row) if isinstance(value, list) else ()

    @field_validator("warehouses", mode="before")
    @classmethod
    def _by_code(cls, value: object) -> object:
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        counted = {str(row.get("code") or ""): whole(row.get("quantity")) for row in rows}
        return {code: count for code, count in counted.items() if code and count is not None}

    @field_validator("product_references", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        rows = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
        pairs = ((str(row.get("reference_type") or ""), str(row.get("reference") or "")) for row in rows)
        return tuple((kind, told) for kind, told in pairs if told)

    @field_validator("fulfillment", mode="before")
    @classmethod
    def _center(cls, value: object) -> object:
        center = value.get("center") if isinstance(value, dict) else None
        return center.get("code") if isinstance(center, dict) else ""


class UnreadableOffer(Wire):
    """A row that is no offer: kept whole, so that the page goes on without it."""

    offer_id: str | None = None
    raw: Any = None
    problem: str = ""


class OffersPage(Wire):
    """One page of OF21; `total_count` None when Mirakl told none."""

    offers: tuple[Offer, ...]
    unreadable: tuple[UnreadableOffer, ...] = ()
    total_count: int | None = None
    names_next: bool = False
    server_time: datetime | None = None

    @property
    def rows(self) -> int:
        """How many rows stood on the page, readable or not."""
        return len(self.offers) + len(self.unreadable)


class StockImport(Wire):
    """How an import of stock stands. COMPLETE may hold lines in error: ask for them when there is a report."""

    import_id: Text = ""
    status: str = Field(min_length=1)
    lines_in_success: Count = None
    lines_in_error: Count = None
    has_error_report: Flag = None
    date_created: Moment = None

    @property
    def is_complete(self) -> bool:
        """Whether Mirakl worked through the file; lines of it may have been refused."""
        return self.status.upper() == COMPLETE

    @property
    def is_failed(self) -> bool:
        """Whether the file as a whole was not taken."""
        return self.status.upper() == FAILED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_complete or self.is_failed

    @property
    def tells_errors(self) -> bool:
        """Whether a report of refused lines is to be read: as told, else where lines are in error."""
        return bool(self.lines_in_error) if self.has_error_report is None else self.has_error_report


class OfferExport(Wire):
    """How an export stands. `urls` are its files, `error` is what went wrong in Mirakl's words."""

    status: str = Field(min_length=1)
    urls: tuple[str, ...] = ()
    error: Text = ""
    last_updated: Moment = None

    @field_validator("urls", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return tuple(str(row) for row in value if row) if isinstance(value, list) else ()

    @field_validator("error", mode="before")
    @classmethod
    def _worded(cls, value: object) -> object:
        parts = (value.get("code"), value.get("detail")) if isinstance(value, dict) else (value,)
        return ": ".join(str(part) for part in parts if part)

    @property
    def is_complete(self) -> bool:
        """Whether its files may be read."""
        return self.status.upper() in (EXPORTED, COMPLETE)

    @property
    def is_failed(self) -> bool:
        """Whether there will be no files."""
        return self.status.upper() == FAILED

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.is_complete or self.is_failed
