"""A run that uses every Mirakl operation Holdpoint knows, good and bad, over our client and the sandbox, recorded."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import httpx

from core.http import HttpError
from integration.mirakl.client import MiraklClient
from integration.mirakl.stock_file import StockLine, stock_csv
from sandbox.demo import build_world
from sandbox.inprocess import SandboxTransport
from sandbox.mirakl.state import SandboxOrder, new_order
from sandbox.world import World
from tests.contract.openapi import Exchange
from tests.contract.recording import RecordingTransport

OPERATOR, SHOP = "north", 2001
PREFIX: Final = f"/mirakl/{OPERATOR}"
BASE: Final = f"https://sandbox.example.com{PREFIX}"
TRACKING: Final = {"carrier_code": "DHL", "tracking_number": "TRK1"}


@dataclass
class Run:
    """The world of the run, our client in it, and all that crossed the wire."""

    world: World = field(default_factory=lambda: build_world(7))

    def __post_init__(self) -> None:
        self.operator = self.world.operators[OPERATOR]
        self.shop = self.operator.shops[SHOP]
        self.recorder = RecordingTransport(SandboxTransport(self.world), PREFIX)
        self.client = self.client_of(self.shop.api_key)
        self.plain = httpx.Client(transport=self.recorder, base_url=BASE, headers={"Accept": "application/json"})

    @property
    def exchanges(self) -> list[Exchange]:
        """Everything recorded."""
        return self.recorder.exchanges

    def client_of(self, key: str, shop_id: int | None = SHOP) -> MiraklClient:
        """Our client with a key."""
        return MiraklClient(BASE, key, shop_id=shop_id, transport=self.recorder)

    def call(self, method: str, path: str, **more: Any) -> httpx.Response:
        """A call that our client has no method for, or makes no such mistake in."""
        headers = {"Authorization": self.shop.api_key, **more.pop("headers", {})}
        return self.plain.request(method, path, headers=headers, **more)

    def refused(self, act: Callable[..., object], *arguments: Any, **more: Any) -> HttpError:
        """A call that must be answered with an error."""
        try:
            act(*arguments, **more)
        except HttpError as error:
            return error
        raise AssertionError(f"{act} was not refused")

    def order(self, *lines: tuple[str, int], state: str = "SHIPPING", **more: Any) -> SandboxOrder:
        """An order, brought into a state."""
        chosen = list(lines or (("SKU-001", 2),))
        order = self.operator.place(new_order(self.operator, self.shop, chosen, at=self.world.clock.seconds(), **more))
        if state != "WAITING_ACCEPTANCE":
            self.client.accept(order.id, {line["order_line_id"]: True for line in order.lines})
            self.skip(10)
        return order

    def skip(self, seconds: float) -> None:
        """Let time pass."""
        self.world.clock.advance(seconds)
        self.world.tick()


def everything() -> Run:
    """Every operation, in every answer worth telling apart."""
    run = Run()
    for part in (_platform, _reading, _deciding, _shipping, _shipments, _fields, _money_back, _offers, _money, _errors):
        part(run)
    return run


def _platform(run: Run) -> None:
    client = run.client
    client.version()
    client.account()
    client.account_statistics()
    run.call("GET", "/api/account/statistics", params={"periods": "LAST_MONTH,LAST_YEAR"})
    client.platform_configuration()
    client.shipping_types()
    client.carriers()
    client.reasons()
    client.additional_fields()
    run.call("GET", "/api/additional_fields")


def _reading(run: Run) -> None:
    for _ in range(12):
        run.order(("SKU-001", 1), ("SKU-NEW-1", 2), state="WAITING_ACCEPTANCE")
    run.order(channel="WEB", tax_rate=20.0, shipping_price=4.9)
    now = run.world.clock.now()
    run.client.orders(order_state_codes=("WAITING_ACCEPTANCE", "SHIPPING"), sort="dateCreated", order="asc")
    run.client.orders(start_update_date=now - timedelta(hours=1), end_update_date=now, max=5, offset=5)
    first = next(iter(run.operator.orders))
    run.client.orders(order_ids=(first, "NOT-THERE-A"))
    run.call(
        "GET",
        "/api/orders",
        params={
            "channel_codes": "WEB",
            "customer_debited": "true",
            "has_incident": "false",
            "payment_workflow": "PAY_ON_ACCEPTANCE",
            "fulfillment_center_code": "DEFAULT",
            "order_references_for_seller": "W1,W2",
            "order": "desc",
            "max": "2",
        },
    )


def _deciding(run: Run) -> None:
    partly = run.order(("SKU-001", 1), ("SKU-002", 1), state="WAITING_ACCEPTANCE")
    lines = [line["order_line_id"] for line in partly.lines]
    run.refused(run.client.accept, partly.id, {lines[0]: True})
    run.client.accept(partly.id, {lines[0]: True, lines[1]: False})
    run.refused(run.client.accept, partly.id, {lines[0]: True, lines[1]: True})
    none = run.order(state="WAITING_ACCEPTANCE")
    run.client.accept(none.id, {none.lines[0]["order_line_id"]: False})
    run.refused(run.client.accept, "NOT-THERE-A", {"x": True})
    run.skip(10)
    run.client.orders(order_ids=(partly.id, none.id))


def _shipping(run: Run) -> None:
    order = run.order()
    run.refused(run.client.ship, order.id)
    run.refused(run.client.set_tracking, order.id, carrier_code="NOBODY", tracking_number="1")
    run.client.set_tracking(
        order.id, carrier_name="A courier", tracking_number="1", tracking_url="https://c.example.com/1"
    )
    run.client.set_tracking(order.id, **TRACKING)
    run.client.ship(order.id)
    run.refused(run.client.ship, order.id)
    gone = run.order()
    run.client.cancel(gone.id)
    run.refused(run.client.cancel, gone.id)
    run.client.orders(order_ids=(order.id, gone.id))
    collected = run.order(shipping_type="PUP")
    run.client.ship(collected.id)
    run.operator.receive(collected, run.world.clock.seconds())
    run.operator.close(collected, run.world.clock.seconds())
    run.client.orders(order_ids=(collected.id,))


def _shipments(run: Run) -> None:
    order = run.order(("SKU-001", 2), ("SKU-002", 1))
    first, second = (line["order_line_id"] for line in order.lines)
    run.client.items_to_ship([order.id])
    parcel = {"order_id": order.id, "shipped": True, "tracking": TRACKING}
    run.client.create_shipments([{**parcel, "shipment_lines": [{"order_line_id": first, "quantity": 1}]}])
    run.client.create_shipments([{**parcel, "shipment_lines": [{"order_line_id": first, "quantity": 9}]}])
    rest = [{"order_line_id": first, "quantity": 1, "package_reference": "B"}, {"order_line_id": second, "quantity": 1}]
    run.client.create_shipments([{"order_id": order.id, "shipment_lines": rest, "invoice_reference": "INV-1"}])
    waiting = run.client.shipments_of_order(order.id)[-1].id
    run.client.update_shipment_tracking([{"id": waiting, "tracking": TRACKING}, {"id": "none", "tracking": TRACKING}])
    run.client.items_to_ship([order.id])
    run.client.ship_shipments([waiting, "none"])
    run.client.create_shipments([{**parcel, "shipment_lines": [{"order_line_id": first, "quantity": 1}]}])
    for _ in range(11):
        run.order()
    pages = run.call("GET", "/api/shipments/items_to_ship", params={"limit": "5", "sort": "shippingDate,ASC"}).json()
    run.call("GET", "/api/shipments/items_to_ship", params={"page_token": pages["next_page_token"]})
    run.call("GET", "/api/shipments", params=[("shipment_state_code", "SHIPPED"), ("shipment_state_code", "SHIPPING")])


def _fields(run: Run) -> None:
    order = run.order()
    line = order.lines[0]["order_line_id"]
    of_line = [{"code": "engraving", "type": "STRING", "value": "For Robin"}]
    fields = [{"code": "gift-note", "type": "STRING", "value": "Enjoy"}, {"code": "dock", "type": "LIST", "value": "A"}]
    both = {
        "order_additional_fields": fields,
        "order_lines": [{"order_line_id": line, "order_line_additional_fields": of_line}],
    }
    run.client.update_additional_fields(order.id, both)
    wrong = [{"code": "dock", "type": "LIST", "value": "Z"}, {"code": "nothing", "type": "STRING", "value": "1"}]
    run.client.update_additional_fields(order.id, {"order_additional_fields": wrong})
    run.client.update_references({order.id: "W-1", "NOT-THERE-A": "W-2"})
    run.client.orders(order_ids=(order.id,))


def _money_back(run: Run) -> None:
    order = run.order(("SKU-001", 3))
    line = order.lines[0]
    refund = {
        "order_line_id": line["order_line_id"],
        "amount": 5.0,
        "shipping_amount": 0,
        "reason_code": "15",
        "quantity": 1,
    }
    run.client.refund([refund], order_tax_mode="TAX_INCLUDED")
    run.refused(run.client.refund, [{**refund, "amount": 500.0}])
    run.client.cancel_lines([{**refund, "amount": line["price_unit"], "reason_code": "34"}])
    run.refused(run.client.cancel_lines, [{**refund, "order_line_id": "NOT-THERE-A-1", "reason_code": "34"}])
    run.skip(5)
    run.client.orders(order_ids=(order.id,))
    waiting = run.order(state="WAITING_ACCEPTANCE")
    run.refused(run.client.refund, [{**refund, "order_line_id": waiting.lines[0]["order_line_id"]}])


def _offers(run: Run) -> None:
    run.client.offers(max=5, offset=5)
    run.client.offers(sku="SKU-001")
    offer = {
        "shop_sku": "SKU-050",
        "product_id": "4000000000014",
        "product_id_type": "EAN",
        "price": 12.5,
        "state_code": "11",
        "update_delete": "",
    }
    run.client.update_offers([{**offer, "quantity": 3}])
    run.skip(5)
    run.client.offers(sku="SKU-050")
    number = run.client.import_stock(stock_csv([StockLine("SKU-001", 4), StockLine("SKU-404", 1)]))
    run.client.stock_import_status(number)
    run.refused(run.client.stock_import_errors, number)
    run.skip(5)
    run.client.stock_import_status(number)
    run.client.stock_import_errors(number)
    run.refused(run.client.stock_import_status, "404")
    export = run.client.request_offer_export(include_inactive=True)
    run.skip(5)
    for url in run.client.offer_export_status(export).urls:
        list(run.client.offer_export_chunk(url))
    run.refused(run.client.offer_export_status, "404")


def _money(run: Run) -> None:
    now = run.world.clock.seconds()
    for order in list(run.operator.orders.values()):
        if order.state == "SHIPPING":
            run.operator.ship(order, now)
            run.operator.receive(order, now)
    run.operator.log.manual(run.shop, "MANUAL_CREDIT", 3.5, "Goodwill", now)
    run.operator.log.close_cycle(run.shop, now, paid=True)
    run.operator.log.manual(run.shop, "MANUAL_INVOICE", 1.0, "Advertising", now)
    list(run.client.billing_cycles())
    run.client.invoices()
    run.call("GET", "/api/invoices", params={"payment_status": "PAID", "max": "1"})
    list(run.client.transaction_logs(last_updated_from=run.world.clock.now() - timedelta(days=1), limit=25))
    run.call("GET", "/api/sellerpayment/transactions_logs", params=[("payment_state", "PAID"), ("limit", "5")])


def _errors(run: Run) -> None:
    """Errors of every kind: key, role, shop, method, form, rate, and the server's own."""
    run.refused(run.client_of("nobody").account)
    run.refused(run.client_of(run.shop.api_key, shop_id=3001).account)
    admin = run.operator.add_key([SHOP], frozenset({"ROLE_SHOP_ADMIN"}))
    run.refused(lambda: list(run.client_of(admin).transaction_logs()))
    run.world.faults.arm("mirakl", "OR11", "error_500_before")
    run.refused(run.client.orders)
    run.world.strict_rates = True
    with contextlib.suppress(HttpError):
        run.client.orders()
    run.refused(run.client.orders)
    run.world.strict_rates = False
    run.operator.multi_shipment = False
    run.refused(run.client.shipments_of_order, "O-1")
    run.operator.multi_shipment = True
