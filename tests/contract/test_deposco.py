"""Every document we send to Deposco, and every one the sandbox answers, is held to Deposco's XSDs."""

import json
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.deposco_run import Run, everything, written_order
from tests.contract.openapi import Exchange
from tests.contract.xsd import ATPS, ITEMS, MULTISTATUS, ORDERS, SHIPMENTS, STATUSES, Document, Schemas

# Which document an address answers with, first fit; None where none is published.
ANSWERS: Final[tuple[tuple[str, Document | None], ...]] = (
    ("/search/Order", ORDERS),
    ("/search/shipment", SHIPMENTS),
    ("/status/order", STATUSES),
    ("/items/atps", ATPS),
    ("/items/", ITEMS),
    ("/shipments/", SHIPMENTS),
    ("/orders/statusUpdates", None),
    ("/orders/Sales Order", None),
    ("/orders", MULTISTATUS),
    ("/items", MULTISTATUS),
)


@pytest.fixture(scope="module")
def schemas(contracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Schemas:
    return Schemas(contracts, tmp_path_factory.mktemp("xsd"))


@pytest.fixture(scope="module")
def run(contracts: Path) -> Run:
    return everything()


def _answer(exchange: Exchange) -> Document | None:
    return next((document for start, document in ANSWERS if exchange.path.startswith(start)), None)


def _violations(schemas: Schemas, exchange: Exchange) -> list[str]:
    found = []
    if exchange.method in ("POST", "PUT") and exchange.path.startswith("/orders") and exchange.request_body[:1] == b"{":
        found += schemas.violations(ORDERS, json.loads(exchange.request_body))
    document = _answer(exchange)
    if document is None or exchange.status >= 400:
        return found
    if exchange.response_body[:1] == b"<":
        return found + schemas.violations_of_xml(document, exchange.response_body)
    return found + schemas.violations(document, json.loads(exchange.response_body))


def test_no_document_departs_from_the_schemas(schemas: Schemas, run: Run, tables: dict[str, str]) -> None:
    by_kind: Counter[str] = Counter()
    violations = []
    for exchange in run.exchanges:
        document = _answer(exchange)
        by_kind[f"{exchange.method} {document.root}.{document.row}" if document else "without a schema"] += 1
        violations += _violations(schemas, exchange)

    rows = [f"{kind:32}{count:5}" for kind, count in sorted(by_kind.items())]
    tables["Deposco, held to its schemas"] = "\n".join([*rows, f"{'violations':32}{len(violations):5}"])

    assert violations == []


def test_every_schema_was_used_in_json_and_in_xml(run: Run) -> None:
    used = {
        (document.file, exchange.response_body[:1])
        for exchange in run.exchanges
        if (document := _answer(exchange)) is not None and exchange.status < 400
    }

    missing = {
        (document.file, kind)
        for document in (ORDERS, MULTISTATUS, SHIPMENTS, STATUSES, ITEMS)
        for kind in (b"{", b"<")
        if (document.file, kind) not in used
    }

    assert missing == set()


def _rename(document: dict[str, Any], old: str, new: str) -> None:
    document[new] = document.pop(old)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda order: _rename(order, "customerOrderNumber", "customerOrderNo"),
        lambda order: _rename(order["shipToAddress"], "addressLine1", "line1"),
        lambda order: _rename(order["orderLines"]["orderLine"][0], "orderPackQuantity", "quantity"),
        lambda order: order["orderLines"]["orderLine"][0].update(orderPackQuantity="two"),
        lambda order: order.update(type="Shop Order"),
        lambda order: order.update(placedDate="yesterday"),
    ],
    ids=["header field", "address field", "line field", "number", "type", "date"],
)
def test_a_mistake_in_an_order_we_send_is_a_violation(
    schemas: Schemas, spoil: Callable[[dict[str, Any]], None]
) -> None:
    order = written_order("X-1", (("ITEM-001", 2),))
    wrong = deepcopy(order)

    spoil(wrong)

    assert schemas.violations(ORDERS, {"order": [order]}) == []
    assert schemas.violations(ORDERS, {"order": [wrong]}) != []


def test_a_field_misspelt_in_an_answer_is_a_violation(schemas: Schemas, run: Run) -> None:
    good = next(one for one in run.exchanges if _answer(one) is SHIPMENTS and one.response_body[:1] == b"{")
    text = good.response_body.decode()

    wrong = text.replace('"shippedPackQuantity"', '"shipedPackQuantity"', 1)

    assert schemas.violations(SHIPMENTS, json.loads(text)) == []
    assert any("shippedPackQuantity" in violation for violation in schemas.violations(SHIPMENTS, json.loads(wrong)))
