import configparser
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from config.env import PROJECT_DIR

ROOTS: Final = ("config", "core", "integration", "exceptions", "reconciliation", "sandbox")
# A line that breaks the contract, and where it is added.
BREAKS: Final = {
    "houses": [
        ("core/clock.py", "import integration.models"),
        ("integration/gateways.py", "import exceptions.domain.catalogue"),
        ("reconciliation/apps.py", "import exceptions.models"),
        ("integration/jobs/run_effects.py", "import config.env"),
    ],
    "rooms": [
        ("integration/services/map_sku.py", "import integration.jobs.run_effects"),
        ("integration/queries/blast_radius.py", "import integration.services.map_sku"),
        ("exceptions/models/case.py", "import exceptions.queries.status"),
        ("exceptions/domain/catalogue.py", "import exceptions.models"),
    ],
    "wire": [
        ("integration/gateways.py", "import integration.services.map_sku"),
        ("integration/mirakl/client.py", "import integration.models"),
    ],
    "core": [
        ("core/jobs.py", "import core.queue.ticker"),
        ("core/limits/buckets.py", "import core.effects"),
        ("core/models/user.py", "import core.audit"),
    ],
    "rules": [
        ("integration/domain/stages.py", "import django.conf"),
        ("exceptions/domain/catalogue.py", "import httpx"),
    ],
    "clients": [("integration/mirakl/schemas.py", "import django.conf")],
    "vendors": [("integration/deposco/client.py", "import integration.mirakl.schemas")],
    "forms": [("exceptions/queries/status.py", "import integration.mirakl.schemas")],
    "sandbox": [("sandbox/floor.py", "import core.money"), ("sandbox/wire.py", "import django.conf")],
    "played": [("integration/gateways.py", "import sandbox.world"), ("core/http.py", "import sandbox.faults")],
}


def contracts() -> set[str]:
    found = configparser.ConfigParser()
    found.read(PROJECT_DIR / ".importlinter", encoding="utf-8")
    return {name.rsplit(":", 1)[1] for name in found.sections() if ":contract:" in name}


def lint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("lint-imports")
    command = [str(program), "--no-cache", *arguments]
    return subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    shutil.copy(PROJECT_DIR / ".importlinter", folder)
    for root in ROOTS:
        shutil.copytree(PROJECT_DIR / root, folder / root, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_the_import_contracts_are_kept() -> None:
    done = lint(PROJECT_DIR)

    assert done.returncode == 0, done.stdout


def test_every_contract_has_a_line_that_breaks_it() -> None:
    assert set(BREAKS) == contracts()


@pytest.mark.parametrize(("contract", "file", "line"), [(name, *row) for name, rows in BREAKS.items() for row in rows])
def test_a_broken_contract_is_noticed(tree: Path, contract: str, file: str, line: str) -> None:
    path = tree / file
    kept = path.read_text(encoding="utf-8")
    path.write_text(f"{kept}\n{line}\n", encoding="utf-8")

    try:
        done = lint(tree, "--contract", contract)
    finally:
        path.write_text(kept, encoding="utf-8")

    assert done.returncode == 1, done.stdout + done.stderr
    assert "0 kept, 1 broken" in done.stdout
