import re

import pytest

from config.env import PROJECT_DIR
from exceptions.domain.catalogue import CATALOGUE, SEVERITY_LABELS, TEAM_LABELS, CaseKind

HELD_BY_CODE = re.compile(r"""["']((?:order|shipment|record|connection|job|stock)\.[a-z_]+)["']""")
HELD_BY_VIEW = re.compile(r"""SELECT '(?P<kind>[a-z]+\.[a-z_]+)'""")
FOUND_BY_CODE = re.compile(r"""["']((?:order|stock)\.[a-z_]+)["']""")
# A feed, and no kind.
NO_KIND = {"stock.problems"}
# Where cases of stock are opened by what the sandbox does, and closed again.
STOCK_CASES = sorted((PROJECT_DIR / "tests" / "db").glob("test_stock_cases*.py"))
OPENED, CLOSED = (
    re.compile(r"""opens\((?:house|north), "([a-z._]+)\""""),
    re.compile(r"""closes\((?:house|north), "([a-z._]+)\""""),
)
SHORTEST_RUNBOOK = 60


@pytest.mark.parametrize("kind", CATALOGUE, ids=lambda kind: kind.kind)
def test_a_kind_of_case_has_an_owner_a_severity_and_a_runbook(kind: CaseKind) -> None:
    assert kind.team in TEAM_LABELS
    assert kind.severity in SEVERITY_LABELS
    assert kind.title
    assert len(kind.runbook) >= SHORTEST_RUNBOOK
    assert kind.runbook.endswith(".")


def test_no_kind_stands_twice() -> None:
    kinds = [kind.kind for kind in CATALOGUE]

    assert len(kinds) == len(set(kinds))


def test_every_kind_that_the_held_view_makes_is_in_the_catalogue() -> None:
    migrations = (PROJECT_DIR / "exceptions" / "migrations").glob("*.py")

    made = {match["kind"] for path in migrations for match in HELD_BY_VIEW.finditer(path.read_text(encoding="utf-8"))}

    assert made
    assert made <= {kind.kind for kind in CATALOGUE}


def test_every_cause_that_code_holds_a_record_for_is_in_the_catalogue() -> None:
    services = PROJECT_DIR / "integration" / "services"
    lines = [line for path in services.rglob("*.py") for line in path.read_text(encoding="utf-8").splitlines()]

    held = {kind for line in lines if "kind=" in line for kind in HELD_BY_CODE.findall(line.split("kind=", 1)[1])}

    assert held
    assert held <= {kind.kind for kind in CATALOGUE}


def test_every_kind_of_finding_that_code_looks_for_is_in_the_catalogue() -> None:
    folder = PROJECT_DIR / "integration" / "services" / "stock"
    texts = [path.read_text(encoding="utf-8") for path in folder.glob("*.py")]
    lines = [line for text in texts if "Finding" in text for line in text.splitlines() if "action=" not in line]

    found = {kind for line in lines for kind in FOUND_BY_CODE.findall(line)}

    assert {"stock.push_failed", "stock.stale", "stock.discrepancy", "order.oversold"} <= found
    assert found - NO_KIND <= {kind.kind for kind in CATALOGUE}


def test_every_kind_of_finding_is_opened_and_closed_by_a_test() -> None:
    kinds = {kind.kind for kind in CATALOGUE if kind.kind.startswith("stock.")} | {"order.oversold"}
    text = "".join(path.read_text(encoding="utf-8") for path in STOCK_CASES)

    assert kinds <= set(OPENED.findall(text))
    assert kinds <= set(CLOSED.findall(text))
