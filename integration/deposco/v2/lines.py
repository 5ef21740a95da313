"""Which order line each line of a shipment is. The lines name ids; our own numbers come back beside them."""

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

from integration.deposco.normalise import as_decimal, as_text
from integration.deposco.profile import Profile
from integration.deposco.v2.reading import id_of, is_whole, key_of, part_of, rows_of, unwrapped
from integration.deposco.v2.session import URGENT, Session
from integration.deposco.v2.shipments import ShippedLine

Json = dict[str, Any]
# Orders whose number by their id is remembered, in this process.
REMEMBERED = 20_000


class ShipmentLines:
    """Finds the order lines of shipments, asking for an order by its id only where nothing nearer tells it."""

    def __init__(self, session: Session, profile: Profile) -> None:
        self._session, self._profile = session, profile
        self._ours = _pattern(profile.line_number)
        self._numbers: dict[str, str] = {}

    def of(self, shipment: Json) -> tuple[list[ShippedLine], list[str]]:
        """The lines, and the numbers of every order in the shipment that could be told."""
        references = rows_of(shipment.get("orderHeaders"))
        rows = sorted(self._rows(shipment), key=_place)
        told = [number for one in references if (number := key_of(one, "number"))]
        lines = [self._line(row, references) for row in rows]
        told += [line.order_number for line in lines if line.order_number]
        if len(set(told)) == 1 and len(references) <= 1:
            # A line with a number of somebody else's is in the one order of its shipment all the same.
            lines = [line if line.order_number else replace(line, order_number=told[0]) for line in lines]
        is_foreign = self._profile.v2.lines_come_back and any(line.customer_line_number for line in lines)
        if not told and not is_foreign:
            told = [number for one in references if (number := self._number(id_of(one)))]
        return lines, list(dict.fromkeys(told))

    def _rows(self, shipment: Json) -> list[Json]:
        collection, key = shipment.get("shipmentLines"), id_of(shipment)
        if is_whole(collection) or key is None:
            return rows_of(collection)
        path = f"/shipments/outboundShipments/{key}/shipmentLines"
        params = {"pageSize": self._profile.v2.order_page}
        pages = self._session.pages("v2.shipments.lines", path, params, paid=False, priority=URGENT)
        return list({as_text(row.get("number")) or str(row): row for page in pages for row in page}.values())

    def _line(self, row: Json, references: list[Json]) -> ShippedLine:
        reference, details = row.get("orderLine"), part_of(row, "orderLineDetails")
        customer = as_text(details.get("customerLineNumber")) or as_text(row.get("externalLineNumber"))
        number = key_of(reference, "lineNumber")
        order = key_of(reference, "orderHeader.number") or self._by_our_number(number or customer)
        if order is None and (customer is None or not self._profile.v2.lines_come_back):
            order, number = self._by_id(id_of(reference), references, number)
        return ShippedLine(
            order_number=order or "",
            line_number=number,
            customer_line_number=customer,
            item_number=key_of(row.get("item"), "number") or "",
            left=as_decimal(row.get("shippedPackQuantity")) or Decimal(0),
        )

    def _by_our_number(self, number: str | None) -> str | None:
        """The order that a line number of ours belongs to; nothing for a number that somebody else gave."""
        match = self._ours.fullmatch(number) if number and self._profile.v2.lines_come_back else None
        return match["order"] if match else None

    def _by_id(self, line: str | None, references: list[Json], told: str | None) -> tuple[str | None, str | None]:
        """Ask the orders of the shipment for their lines until one has this id."""
        keys = [key for one in references if (key := id_of(one))]
        if len(keys) == 1 and told is None and line is None:
            return self._number(keys[0]), None
        for key in keys:
            lines = self._order_lines(key)
            if line in lines:
                return self._number(key), lines[line]
        return (self._number(keys[0]), told) if len(keys) == 1 else (None, told)

    def _order_lines(self, order: str) -> dict[str | None, str | None]:
        params = {"pageSize": self._profile.v2.order_page}
        path = f"/orders/salesOrders/{order}/orderLines"
        pages = self._session.pages("v2.orders.lines", path, params, paid=False, priority=URGENT)
        return {id_of(row): as_text(row.get("lineNumber")) for page in pages for row in page}

    def _number(self, order: str | None) -> str:
        """The number of the order with this id."""
        if order is None:
            return ""
        if order not in self._numbers:
            body = self._session.get("v2.orders.get", f"/orders/salesOrders/{order}", paid=False, priority=URGENT)
            if len(self._numbers) >= REMEMBERED:
                self._numbers.clear()
            self._numbers[order] = as_text(unwrapped(body, "salesOrder").get("number")) or ""
        return self._numbers[order]


def _pattern(template: str) -> re.Pattern[str]:
    parts = re.escape(template).replace(r"\{order\}", "(?P<order>.+)", 1).replace(r"\{n\}", r"\d+", 1)
    return re.compile(parts if "(?P<order>" in parts else "(?P<order>(?!))")


def _place(row: Json) -> tuple[int, str]:
    key = id_of(row.get("orderLine")) or ""
    return (int(key) if key.isdecimal() else 0, as_text(row.get("number")) or "")
