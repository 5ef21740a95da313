"""Every request we send to Mirakl, and every answer the sandbox gives, is held to Mirakl's published document."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from tests.contract.mirakl_run import Run, everything
from tests.contract.openapi import Contract, Exchange

OPERATIONS: Final = (
    "V01",
    "A01",
    "A21",
    "PC01",
    "SH12",
    "SH21",
    "RE01",
    "AF01",
    "OR11",
    "OR21",
    "OR23",
    "OR24",
    "OR28",
    "OR29",
    "OR30",
    "OR31",
    "OR04",
    "ST01",
    "ST11",
    "ST12",
    "ST23",
    "ST24",
    "OF21",
    "OF24",
    "OF52",
    "OF53",
    "OF54",
    "STO01",
    "STO02",
    "STO03",
    "SBC11",
    "IV01",
    "TL02",
)


@pytest.fixture(scope="module")
def contract(contracts: Path) -> Contract:
    return Contract.read(contracts)


@pytest.fixture(scope="module")
def run(contracts: Path) -> Run:
    return everything()


def _operation(contract: Contract, exchange: Exchange) -> str:
    operation = contract.operation_of(exchange)
    return operation.id if operation else f"{exchange.method} {exchange.path}"


def _table(contract: Contract, run: Run) -> str:
    calls = Counter(_operation(contract, one) for one in run.exchanges)
    wrong = Counter(_operation(contract, one) for one in run.exchanges for _ in contract.violations(one))
    answers: dict[str, set[int]] = {}
    for one in run.exchanges:
        answers.setdefault(_operation(contract, one), set()).add(one.status)
    rows = [f"{'operation':10}{'requests':>9}{'violations':>12}  answers"]
    rows += [
        f"{name:10}{calls[name]:9}{wrong[name]:12}  {', '.join(map(str, sorted(answers[name])))}"
        for name in sorted(calls)
    ]
    return "\n".join([*rows, f"{'all':10}{calls.total():9}{wrong.total():12}"])


def test_every_listed_operation_is_used_and_answers_well(contract: Contract, run: Run) -> None:
    good = {_operation(contract, one) for one in run.exchanges if one.status < 300}

    assert set(OPERATIONS) - good == set()


def test_no_request_and_no_answer_departs_from_the_document(
    contract: Contract, run: Run, tables: dict[str, str]
) -> None:
    tables["Mirakl, held to its published document"] = _table(contract, run)

    violations = [violation for exchange in run.exchanges for violation in contract.violations(exchange)]

    assert violations == []


def test_errors_of_every_kind_were_among_the_answers(run: Run) -> None:
    statuses = {exchange.status for exchange in run.exchanges}

    assert {200, 201, 204, 400, 401, 403, 404, 429, 500} <= statuses


def test_a_field_misspelt_in_a_request_is_a_violation(contract: Contract, run: Run) -> None:
    good = next(one for one in run.exchanges if _operation(contract, one) == "OR21" and one.status == 204)

    wrong = replace(good, request_body=good.request_body.replace(b'"accepted"', b'"acepted"'))

    assert contract.violations(good) == []
    assert any("acepted" in violation for violation in contract.violations(wrong))


def test_a_field_misspelt_in_an_answer_is_a_violation(contract: Contract, run: Run) -> None:
    good = next(one for one in run.exchanges if _operation(contract, one) == "OR11" and one.status == 200)

    wrong = replace(good, response_body=good.response_body.replace(b'"offer_sku"', b'"ofer_sku"', 1))

    assert contract.violations(good) == []
    assert any("ofer_sku" in violation for violation in contract.violations(wrong))


def test_a_parameter_misspelt_in_the_address_is_a_violation(contract: Contract, run: Run) -> None:
    good = next(one for one in run.exchanges if _operation(contract, one) == "TL02" and one.status == 200)

    wrong = replace(good, query=(*good.query, ("start_date", "2026-01-01T00:00:00Z")))

    assert contract.violations(good) == []
    assert contract.violations(wrong) == ["TL02 200: query: start_date is not a parameter"]
