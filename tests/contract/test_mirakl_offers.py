"""The answers about offers and stock, exports above all, are held to Mirakl's published document by raw calls."""

import csv
import io
import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from sandbox.demo import build_world
from sandbox.demo_stock import liven_stock
from sandbox.inprocess import SandboxTransport
from sandbox.mirakl.plans import Plan
from sandbox.world import World
from tests.contract.openapi import Contract, Exchange
from tests.contract.recording import RecordingTransport

PREFIX: Final = "/mirakl/north"
ASYNC, STOCK = "/api/offers/export/async", "/api/offers/stock/imports"
FILES: Final = f"{ASYNC}/file/"
HEADER: Final = '"offer-sku";"quantity";"warehouse-code";"update-delete"\n'


@dataclass
class Run:
    """The demo's world, and every call about offers in every answer worth telling apart."""

    world: World = field(default_factory=lambda: build_world(7))

    def __post_init__(self) -> None:
        liven_stock(self.world)
        shop = self.world.operators["north"].shops[2001]
        self.recorder = RecordingTransport(SandboxTransport(self.world), PREFIX)
        self.http = httpx.Client(
            transport=self.recorder,
            base_url=f"https://sandbox.example.com{PREFIX}",
            headers={"Authorization": shop.api_key, "Accept": "*/*"},
        )
        self._stock()
        self._exports()
        self._offers()

    def skip(self) -> None:
        """Let jobs end."""
        self.world.clock.advance(5)
        self.world.tick()

    def _stock(self) -> None:
        self._import(f'{HEADER}"SKU-001";"4";"";""\n"SKU-404";"1";"";""\n"SKU-002";"3";"LVL";"UPDATE"\n')
        self._import("offer-sku,quantity\nSKU-003,0\n")
        self._import("nothing;useful\n1;2\n")
        self.http.get(f"{STOCK}/404/status")
        self.http.post(STOCK, files={"other": ("s.csv", b"x", "text/csv")})

    def _import(self, text: str) -> None:
        number = self.http.post(STOCK, files={"file": ("s.csv", text.encode(), "text/csv")}).json()["import_id"]
        self.http.get(f"{STOCK}/{number}/status")
        self.skip()
        self.http.get(f"{STOCK}/{number}/status")
        self.http.get(f"{STOCK}/{number}/error_report")

    def _exports(self) -> None:
        since = self.world.clock.now().isoformat(timespec="seconds").replace("+00:00", "Z")
        operator = self.world.operators["north"]
        operator.delete_offer(operator.shops[2001], "SKU-005", self.world.clock.seconds() + 1)
        for kind in ("text/csv", "application/json"):
            self._export({"export_type": kind, "include_inactive_offers": True, "items_per_chunk": 10_000})
            self._export({"export_type": kind, "last_request_date": since, "megabytes_per_chunk": 10})
        self._export({"include_fields": ["shop-sku", "quantity"], "rename_fields": {"shop-sku": "sku"}})
        self.http.post(ASYNC, json={"last_request_date": since, "include_inactive_offers": True})
        operator.export_plans.waiting.append(Plan(ends="FAILED"))
        self._export({"channel_codes": ["WEB"]})
        self.http.get(f"{ASYNC}/status/none")
        self.http.get(f"{FILES}none", params={"file": "0.csv"})

    def _export(self, wanted: Mapping[str, Any]) -> None:
        number = self.http.post(ASYNC, json=dict(wanted)).json()["tracking_id"]
        self.http.get(f"{ASYNC}/status/{number}")
        self.skip()
        for url in self.http.get(f"{ASYNC}/status/{number}").json().get("urls", []):
            self.http.get(url)

    def _offers(self) -> None:
        self.http.get("/api/offers", params={"max": 100})
        for sku in ("SKU-002", "SKU-036", "SKU-038", "SKU-404"):
            self.http.get("/api/offers", params={"sku": sku})
        self.http.get("/api/offers", params={"sort": "productTitle", "order": "desc", "offset": 40, "max": 10})


@pytest.fixture(scope="module")
def contract(contracts: Path) -> Contract:
    return Contract.read(contracts)


