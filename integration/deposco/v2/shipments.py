"""A shipment of V2 in the form that parcels are made from: order lines in containers, as V1 tells them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo
from decimal import Decimal
from typing import Any, Literal

from integration.deposco.normalise import as_decimal, as_moment, as_text, offset_of
from integration.deposco.schemas import Shipment
from integration.deposco.v2.reading import is_whole, key_of, part_of, rows_of

Json = dict[str, Any]
ROLLED_BACK = "rolled back"


@dataclass
class ShippedLine:
    """What left of one order line. `left` is what no container was found for yet."""

    order_number: str
    line_number: str | None
    customer_line_number: str | None
    item_number: str
    left: Decimal

    def row(self, units: Decimal, container: Json | None = None, tracking: str | None = None) -> tuple[str, Json]:
        """Some units of the line, as V1 would tell them."""
        line: Json = {
            "lineNumber": self.line_number,
            "customerLineNumber": self.customer_line_number,
            "itemNumber": self.item_number,
            "shippedPackQuantity": units,
        }
        if container is not None:
            line["container"] = container
        elif tracking:
            line["trackingNumber"] = tracking
        return self.order_number, line


def wire_shipment(
    row: Json,
    *,
    orders: Sequence[str],
    lines: Sequence[ShippedLine],
    zone: tzinfo,
    tracking_url: Literal["full", "base"],
) -> Shipment:
    """The shipment, its lines laid into its containers.

    A container tells items and seldom lines, so units are given to the lines of the item in their order. Units that no
    container holds make a parcel of their own; where the list of containers was cut, under the shipment's number.
    """
    placed = _in_containers(row, lines)
    own = as_text(row.get("trackingNumber"))
    is_cut = not is_whole(row.get("shippedContainers"))
    placed += [line.row(line.left, tracking=own if is_cut else None) for line in lines if line.left > 0]
    by_order: dict[str, list[Json]] = {number: [] for number in orders}
    for number, line in placed:
        by_order.setdefault(number, []).append(line)
    shipped_at = part_of(row, "shipmentDates").get("actualShipDate")
    facility = row.get("shipFromFacility")
    facts: Json = {name: as_text(row.get(name)) for name in ("shipVia", "shipVendor", "shipMethod", "trackingUrl")}
    facts |= {
        "shipmentNumber": as_text(row.get("number")) or "",
        "shipmentStatus": as_text(row.get("status")) or "",
        "facility": key_of(facility, "number") or key_of(facility, "name"),
        "actualShipDate": as_text(shipped_at),
        "trackingNumber": own,
        "orders": {"order": [{"orderNumber": number, "lines": {"line": rows}} for number, rows in by_order.items()]},
    }
    return Shipment(
        shipment_number=facts["shipmentNumber"],
        shipment_status=facts["shipmentStatus"],
        facility=facts["facility"],
        actual_ship_date=as_moment(shipped_at, zone),
        utc_offset_minutes=offset_of(shipped_at),
        ship_via=facts["shipVia"],
        ship_vendor=facts["shipVendor"],
        tracking_number=own,
        tracking_url=facts["trackingUrl"],
        order_numbers=tuple(filter(None, by_order)),
        tracking_url_mode=tracking_url,
        raw=facts,
    )


def _in_containers(row: Json, lines: Sequence[ShippedLine]) -> list[tuple[str, Json]]:
    placed: list[tuple[str, Json]] = []
    for box in rows_of(row.get("shippedContainers")):
        if (as_text(box.get("status")) or "").casefold() == ROLLED_BACK:
            continue
        container = {
            "lpn": as_text(box.get("lpnNumber")) or as_text(box.get("number")),
            "trackingNumber": as_text(box.get("trackingNumber")),
        }
        for part in rows_of(box.get("shippedContainerLines")):
            placed += _given_to_lines(part, lines, container)
    return placed


def _given_to_lines(part: Json, lines: Sequence[ShippedLine], container: Json) -> list[tuple[str, Json]]:
    units = as_decimal(part.get("shippedPackQuantity")) or Decimal(0)
    item, told = key_of(part.get("item"), "number") or "", as_text(part.get("externalLineNumber"))
    fitting = [line for line in lines if line.item_number == item]
    named = [line for line in fitting if told in (line.line_number, line.customer_line_number)] if told else []
    placed: list[tuple[str, Json]] = []
    for line in named or fitting:
        share = min(units, line.left)
        if share > 0:
            line.left -= share
            units -= share
            placed.append(line.row(share, container))
    if units > 0:
        # More than the lines tell: shown as it is, so that whoever compares it with the order sees it.
        first = fitting[0] if fitting else None
        owner = first or ShippedLine(lines[0].order_number if lines else "", None, None, item, Decimal(0))
        placed.append(owner.row(units, container))
    return placed
