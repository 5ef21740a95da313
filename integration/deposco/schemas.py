"""What we use of Deposco's answers, after they were normalised."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal


@dataclass(frozen=True)
class CreateResult:
    """What Deposco said of one order of a batch: the status inside the text, not the outer 207."""

    number: str
    status_code: int
    text: str


@dataclass(frozen=True)
class WmsLine:
    """A line of an order in the warehouse."""

    line_number: str
    item_number: str
    quantity: Decimal
    cancelled: Decimal = Decimal(0)
    shipped: Decimal = Decimal(0)


@dataclass(frozen=True)
class WmsOrder:
    """An order as the warehouse has it."""

    number: str
    status: str
    customer_order_number: str
    lines: tuple[WmsLine, ...]
    raw: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Availability:
    """Stock of an item, in one facility or in all (`facility` empty). A measure that is absent is unknown, not zero."""

    item_number: str
    facility: str
    measures: dict[str, Decimal]


@dataclass(frozen=True, slots=True)
class StockRow:
    """Stock of an item in one facility that the answer lists. A measure that it does not tell is None: unknown, not zero.

    `atp` may be negative: more was promised than there is.
    """

    item_number: str
    facility: str
    atp: Decimal | None
    on_hand: Decimal | None = None
    unallocated: Decimal | None = None


@dataclass(frozen=True, slots=True)
class StockPage:
    """One page of stock: a row for each item and facility, and every item seen, those without a facility too.

    Only a page without any item is the last. `fingerprint` says which items stood on it: a page that has that of the
    page before comes from a server that ignores the page's number, and would never end. `behind`: by how much the clock
    of who answered is behind ours.
    """

    rows: tuple[StockRow, ...]
    items: tuple[str, ...]
    is_last: bool
    fingerprint: str = ""
    behind: timedelta = timedelta(0)

    def repeats(self, before: "StockPage | None") -> bool:
        """Whether this is the page before once more."""
        return before is not None and not self.is_last and self.fingerprint == before.fingerprint


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """What an item tells of itself; None where it tells nothing.

    `components` are items and how many of each are in one. `components_known` is False for a kit whose parts were not
    told, or perhaps not all of them: nothing is to be counted by such a list.
    """

    number: str
    name: str = ""
    upcs: tuple[str, ...] = ()
    components: tuple[tuple[str, Decimal], ...] = ()
    components_known: bool = True
    kit_order_only: bool | None = None
    kit_stock_only: bool | None = None
    is_active: bool | None = None
    safety_stock: Decimal | None = None


@dataclass(frozen=True, slots=True)
class ItemsPage:
    """One page of items. `next_key` asks for the next; empty at the end."""

    items: tuple[ItemFacts, ...]
    next_key: str = ""


@dataclass(frozen=True)
class Shipment:
    """A shipment. `order_numbers` are ours; lines stay raw until they are aggregated into parcels."""

    shipment_number: str
    shipment_status: str
    facility: str | None
    actual_ship_date: datetime | None
    ship_via: str | None
    ship_vendor: str | None
    tracking_number: str | None
    tracking_url: str | None
    order_numbers: tuple[str, ...]
    # The status of each order as the shipment tells it, and the offset from UTC its times are written with.
    order_statuses: dict[str, str] = field(default_factory=dict)
    utc_offset_minutes: int | None = None
    # Whether the address for tracking is whole or only its beginning; empty: as the profile says.
    tracking_url_mode: Literal["", "full", "base"] = ""
    raw: dict[str, Any] = field(default_factory=dict, repr=False)
