"""Items of V1 that are kits, have barcodes or are inactive are held to Deposco's schema, in JSON and in XML."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import pytest

from tests.contract.deposco_run import Run
from tests.contract.xsd import ITEMS, Schemas

ONE: Final = {"component": [{"componentItem": "ITEM-001", "quantity": 2}]}
TWO: Final = {"component": [*ONE["component"], {"componentItem": "ITEM-002", "quantity": 1}]}
DOCUMENTS: Final[dict[str, dict[str, Any]]] = {
    "kit of one": {"components": ONE, "kitOrderOnly": True},
    "kit of two": {"components": TWO, "kitStockOnly": True, "name": "Sample kit"},
    "barcodes": {"upcs": {"upc": ["2000000000015", "2000000000022"]}},
    "inactive": {"active": False, "salesEnabledFlag": False},
}


@pytest.fixture(scope="module")
def schemas(contracts: Path, tmp_path_factory: pytest.TempPathFactory) -> Schemas:
    return Schemas(contracts, tmp_path_factory.mktemp("xsd"))


@pytest.fixture
def run(contracts: Path) -> Run:
    return Run()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_an_item_departs_from_the_schema_nowhere(schemas: Schemas, run: Run, name: str) -> None:
    run.tenant.describe("ITEM-900", deepcopy(DOCUMENTS[name]))

    as_json = run.plain.get("/items/ITEM-900", headers={"Accept": "application/json"})
    as_xml = run.plain.get("/items/ITEM-900", headers={"Accept": "application/xml"})

    assert schemas.violations(ITEMS, as_json.json()) == []
    assert schemas.violations_of_xml(ITEMS, as_xml.content) == []


@pytest.mark.parametrize(
    "spoil",
    [
        lambda kit: kit["components"]["component"].update(quantity="two"),
        lambda kit: kit["components"]["component"].pop("componentItem"),
        lambda kit: kit.update(kitOrderOnly="perhaps"),
    ],
    ids=["quantity", "component", "flag"],
)
def test_a_mistake_in_a_kit_is_a_violation(schemas: Schemas, run: Run, spoil: Callable[[dict[str, Any]], None]) -> None:
    run.tenant.describe("ITEM-900", deepcopy(DOCUMENTS["kit of one"]))
    document = json.loads(run.plain.get("/items/ITEM-900").content)

    spoil(document["item"])

    assert schemas.violations(ITEMS, document) != []
