"""One method per endpoint of the Mirakl seller API that Holdpoint uses. Never retries; raises the errors of core.http."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from urllib.parse import quote

from integration.mirakl.offer_calls import LIST_LIMIT, OfferCalls
from integration.mirakl.reading import Json, as_iso, as_object, orders_page, read, read_list
from integration.mirakl.schemas import (
    Account,
    AdditionalField,
    Carrier,
    MiraklShipment,
    OrdersPage,
    Platform,
    Reason,
    ShipmentError,
    ShipmentsCreated,
    ShippingType,
    Version,
)


class MiraklClient(OfferCalls):
    """A shop of one operator. The key goes raw into Authorization; `shop_id` goes along with every call."""

    # Platform and account

    def version(self) -> Version:
        """V01 GET /api/version."""
        return read(Version, self._http.request("V01", "GET", "/api/version").json())

    def account(self) -> Account:
        """A01 GET /api/account: the shop, its state and currency. Published: once a day."""
        return read(Account, self._get("A01", "/api/account"))

    def account_statistics(self) -> Json:
        """A21 GET /api/account/statistics: what the operator measures the shop by."""
        return as_object(self._get("A21", "/api/account/statistics"))

    def platform_configuration(self) -> Platform:
        """PC01 GET /api/platform/configuration: the operator's features and workflow."""
        body = self._http.request("PC01", "GET", "/api/platform/configuration").json()
        return Platform.of(as_object(body))

    def shipping_types(self) -> list[ShippingType]:
        """SH12 GET /api/shipping/types."""
        return read_list(ShippingType, self._get("SH12", "/api/shipping/types"), "shipping_types")

    def carriers(self) -> list[Carrier]:
        """SH21 GET /api/shipping/carriers; codes differ per operator."""
        return read_list(Carrier, self._get("SH21", "/api/shipping/carriers"), "carriers")

    def reasons(self) -> list[Reason]:
        """RE01 GET /api/reasons; only those with `is_shop_right` may be used."""
        return read_list(Reason, self._get("RE01", "/api/reasons"), "reasons")

    def additional_fields(self, entities: Sequence[str] = ("ORDER", "ORDER_LINE")) -> list[AdditionalField]:
        """AF01 GET /api/additional_fields."""
        body = self._get("AF01", "/api/additional_fields", {"entities": ",".join(entities)})
        return read_list(AdditionalField, body, "additional_fields")

    # Orders

    def orders(
        self,
        *,
        order_ids: Sequence[str] = (),
        order_state_codes: Sequence[str] = (),
        start_update_date: datetime | None = None,
        end_update_date: datetime | None = None,
        max: int = LIST_LIMIT,  # noqa: A002 -- Mirakl's own word
        offset: int = 0,
        sort: str | None = None,
        order: str | None = None,
    ) -> OrdersPage:
        """OR11 GET /api/orders: one page. Sorted by creation only; Mirakl widens `start_update_date` by itself.

        Published for background use: every 5 minutes, at most once a minute (15 minutes for external partners).
        """
        params = {
            "order_ids": ",".join(order_ids) or None,
            "order_state_codes": ",".join(order_state_codes) or None,
            "start_update_date": as_iso(start_update_date),
            "end_update_date": as_iso(end_update_date),
            "max": max,
            "offset": offset,
            "sort": sort,
            "order": order,
        }
        reply = self._http.request("OR11", "GET", "/api/orders", params={**params, **self._shop})
        return orders_page(reply)

    def accept(self, order_id: str, decisions: Mapping[str, bool]) -> None:
        """OR21 PUT /api/orders/{id}/accept: every line decided in one call; 204. A second decision is a 400."""
        lines = [{"id": line_id, "accepted": accepted} for line_id, accepted in decisions.items()]
        self._put_nothing("OR21", f"/api/orders/{quote(order_id, safe='')}/accept", {"order_lines": lines})

    def set_tracking(
        self,
        order_id: str,
        *,
        carrier_code: str = "",
        carrier_name: str = "",
        tracking_number: str = "",
        tracking_url: str = "",
    ) -> None:
        """OR23 PUT /api/orders/{id}/tracking; 204. A carrier is a code of SH21, or a name where that is allowed."""
        body = {
            "carrier_code": carrier_code,
            "carrier_name": carrier_name,
            "tracking_number": tracking_number,
            # Mirakl computes the address of a listed carrier itself.
            "carrier_url": "" if carrier_code else tracking_url,
        }
        self._put_nothing(
            "OR23",
            f"/api/orders/{quote(order_id, safe='')}/tracking",
            {key: value for key, value in body.items() if value},
        )

    def ship(self, order_id: str) -> None:
        """OR24 PUT /api/orders/{id}/ship, no body; 204. Only from SHIPPING; 400 on an order that is shipped."""
        self._put_nothing("OR24", f"/api/orders/{quote(order_id, safe='')}/ship")

    def refund(self, refunds: Sequence[Json], *, order_tax_mode: str | None = None) -> Json:
        """OR28 PUT /api/orders/refund; 200. Has no idempotency: read `refunds[]` of the line before a repeat."""
        return self._put_json("OR28", "/api/orders/refund", _with_mode({"refunds": list(refunds)}, order_tax_mode))

    def cancel(self, order_id: str) -> None:
        """OR29 PUT /api/orders/{id}/cancel, no body; 204. Only while `can_cancel`."""
        self._put_nothing("OR29", f"/api/orders/{quote(order_id, safe='')}/cancel")

    def cancel_lines(self, cancelations: Sequence[Json], *, order_tax_mode: str | None = None) -> Json:
        """OR30 PUT /api/orders/cancel; 200. Only where the operator allows partial cancelation."""
        return self._put_json(
            "OR30", "/api/orders/cancel", _with_mode({"cancelations": list(cancelations)}, order_tax_mode)
        )

    def update_additional_fields(self, order_id: str, body: Json) -> Json:
        """OR31 PUT /api/orders/{id}/additional_fields; 200 with a result or errors per field."""
        return self._put_json("OR31", f"/api/orders/{quote(order_id, safe='')}/additional_fields", body)

    def update_references(self, references: Mapping[str, str]) -> Json:
        """OR04 PUT /api/orders: store our own order number at Mirakl; at most 100 orders, once a minute."""
        orders = [
            {"order_id": order_id, "references": {"order_reference_for_seller": number}}
            for order_id, number in references.items()
        ]
        return self._put_json("OR04", "/api/orders", {"orders": orders})

    # Shipments

    def create_shipments(self, shipments: Sequence[Json]) -> ShipmentsCreated:
        """ST01 POST /api/shipments, at most 1,000; 201 with successes and errors. 404: the feature is off.

        Not idempotent: read ST11 of the order before a repeat.
        """
        reply = self._http.request(
            "ST01", "POST", "/api/shipments", params=self._shop, json={"shipments": list(shipments)}
        )
        body = as_object(reply.json())
        return ShipmentsCreated(
            successes=tuple(read_list(MiraklShipment, body, "shipment_success")),
            errors=tuple(read_list(ShipmentError, body, "shipment_errors")),
        )

    def shipments_of_order(self, order_id: str) -> list[MiraklShipment]:
        """ST11 GET /api/shipments for one order, every page."""
        return [read(MiraklShipment, row) for row in self._seek("ST11", "/api/shipments", [("order_id", order_id)])]

    def items_to_ship(self, order_ids: Sequence[str]) -> list[Json]:
        """ST12 GET /api/shipments/items_to_ship: what is left to ship, with quantities."""
        return list(self._seek("ST12", "/api/shipments/items_to_ship", [("order_id", order) for order in order_ids]))

    def update_shipment_tracking(self, shipments: Sequence[Json]) -> Json:
        """ST23 POST /api/shipments/tracking; 200 with successes and errors by shipment id."""
        reply = self._http.request(
            "ST23", "POST", "/api/shipments/tracking", params=self._shop, json={"shipments": list(shipments)}
        )
        return as_object(reply.json())

    def ship_shipments(self, shipment_ids: Sequence[str]) -> Json:
        """ST24 PUT /api/shipments/ship; 200 with successes and errors by shipment id."""
        return self._put_json("ST24", "/api/shipments/ship", {"shipments": [{"id": one} for one in shipment_ids]})

    # Money

    def billing_cycles(self, *, limit: int = 1000) -> Iterator[Json]:
        """SBC11 GET /api/seller-billing-cycles, every page. Published: once a day."""
        return self._seek("SBC11", "/api/seller-billing-cycles", [("limit", str(limit))])

    def invoices(self, *, type: str = "ALL", max: int = LIST_LIMIT, offset: int = 0) -> Json:  # noqa: A002 -- theirs
        """IV01 GET /api/invoices: one page. The default of Mirakl hides manual documents, so ALL is ours."""
        return as_object(self._get("IV01", "/api/invoices", {"type": type, "max": max, "offset": offset}))

    def transaction_logs(self, *, last_updated_from: datetime | None = None, limit: int = 2000) -> Iterator[Json]:
        """TL02 GET /api/sellerpayment/transactions_logs by last update, every page. Needs its own role."""
        params = [("limit", str(limit)), ("sort", "lastUpdated,ASC")]
        if last_updated_from is not None:
            params.append(("last_updated_from", as_iso(last_updated_from) or ""))
        return self._seek("TL02", "/api/sellerpayment/transactions_logs", params)


def _with_mode(body: Json, order_tax_mode: str | None) -> Json:
    return body if order_tax_mode is None else {"order_tax_mode": order_tax_mode, **body}