@pytest.fixture(scope="module")
def run(contracts: Path) -> Run:
    return Run()


def _is_file(exchange: Exchange) -> bool:
    return exchange.path.startswith(FILES)


def _rows_of_json(exchange: Exchange) -> list[Exchange]:
    """A JSON file as one exchange per offer: its schema is that of one, its examples are lists."""
    rows = json.loads(exchange.response_body)
    return [replace(exchange, response_body=json.dumps(row).encode()) for row in rows]


def _judged(run: Run) -> list[Exchange]:
    """Every exchange, but for the file that lacks its part, which is wrong on purpose."""
    found: list[Exchange] = []
    for exchange in run.recorder.exchanges:
        is_json = exchange.response_headers.get("content-type") == "application/json"
        if _is_file(exchange) and exchange.status == 200 and is_json:
            found += _rows_of_json(exchange)
        elif not (exchange.path == STOCK and exchange.status == 400):
            found.append(exchange)
    return found


def test_no_answer_about_offers_departs_from_the_document(contract: Contract, run: Run, tables: dict[str, str]) -> None:
    exchanges = _judged(run)
    violations = [words for exchange in exchanges for words in contract.violations(exchange)]

    operations = [contract.operation_of(exchange) for exchange in exchanges]
    counts = Counter(operation.id if operation else "none" for operation in operations)
    rows = [f"{name:10}{count:6}" for name, count in sorted(counts.items())]
    tables["Mirakl's offers and stock, held to the document"] = "\n".join([*rows, f"violations{len(violations):6}"])
    assert violations == []
    assert set(counts) == {"OF21", "OF52", "OF53", "OF54", "STO01", "STO02", "STO03"}


def test_the_columns_of_a_csv_are_published_ones(contract: Contract, run: Run) -> None:
    files = [
        one for one in run.recorder.exchanges if _is_file(one) and one.response_headers["content-type"] == "text/csv"
    ]
    headers = [next(csv.reader(io.StringIO(one.response_body.decode()), delimiter=";")) for one in files]

    assert len(headers) == 3
    assert set(headers[0]) | set(headers[1]) <= contract.columns_of("OF54")
    assert headers[2] == ["sku", "quantity"]


def test_a_csv_and_a_json_tell_the_same_of_every_offer(run: Run) -> None:
    files = [one for one in run.recorder.exchanges if _is_file(one) and one.status == 200]
    full_csv, _, full_json, changed_json, _ = files

    rows = list(csv.DictReader(io.StringIO(full_csv.response_body.decode()), delimiter=";"))
    told = {(row["shop-sku"], row["quantity"], row["active"]) for row in rows}

    assert told == {
        (row["shop_sku"], str(row["quantity"]), str(row["active"]).lower())
        for row in json.loads(full_json.response_body)
    }
    assert {row["shop_sku"]: row["deleted"] for row in json.loads(changed_json.response_body)} == {"SKU-005": True}


def test_every_state_and_every_error_was_among_the_answers(run: Run) -> None:
    bodies = [json.loads(one.response_body) for one in run.recorder.exchanges if one.path.startswith(f"{ASYNC}/status")]
    jobs = [json.loads(one.response_body) for one in run.recorder.exchanges if one.path.endswith("/status")]

    assert {body.get("status") for body in bodies} == {"PENDING", "COMPLETED", "FAILED", 404}
    assert {body.get("status") for body in jobs} == {"WAITING", "COMPLETE", "FAILED", 404}
    assert {one.status for one in run.recorder.exchanges} == {200, 201, 400, 404}


@pytest.mark.parametrize(("right", "wrong"), [(b'"shop_sku"', b'"shop_sk"'), (b'"quantity"', b'"quantities"')])
def test_a_field_misspelt_in_an_export_is_a_violation(contract: Contract, run: Run, right: bytes, wrong: bytes) -> None:
    good = next(one for one in _judged(run) if _is_file(one) and one.response_body[:1] == b"{")

    spoilt = replace(good, response_body=good.response_body.replace(right, wrong, 1))

    assert contract.violations(good) == []
    assert any(wrong.decode().strip('"') in words for words in contract.violations(spoilt))
