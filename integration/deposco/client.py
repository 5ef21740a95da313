"""One method per V1 endpoint of Deposco that Holdpoint uses. Never retries; raises the errors of core.http."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

import httpx

from core.http import Call, HttpClient, StatusError
from integration.deposco.errors import UnsupportedTransportError
from integration.deposco.normalise import as_decimal, as_list, as_moment, as_text, body_of, inside
from integration.deposco.profile import Profile
from integration.deposco.schemas import Availability, CreateResult, Shipment, WmsLine, WmsOrder

Json = dict[str, Any]
STATUS_IN_TEXT = re.compile(r"(?:HTTP/\d\.\d\s+)?(\d{3})")
NOT_FOUND = 404


class DeposcoClient:
    """One tenant and business unit, spoken to as its profile says. HTTP Basic."""

    def __init__(
        self,
        base_url: str,
        tenant_code: str,
        business_unit: str,
        username: str,
        password: str,
        *,
        profile: Profile,
        transport: httpx.BaseTransport | None = None,
        on_call: Callable[[Call], None] | None = None,
        deadline: float | None = None,
    ) -> None:
        self._profile, self._bu = profile, business_unit
        self._http = HttpClient(
            f"{base_url.rstrip('/')}/integration/{quote(tenant_code)}",
            headers={"Accept": "application/json", **profile.transport.extra_headers},
            auth=(username, password),
            transport=transport,
            deadline=deadline or profile.transport.deadline_seconds,
            on_call=on_call,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # Orders

    def create_orders(self, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        """POST /orders: new orders only, each in a transaction of its own there; 207 whatever came of them."""
        return self._write_orders("orders.create", self._profile.routes.create_orders, orders)

    def update_orders(self, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        """POST /orders/updates: as create, but existing orders are changed."""
        return self._write_orders("orders.update", self._profile.routes.update_orders, orders)

    def cancel_orders(self, numbers: Sequence[str]) -> None:
        """POST /orders/statusUpdates with status Canceled: documented, and to be proved per tenant."""
        form = {"status": "Canceled", "type": [self._profile.order_type] * len(numbers), "number": list(numbers)}
        self._v1_only("cancel")
        self._http.request("orders.status", "POST", self._profile.routes.status_updates, form=form)

    def find_orders(self, number: str) -> list[WmsOrder]:
        """GET /search/Order by number. Every row is checked here: unknown parameters are ignored over there."""
        self._v1_only("find")
        params = {"type": self._profile.order_type, "number": number}
        try:
            reply = self._http.request("orders.search", "GET", self._profile.routes.search_order, params=params)
        except StatusError as error:
            if error.status == NOT_FOUND:
                return []
            raise
        orders = [_order(row) for row in _orders_in(body_of(reply))]
        return [order for order in orders if order.number == number]

    # Stock and items

    def availability(
        self, *, items: Sequence[str] = (), facilities: Sequence[str] = (), page: int = 1
    ) -> list[Availability]:
        """GET enterpriseinventory availability: one page, read until an empty one. Totals carry no facility."""
        self._v1_only("availability")
        params: dict[str, Any] = {
            "measures": ",".join(self._profile.inventory.measures),
            "itemNumbers": ",".join(items) or None,
            "facilityNumbers": ",".join(facilities) or None,
            "pageNumber": page,
            "pageSize": self._profile.transport.page_size,
        }
        path = self._profile.routes.availability.format(bu=quote(self._bu))
        body = body_of(self._http.request("availability", "GET", path, params=params))
        rows = inside(body, "enterpriseInventory")
        return [row for item in rows for row in self._measures(item)]

    def inventory_full(self, *, page: int = 1, since: datetime | None = None) -> list[Json]:
        """GET /inventory/full: one page per item and facility; `since` reads what moved."""
        self._v1_only("inventory")
        params = {"pageNo": page, "startActivityTime": since.strftime("%Y-%m-%dT%H:%M:%SZ") if since else None}
        body = body_of(self._http.request("inventory.full", "GET", self._profile.routes.inventory_full, params=params))
        return inside(body, "inventory") or [row for row in as_list(body) if isinstance(row, dict)]

    def item(self, number: str) -> Json | None:
        """GET one item; None when there is none."""
        self._v1_only("item")
        path = self._profile.routes.item.format(bu=quote(self._bu), number=quote(number, safe=""))
        try:
            body = body_of(self._http.request("items.get", "GET", path))
        except StatusError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        found = inside(body, "item")
        return found[0] if found else body

    # Shipments

    def shipments_between(self, start: datetime, end: datetime) -> list[Shipment]:
        """GET /search/shipment by actual ship date, in the tenant's own time without a zone."""
        self._v1_only("shipments")
        window = ",".join(
            moment.astimezone(self._profile.zone).strftime("%Y-%m-%dT%H:%M:%S") for moment in (start, end)
        )
        params = {"actualShipDateOps": "BETWEEN", "actualShipDate": window}
        return self._shipments("shipments.search", self._profile.routes.search_shipment, params)

    def shipments_of_order(self, customer_order_number: str) -> list[Shipment]:
        """GET /search/shipment by the marketplace's order id."""
        self._v1_only("shipments")
        params = {"orderHeaders.customerOrderNumber": customer_order_number}
        return self._shipments("shipments.search", self._profile.routes.search_shipment, params)

    def shipment(self, number: str) -> Shipment | None:
        """GET one shipment; None when there is none."""
        self._v1_only("shipments")
        path = self._profile.routes.shipment.format(bu=quote(self._bu), number=quote(number, safe=""))
        return next((row for row in self._shipments("shipments.get", path, {}) if row.shipment_number == number), None)

    # How answers are read

    def _write_orders(self, operation: str, path: str, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        self._v1_only("orders")
        reply = self._http.request(operation, "POST", path, json={"order": list(orders)})
        body = body_of(reply)
        responses = inside(body, "multistatus", "response") or inside(body, "response")
        return [_result(row) for row in responses]

    def _shipments(self, operation: str, path: str, params: Mapping[str, Any]) -> list[Shipment]:
        try:
            body = body_of(self._http.request(operation, "GET", path, params=params))
        except StatusError as error:
            if error.status == NOT_FOUND:
                return []
            raise
        rows = inside(body, "shipments", "shipment") or inside(body, "shipment")
        return [self._shipment(row) for row in rows]

    def _shipment(self, row: Json) -> Shipment:
        orders = inside(row, "orders", "order")
        return Shipment(
            shipment_number=as_text(row.get("shipmentNumber")) or "",
            shipment_status=as_text(row.get("shipmentStatus")) or "",
            facility=as_text(row.get("facility")),
            actual_ship_date=as_moment(row.get("actualShipDate"), self._profile.zone),
            ship_via=as_text(row.get("shipVia")),
            ship_vendor=as_text(row.get("shipVendor")),
            tracking_number=as_text(row.get("trackingNumber")),
            tracking_url=as_text(row.get("trackingUrl")),
            order_numbers=tuple(filter(None, (as_text(order.get("orderNumber")) for order in orders))),
            raw=row,
        )

    def _measures(self, item: Json) -> Iterator[Availability]:
        number = as_text(item.get("itemNumber")) or as_text(item.get("item")) or ""
        for row in [item, *inside(item, "facilities", "facility"), *inside(item, "facilities")]:
            figures = {name: as_decimal(row.get(name)) for name in self._profile.inventory.measures}
            facility = as_text(row.get("facility")) or ""
            if row is item or facility:
                known = {name: value for name, value in figures.items() if value is not None}
                yield Availability(item_number=number, facility="" if row is item else facility, measures=known)

    def _v1_only(self, capability: str) -> None:
        if self._profile.transport.api == "v2":
            message = f"The profile asks for V2, and {capability} is spoken over V1 only: set the api to v1 or mixed."
            raise UnsupportedTransportError(message)


def _orders_in(body: Any) -> list[Json]:
    return inside(body, "orders", "order") or inside(body, "order") or inside(body, "Order")


def _order(row: Json) -> WmsOrder:
    lines = inside(row, "orderLines", "orderLine")
    return WmsOrder(
        number=as_text(row.get("number")) or "",
        status=as_text(row.get("status")) or "",
        customer_order_number=as_text(row.get("customerOrderNumber")) or "",
        lines=tuple(
            WmsLine(
                line_number=as_text(line.get("lineNumber")) or "",
                item_number=as_text(line.get("itemNumber")) or "",
                quantity=as_decimal(line.get("orderPackQuantity")) or Decimal(0),
                cancelled=as_decimal(line.get("canceledPackQuantity")) or Decimal(0),
                shipped=as_decimal(line.get("shippedPackQuantity")) or Decimal(0),
            )
            for line in lines
        ),
        raw=row,
    )


def _result(row: Json) -> CreateResult:
    text = " ".join(
        part
        for part in (
            as_text(row.get("status")),
            as_text(row.get("description")),
            *(as_text(message) for holder in inside(row, "errors") for message in as_list(holder.get("message"))),
        )
        if part
    )
    found = STATUS_IN_TEXT.search(as_text(row.get("status")) or "")
    status = int(found.group(1)) if found else 0
    if status and status < 300 and ("missingItems" in text or "missingPacks" in text):  # noqa: PLR2004 -- the 2xx range
        # Deposco names missing items inside a good status: nothing was created.
        status = 422
    return CreateResult(number=as_text(row.get("entity")) or "", status_code=status, text=text)
