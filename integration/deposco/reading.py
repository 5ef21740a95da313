"""How normalised rows of Deposco become what we use of them."""

import re
from datetime import tzinfo
from decimal import Decimal
from typing import Any

from core.http import UnknownOutcomeError
from integration.deposco.normalise import as_decimal, as_list, as_moment, as_text, inside, offset_of
from integration.deposco.schemas import CreateResult, Shipment, WmsLine, WmsOrder

Json = dict[str, Any]
STATUS_IN_TEXT = re.compile(r"(?:HTTP/\d(?:\.\d)?\s+)?(\d{3})")
MISSING = ("missingItems", "missingPacks")
UNPROCESSABLE, GOOD = 422, 300


def orders_in(body: Any) -> list[Json]:
    """The orders of an answer, whatever it is wrapped in. Raises UnknownOutcomeError when it is no list of orders."""
    return _rows_in(body, ("orders",), ("order", "Order"), key="number")


def shipments_in(body: Any) -> list[Json]:
    """The shipments of an answer, as orders_in."""
    return _rows_in(body, ("shipments",), ("shipment", "Shipment"), key="shipmentNumber")


def _rows_in(body: Any, lists: tuple[str, ...], names: tuple[str, ...], *, key: str) -> list[Json]:
    """Rows under a list's name, under their own or under none.

    An answer with none of them must not pass for "there is none": a page of something in between is well-formed as
    well, and what it hides would be written a second time.
    """
    parts = as_list(body)
    if not all(isinstance(part, dict) and (not part or key in part or {*lists, *names} & set(part)) for part in parts):
        message = f"The answer holds no {names[0]}s: {str(body)[:120]}"
        raise UnknownOutcomeError(message)
    bare = [part for part in parts if key in part]
    within = [row for outer in lists for row in inside(parts, outer)]
    return bare or [row for name in names for row in inside([*parts, *within], name)] or [r for r in within if key in r]


def wms_order(row: Json) -> WmsOrder:
    """One order with its lines."""
    return WmsOrder(
        number=as_text(row.get("number")) or "",
        status=as_text(row.get("status")) or "",
        customer_order_number=as_text(row.get("customerOrderNumber")) or "",
        lines=tuple(
            WmsLine(
                line_number=as_text(line.get("lineNumber")) or "",
                item_number=as_text(line.get("itemNumber")) or as_text(line.get("item")) or "",
                quantity=as_decimal(line.get("orderPackQuantity")) or Decimal(0),
                cancelled=as_decimal(line.get("canceledPackQuantity")) or Decimal(0),
                shipped=as_decimal(line.get("shippedPackQuantity")) or Decimal(0),
            )
            for line in inside(row, "orderLines", "orderLine")
        ),
        raw=row,
    )


def wms_shipment(row: Json, zone: tzinfo) -> Shipment:
    """One shipment; its lines stay raw until they are aggregated into parcels."""
    orders = inside(row, "orders", "order")
    return Shipment(
        shipment_number=as_text(row.get("shipmentNumber")) or "",
        shipment_status=as_text(row.get("shipmentStatus")) or "",
        facility=as_text(row.get("facility")),
        actual_ship_date=as_moment(row.get("actualShipDate"), zone),
        utc_offset_minutes=offset_of(row.get("actualShipDate")),
        ship_via=as_text(row.get("shipVia")),
        ship_vendor=as_text(row.get("shipVendor")),
        tracking_number=as_text(row.get("trackingNumber")),
        tracking_url=as_text(row.get("trackingUrl")),
        order_numbers=tuple(filter(None, (as_text(order.get("orderNumber")) for order in orders))),
        order_statuses={
            as_text(order.get("orderNumber")) or "": as_text(order.get("orderStatus")) or "" for order in orders
        },
        raw=row,
    )


def create_result(row: Json) -> CreateResult:
    """What was said of one order of a batch. The status is text, and missing items may stand inside a good one."""
    status_text = as_text(row.get("status")) or as_text(row.get("requestStatus")) or ""
    words = [
        status_text,
        as_text(row.get("description")),
        *(as_text(message) for holder in inside(row, "errors") for message in as_list(holder.get("message"))),
        *(as_text(notice.get("message")) for notice in inside(row, "notices", "notice")),
    ]
    for name in MISSING:
        items = [as_text(item) for item in as_list(row.get(name))]
        words += [f"{name}: {', '.join(filter(None, items))}"] if any(items) else []
    text = " ".join(filter(None, words))
    found = STATUS_IN_TEXT.search(status_text)
    status = int(found.group(1)) if found else 0
    if status and status < GOOD and any(name in text for name in MISSING):
        status = UNPROCESSABLE
    return CreateResult(number=as_text(row.get("entity")) or "", status_code=status, text=text)
