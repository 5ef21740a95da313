"""One method per V1 endpoint of Deposco that Holdpoint uses. Never retries; raises the errors of core.http."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import quote

import httpx

from core.http import Call, HttpClient, StatusError
from integration.deposco.items import facts_of, item_in
from integration.deposco.normalise import as_decimal, as_list, as_text, body_of, inside
from integration.deposco.profile import Profile
from integration.deposco.reading import create_result, orders_in, shipments_in, wms_order, wms_shipment
from integration.deposco.schemas import (
    Availability,
    CreateResult,
    ItemFacts,
    ItemsPage,
    Shipment,
    StockPage,
    WmsOrder,
)
from integration.deposco.stock import MOST_ITEMS, availability_page, behind_us, inventory_page, since_text

Json = dict[str, Any]
NOT_FOUND, BAD_REQUEST = 404, 400
# Endpoints are granted one by one: one that is not says nothing about the password.
NOT_GRANTED = (400, 403, 405)
LEAST_WINDOW = timedelta(seconds=1)


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
        self._http.request("orders.status", "POST", self._profile.routes.status_updates, form=form)

    def find_orders(self, number: str) -> list[WmsOrder] | None:
        """GET /search/Order by number; None when it cannot be told whether there is one.

        Every row is checked here: parameters that a tenant does not know are ignored over there, and then the answer
        holds somebody else's orders. The order is then read by its own address, where the gateway takes that.
        """
        params = {"type": self._profile.order_type, "number": number}
        try:
            reply = self._http.request("orders.search", "GET", self._profile.routes.search_order, params=params)
        except StatusError as error:
            if error.status == NOT_FOUND:
                return []
            if error.status == BAD_REQUEST:
                # A tenant whose search knows no number says so; the order's own address may know it.
                return self._read_order(number)
            raise
        rows = orders_in(body_of(reply))
        mine = [order for order in (wms_order(row) for row in rows if self._is_ours(row)) if order.number == number]
        return mine if mine or not rows else self._read_order(number)

    def _read_order(self, number: str) -> list[WmsOrder] | None:
        path = self._profile.routes.read_order.format(
            bu=quote(self._bu), type=quote(self._profile.order_type), number=quote(number, safe="")
        )
        try:
            rows = orders_in(body_of(self._http.request("orders.get", "GET", path)))
        except StatusError as error:
            if error.status == NOT_FOUND:
                return []
            if error.status == BAD_REQUEST:
                # Some gateways refuse every path with a blank in it.
                return None
            raise
        return [order for order in (wms_order(row) for row in rows if self._is_ours(row)) if order.number == number]

    def _is_ours(self, row: Json) -> bool:
        """Whether a row is of this business unit and of this kind of order, as far as it tells."""
        unit, kind = as_text(row.get("businessUnit")), as_text(row.get("type"))
        return unit in (None, self._bu) and kind in (None, self._profile.order_type)

    # Stock and items

    def availability(
        self, *, items: Sequence[str] = (), facilities: Sequence[str] = (), page: int = 1
    ) -> list[Availability]:
        """GET enterpriseinventory availability: one page with every measure of the profile. Totals carry no facility."""
        size, measures = self._profile.transport.page_size, self._profile.inventory.measures
        body = self._availability(measures, items=items, facilities=facilities, page=page, size=size)
        return [row for item in inside(body, "enterpriseInventory") for row in self._measures(item)]

    def stock_page(self, *, page: int) -> StockPage:
        """One page of all stock, by the call that the profile names; pages count from one."""
        inventory = self._profile.inventory
        if inventory.full == "inventory_full":
            return self._inventory_full({"pageNo": page})
        measures = (inventory.sellable, inventory.on_hand)
        body = self._availability(measures, page=page, size=inventory.page_size)
        return availability_page(body, inventory, business_unit=self._bu)

    def stock_moved(self, *, since: datetime, page: int) -> StockPage | None:
        """GET /inventory/full since a moment of activity, which is written in UTC; None where the profile says so."""
        if self._profile.inventory.delta == "none":
            return None
        return self._inventory_full({"pageNo": page, "startActivityTime": since_text(since)})

    def stock_of(self, items: Sequence[str]) -> StockPage | None:
        """GET enterpriseinventory availability of these items; None where the profile says so.

        Raises ValueError for none, and for more than `MOST_ITEMS`.
        """
        inventory = self._profile.inventory
        if not 0 < len(items) <= MOST_ITEMS:
            message = f"{len(items)} items cannot be asked for in one call"
            raise ValueError(message)
        if inventory.recheck == "none":
            return None
        size = max(inventory.page_size, len(items))
        body = self._availability((inventory.sellable, inventory.on_hand), items=items, size=size)
        return availability_page(body, inventory, business_unit=self._bu, asked=items)

    def _availability(
        self,
        measures: Sequence[str],
        *,
        items: Sequence[str] = (),
        facilities: Sequence[str] = (),
        page: int = 1,
        size: int,
    ) -> Any:
        params: dict[str, Any] = {
            "measures": ",".join(dict.fromkeys(measures)),
            "itemNumbers": ",".join(items) or None,
            "facilityNumbers": ",".join(facilities) or None,
            "pageNumber": page,
            "pageSize": size,
        }
        path = self._profile.routes.availability.format(bu=quote(self._bu))
        return body_of(self._http.request("availability", "GET", path, params=params))

    def _inventory_full(self, params: Mapping[str, Any]) -> StockPage:
        reply = self._http.request("inventory.full", "GET", self._profile.routes.inventory_full, params=params)
        page = inventory_page(body_of(reply), self._profile.inventory, business_unit=self._bu)
        return replace(page, behind=behind_us(reply.headers.get("date"), datetime.now(UTC)))

    def item_facts(self, number: str) -> ItemFacts | None:
        """GET one item; None when there is none.

        Where the warehouse looks barcodes up as well it may be the item with this barcode: its own number tells.
        """
        path = self._profile.routes.item.format(bu=quote(self._bu), number=quote(number, safe=""))
        try:
            row = item_in(body_of(self._http.request("items.get", "GET", path)))
        except StatusError as error:
            if error.status == NOT_FOUND:
                return None
            raise
        if row is None or not self._is_of_unit(row):
            return None
        facts = facts_of(row, self._profile.inventory.safety_stock)
        return facts if number == facts.number or number in facts.upcs else None

    def items_page(self, *, updated_after: datetime | None = None, key: str = "") -> ItemsPage | None:  # noqa: ARG002 -- the port's
        """V1 has no list of items."""
        return None

    # Shipments

    def shipments_between(self, start: datetime, end: datetime, *, zone: tzinfo | None = None) -> list[Shipment]:
        """GET /search/shipment by actual ship date, in the tenant's own time without a zone (`zone`, else the profile's).

        The search has no pages that are known of. An answer of just so many rows as lists are often cut at is asked
        again in two halves, down to a second.
        """
        place = zone or self._profile.zone
        window = ",".join(moment.astimezone(place).strftime("%Y-%m-%dT%H:%M:%S") for moment in (start, end))
        params = {"actualShipDateOps": "BETWEEN", "actualShipDate": window}
        found = self._shipments("shipments.search", self._profile.routes.search_shipment, params)
        if len(found) not in self._profile.transport.capped_at or end - start <= LEAST_WINDOW:
            return found
        middle = start + (end - start) / 2
        halves = [
            *self.shipments_between(start, middle, zone=zone),
            *self.shipments_between(middle, end, zone=zone),
        ]
        return list({shipment.shipment_number: shipment for shipment in [*found, *halves]}.values())

    def shipments_of_order(
        self,
        customer_order_number: str,
        *,
        order_number: str = "",  # noqa: ARG002 -- the port's; V1 knows only the marketplace's
    ) -> list[Shipment]:
        """GET /search/shipment by the marketplace's order id."""
        params = {"orderHeaders.customerOrderNumber": customer_order_number}
        return self._shipments("shipments.search", self._profile.routes.search_shipment, params)

    def shipment(self, number: str, *, customer_order_number: str = "") -> Shipment | None:
        """GET one shipment; where that route is not granted, look for it among those of its order. None: there is none."""
        path = self._profile.routes.shipment.format(bu=quote(self._bu), number=quote(number, safe=""))
        try:
            rows = self._shipments("shipments.get", path, {})
        except StatusError as error:
            if error.status not in NOT_GRANTED:
                raise
            rows = []
        found = next((row for row in rows if row.shipment_number == number), None)
        if found is None and customer_order_number:
            rows = self.shipments_of_order(customer_order_number)
            found = next((row for row in rows if row.shipment_number == number), None)
        return found

    # How answers are read

    def _write_orders(self, operation: str, path: str, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        reply = self._http.request(operation, "POST", path, json={"order": list(orders)})
        body = body_of(reply)
        responses = inside(body, "multistatus", "response") or inside(body, "response")
        responses = responses or [row for row in as_list(body) if isinstance(row, dict) and "status" in row]
        return [create_result(row) for row in responses]

    def _shipments(self, operation: str, path: str, params: Mapping[str, Any]) -> list[Shipment]:
        try:
            body = body_of(self._http.request(operation, "GET", path, params=params))
        except StatusError as error:
            if error.status == NOT_FOUND:
                return []
            raise
        return [wms_shipment(row, self._profile.zone) for row in shipments_in(body) if self._is_of_unit(row)]

    def _is_of_unit(self, row: Json) -> bool:
        return as_text(row.get("businessUnit")) in (None, self._bu)

    def _measures(self, item: Json) -> Iterator[Availability]:
        number = as_text(item.get("itemNumber")) or as_text(item.get("item")) or ""
        for row in [item, *inside(item, "facilities", "facility"), *inside(item, "facilities")]:
            figures = {name: as_decimal(row.get(name)) for name in self._profile.inventory.measures}
            facility = as_text(row.get("facility")) or ""
            if row is item or facility:
                known = {name: value for name, value in figures.items() if value is not None}
                yield Availability(item_number=number, facility="" if row is item else facility, measures=known)
