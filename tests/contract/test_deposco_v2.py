"""Every document of V2 that we send, and every one the sandbox answers, is held to Deposco's field tables."""

import json
import re
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import pytest

from integration.deposco.parcels import aggregate_parcels
from sandbox.deposco.v2.routes import ROUTES
from tests.contract.openapi import Exchange
from tests.contract.v2_run import V2Run, body_of, everything, written
from tests.contract.v2_tables import Tables

# Which document an address answers with, one or a page of them; first fit.
ANSWERS: Final = (
    (r"/orders/salesOrders/\d+/orderLines", "SalesOrderLineDTO", True),
    (r"/orders/salesOrders/\d+/status", "SalesOrderStatusDTO", False),
    (r"/orders/salesOrders/\d+", "SalesOrderDTO", False),
    (r"/orders/salesOrders", "SalesOrderDTO", True),
    (r"/shipments/outboundShipments/\d+/shipmentLines", "OutboundShipmentLineDTO", True),
    (r"/shipments/outboundShipments/\d+", "OutboundShipmentDTO", False),
    (r"/shipments/outboundShipments", "OutboundShipmentDTO", True),
    (r"/containers", "ContainerDTO", True),
    (r"/items", "ItemDTO", True),
    (r"/kitHeaders", "KitHeaderDTO", True),
    (r"/kitHeaders/\d+/kitDetails", "KitDetailDTO", True),
    (r"/facilities", "FacilityDTO", True),
    (r"/companies", "CompanyDTO", True),
)
# The parameters that are documented; any other would be ignored without a word.
PARAMETERS: Final = {
    "/orders/salesOrders": {"businessUnit", "number", "orderStatus", "createdAfter", "updatedAfter"},
    "/shipments/outboundShipments": {
        *("businessUnit", "shipmentNumber", "orderNumber", "customerOrderNumber", "shipmentStatus"),
        *("shippedAfter", "createdAfter", "updatedAfter"),
    },
    "/items": {"businessUnit", "number", "name", "createdAfter", "updatedAfter"},
}
PAGING: Final = {"pageSize", "searchId"}


@pytest.fixture(scope="module")
def tables_of_v2(contracts: Path) -> Tables:
    return Tables(contracts)


@pytest.fixture(scope="module")
def run(contracts: Path) -> V2Run:
    return everything()


def _violations(known: Tables, exchange: Exchange) -> list[str]:
    found = [] if known.has_endpoint(exchange.method, exchange.path) else [f"{exchange.path} is not documented"]
    body = body_of(exchange)
    if exchange.status >= 400:
        return found + known.violations("BadRequestAPIResponse", body, is_sent=False)
    if exchange.method == "POST":
        found += known.violations("SalesOrderDTO", json.loads(exchange.request_body), is_sent=True)
        return found + known.violations("SalesOrderDTO", body, is_sent=False)
    name, is_list = next((name, many) for path, name, many in ANSWERS if re.fullmatch(path, exchange.path))
    return found + (known.list_violations(name, body) if is_list else known.violations(name, body, is_sent=False))


def test_no_document_departs_from_the_tables(tables_of_v2: Tables, run: V2Run, tables: dict[str, str]) -> None:
    counts = Counter(f"{one.method} {re.sub(r'[0-9]+', 'n', one.path)} {one.status}" for one in run.exchanges)
    violations = [words for one in run.exchanges for words in _violations(tables_of_v2, one)]

    rows = [f"{kind:58}{count:5}" for kind, count in sorted(counts.items())]
    tables["Deposco V2, held to its tables"] = "\n".join([*rows, f"{'violations':58}{len(violations):5}"])

    assert violations == []


def test_every_call_that_the_sandbox_answers_was_made(run: V2Run) -> None:
    made = {entry.operation for entry in run.world.ledger}

    assert {operation for operation, *_ in ROUTES} - made == set()


def test_no_call_has_a_parameter_that_is_not_documented(run: V2Run) -> None:
    unknown = {
        (one.path, name)
        for one in run.exchanges
        for name, _ in one.query
        if name not in PARAMETERS.get(one.path, set()) | PAGING
    }

    assert unknown == set()


def _rename(document: dict[str, Any], old: str, new: str) -> None:
    document[new] = document.pop(old)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda order: _rename(order, "customerOrderNumber", "customerOrderNo"),
        lambda order: _rename(order["shipToAddress"], "line1", "addressLine1"),
        lambda order: _rename(order["orderLines"]["data"][0], "orderPackQuantity", "quantity"),
        lambda order: order["orderLines"]["data"][0].update(orderPackQuantity="2"),
        lambda order: order.update(orderStatus="Newish"),
        lambda order: order.update(placedDate="2026-11-01T12:00:00"),
        lambda order: order["shipToContact"].update(lastName="N" * 31),
        lambda order: order.update(createdDate="2026-11-01T12:00:00Z"),
        lambda order: order.pop("shipToContact"),
    ],
    ids=["header", "address", "line", "number", "status", "date", "length", "read-only", "missing"],
)
def test_a_mistake_in_an_order_we_send_is_a_violation(
    tables_of_v2: Tables, spoil: Callable[[dict[str, Any]], None]
) -> None:
    order = written("X-1")
    wrong = deepcopy(order)

    spoil(wrong)

    assert tables_of_v2.violations("SalesOrderDTO", order, is_sent=True) == []
    assert len(tables_of_v2.violations("SalesOrderDTO", wrong, is_sent=True)) >= 1


@pytest.mark.parametrize(
    "field", ["shippedContainers", "trackingNumber", "shippedContainerLines", "customerLineNumber", "actualShipDate"]
)
def test_a_field_misspelt_in_an_answer_is_a_violation(tables_of_v2: Tables, run: V2Run, field: str) -> None:
    good = next(one for one in run.exchanges if re.fullmatch(r"/shipments/outboundShipments/\d+", one.path))
    text = good.response_body.decode()

    wrong = text.replace(f'"{field}"', f'"{field}s"', 1)

    assert tables_of_v2.violations("OutboundShipmentDTO", json.loads(text), is_sent=False) == []
    assert any(
        field in words for words in tables_of_v2.violations("OutboundShipmentDTO", json.loads(wrong), is_sent=False)
    )


def test_the_published_list_is_read_as_it_stands(contracts: Path) -> None:
    sample = json.loads((contracts / "deposco/samples/v2_sales_order_list.json").read_text(encoding="utf-8"))
    run = V2Run()
    run.client._session.get = lambda *_args, **_more: sample  # type: ignore[method-assign]
    run.client._bu = "BUCODE"

    (order,) = run.client.find_orders("5003767") or []

    assert (order.status, order.customer_order_number) == ("Ship Complete", "MKT-1000003")


def test_the_published_shape_of_a_shipment_is_read_into_its_parcel(contracts: Path) -> None:
    sample = json.loads((contracts / "deposco/samples/v2_outbound_shipment_shape.json").read_text(encoding="utf-8"))
    run = V2Run()
    run.client._session.get = lambda *_args, **_more: {"number": "205"}  # type: ignore[method-assign]

    shipment = run.client._shipment(sample, run.profile.zone)

    (parcel,) = aggregate_parcels(shipment, run.profile).parcels
    (line,) = parcel.lines
    assert (shipment.facility, shipment.utc_offset_minutes) == ("LVL", -300)
    assert (parcel.parcel_key, parcel.tracking_number) == ("BOX1", "999900000001")
    assert parcel.tracking_url == "https://carrier.example/track?n=999900000001"
    assert (line.customer_line_number, line.item_number, line.quantity) == ("15", "SKU-A", Decimal(15))
