"""One method per question that Holdpoint asks V2. Never retries, but for a refused token. Raises the errors of core.http."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

import httpx

from core.http import Call, HttpClient, NotSentError, StatusError, UnknownOutcomeError
from integration.deposco.normalise import as_moment, as_text, offset_of
from integration.deposco.profile import Profile
from integration.deposco.schemas import CreateResult, ItemFacts, ItemsPage, Shipment, WmsOrder
from integration.deposco.v2.items import Items
from integration.deposco.v2.lines import ShipmentLines
from integration.deposco.v2.reading import (
    errors_of,
    id_of,
    is_of_unit,
    is_whole,
    part_of,
    rows_of,
    unwrapped,
    wms_order,
)
from integration.deposco.v2.session import URGENT, Session
from integration.deposco.v2.shipments import wire_shipment
from integration.deposco.v2.tokens import Client, Tokens

Json = dict[str, Any]
ORDERS, SHIPMENTS = "/orders/salesOrders", "/shipments/outboundShipments"
CREATED, CONFLICT = 201, 409
# What says of one order that it is refused for what it is.
REFUSED = frozenset({400, 404, 413, 422})
SERVER_ERROR = 500
THERE_ALREADY = re.compile(r"cannot be updated while in the status|status updates are not accepted", re.IGNORECASE)


def _at_once(_priority: int) -> None:
    """The pace of a caller that has no limit."""


class DeposcoV2Client:
    """One business unit of a tenant, whose environment and company its token says."""

    def __init__(
        self,
        base_url: str,
        tenant_code: str,
        business_unit: str,
        client: Client,
        *,
        profile: Profile,
        transport: httpx.BaseTransport | None = None,
        on_call: Callable[[Call], None] | None = None,
        pace: Callable[[int], None] = _at_once,
        deadline: float | None = None,
    ) -> None:
        self._profile, self._bu = profile, business_unit
        url = (profile.v2.url or base_url).rstrip("/")
        seconds = deadline or profile.transport.deadline_seconds
        tokens = Tokens(
            url,
            client,
            profile.v2.oauth,
            company=tenant_code,
            transport=transport,
            deadline=seconds,
            on_call=on_call,
        )
        http = HttpClient(
            f"{url}{profile.v2.base}",
            headers={"Accept": "application/json", **profile.transport.extra_headers},
            transport=transport,
            deadline=seconds,
            on_call=on_call,
        )
        self._session = Session(http, tokens, pace)
        self._lines = ShipmentLines(self._session, profile)
        self._items = Items(self._session, profile, business_unit)

    def close(self) -> None:
        """Give the connections back."""
        self._session.close()

    # Orders

    def create_orders(self, orders: Sequence[Mapping[str, Any]]) -> list[CreateResult]:
        """POST /orders/salesOrders for each, after a look for its number. Raises for the first that is not clear.

        The call changes an order that is there, so it is made only when there is none of this number; one that is
        there answers as V1's 409 does, and the caller compares. Give one order a call where each must have its own end.
        """
        return [self._create(order, paid=position == 0) for position, order in enumerate(orders)]

    def _create(self, order: Mapping[str, Any], *, paid: bool) -> CreateResult:
        number = as_text(order.get("number")) or ""
        if self._looked_up(number, paid=paid):
            return CreateResult(number, CONFLICT, f"Order {number} is there already")
        try:
            body = self._session.post("v2.orders.save", ORDERS, order, paid=False)
        except StatusError as error:
            words = "; ".join(errors_of(_json_or_none(error.body)))
            if error.status in REFUSED and THERE_ALREADY.search(words):
                return CreateResult(number, CONFLICT, words)
            if error.status in REFUSED and words:
                return CreateResult(number, error.status, words)
            raise
        told = as_text(unwrapped(body, "salesOrder").get("number"))
        if told not in (None, number):
            message = f"The answer to order {number} is about order {told}"
            raise UnknownOutcomeError(message)
        return CreateResult(number, CREATED, "Created")

    def _looked_up(self, number: str, *, paid: bool) -> bool:
        """Whether there is an order of this number. A look that fails leaves the order unsent."""
        try:
            found = self.find_orders(number, paid=paid)
        except StatusError as error:
            if error.status < SERVER_ERROR:
                raise
            message = f"not sent: looking for its number first was answered with {error.status}"
            raise NotSentError(message) from error
        except UnknownOutcomeError as error:
            message = f"not sent: looking for its number first went wrong ({error})"
            raise NotSentError(message) from error
        if found is None:
            message = "The list of orders ignores the number, so whether the order is there cannot be told"
            raise UnknownOutcomeError(message)
        return bool(found)

    def find_orders(self, number: str, *, paid: bool = True) -> list[WmsOrder] | None:
        """GET /orders/salesOrders by number; None when the answer shows that the number was ignored.

        Every row is checked, since parameters that are not known over there are ignored without a word. Lines come from
        their own list where those in the order may have been cut.
        """
        params = {"businessUnit": self._bu, "number": number, "pageSize": self._profile.v2.order_page}
        try:
            rows = next(self._session.pages("v2.orders.find", ORDERS, params, paid=paid))
        except StatusError as error:
            if error.status == 404:  # noqa: PLR2004 -- a list that is empty, for some servers
                return []
            raise
        mine = [row for row in rows if as_text(row.get("number")) == number and self._is_ours(row)]
        if rows and not mine:
            return None
        return [wms_order(row, self._order_lines(row)) for row in mine]

    def _is_ours(self, row: Json) -> bool:
        kind = as_text(row.get("type"))
        return is_of_unit(row, self._bu) and kind in (None, self._profile.order_type)

    def _order_lines(self, row: Json) -> list[Json]:
        collection, key = row.get("orderLines"), id_of(row)
        if is_whole(collection) or key is None:
            return rows_of(collection)
        params = {"pageSize": self._profile.v2.order_page}
        pages = self._session.pages("v2.orders.lines", f"{ORDERS}/{key}/orderLines", params, paid=False)
        return _once(line for page in pages for line in page)

    # Items and facilities

    def item_facts(self, number: str) -> ItemFacts | None:
        """GET /items by number; None when there is none. The parts of a kit that does not tell them are looked up."""
        return self._items.facts_of(number)

    def items_page(self, *, updated_after: datetime | None = None, key: str = "") -> ItemsPage:
        """GET /items: one page of the list, or of what changed since then; `key` is the page before's `next_key`."""
        return self._items.page(updated_after=updated_after, key=key)

    def facilities(self) -> dict[str, str]:
        """GET /facilities: names by number."""
        pages = self._session.pages("v2.facilities.find", "/facilities", {}, paid=True)
        rows = [row for page in pages for row in page]
        return {number: as_text(row.get("name")) or number for row in rows if (number := as_text(row.get("number")))}

    # Shipments

    def shipments_between(
        self,
        start: datetime,
        end: datetime,  # noqa: ARG002 -- the port's
        *,
        zone: tzinfo | None = None,
    ) -> list[Shipment]:
        """GET /shipments/outboundShipments that changed since `start` (or left since, as the profile says).

        Times carry their offset here, so `zone` only reads those that have none. `end` is no bound: what is newer is
        taken along. Reading ends with a page that has nothing of the window, which a server that ignores it would send.
        """
        name = self._profile.v2.shipments_by
        since = start.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        params = {"businessUnit": self._bu, name: since, "pageSize": self._profile.v2.shipment_page}
        place, found = zone or self._profile.zone, dict[str, Shipment]()
        for rows in self._session.pages("v2.shipments.find", SHIPMENTS, params, paid=True, priority=URGENT):
            mine = [row for row in rows if self._is_since(row, name, start, place)]
            if rows and not mine:
                break
            for row in mine:
                key = as_text(row.get("number")) or ""
                if key not in found and is_of_unit(row, self._bu):
                    found[key] = self._shipment(row, place)
        return list(found.values())

    def shipments_of_order(self, customer_order_number: str, *, order_number: str = "") -> list[Shipment]:
        """GET /shipments/outboundShipments by our number of the order, else by the marketplace's."""
        known = {"orderNumber": order_number} if order_number else {"customerOrderNumber": customer_order_number}
        params = {"businessUnit": self._bu, **known, "pageSize": self._profile.v2.shipment_page}
        rows = next(self._session.pages("v2.shipments.find", SHIPMENTS, params, paid=True))
        found = [self._shipment(row, self._profile.zone) for row in rows if is_of_unit(row, self._bu)]
        return [row for row in found if not order_number or order_number in row.order_numbers]

    def shipment(self, number: str, *, customer_order_number: str = "") -> Shipment | None:  # noqa: ARG002 -- the port's
        """GET /shipments/outboundShipments by its number; None when there is none."""
        params = {"businessUnit": self._bu, "shipmentNumber": number}
        rows = next(self._session.pages("v2.shipments.find", SHIPMENTS, params, paid=True))
        mine = [row for row in rows if as_text(row.get("number")) == number and is_of_unit(row, self._bu)]
        return self._shipment(mine[0], self._profile.zone) if mine else None

    def _is_since(self, row: Json, name: str, start: datetime, zone: tzinfo) -> bool:
        dates = row if name == "updatedAfter" else part_of(row, "shipmentDates")
        told = dates.get("updatedDate" if name == "updatedAfter" else "actualShipDate")
        # A time without an offset cannot be compared; and servers tell whole seconds.
        moment = as_moment(told, zone) if offset_of(told) is not None else None
        return moment is None or moment >= start.replace(microsecond=0)

    def _shipment(self, row: Json, zone: tzinfo) -> Shipment:
        lines, numbers = self._lines.of(row)
        return wire_shipment(
            row,
            orders=numbers,
            lines=lines,
            zone=zone,
            tracking_url=self._profile.v2.tracking_url,
        )


def _once(rows: Any) -> list[Json]:
    """Rows without those that a page told again."""
    found: dict[str, Json] = {}
    for row in rows:
        found.setdefault(id_of(row) or json.dumps(row, sort_keys=True, default=str), row)
    return list(found.values())


def _json_or_none(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
