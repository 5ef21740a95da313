import re
from pathlib import Path

import pytest

from config.env import PROJECT_DIR
from scripts.lock import needed_to_run
from tests.architecture.tracked import all_files, tracked_files

LONGEST = 400
# Files that may be longer, each with its reason. One that is short again must leave this list.
LONGER = {
    "integration/migrations/0001_initial.py": "written by Django: the first tables of the app in one migration",
    "integration/migrations/0006_stock_lane.py": "written by Django: the tables of the stock lane in one migration",
}
VAGUE = {"utils", "util", "helpers", "helper", "common", "misc", "lib", "stuff", "tools"}
UNFINISHED = re.compile(r"\b(TODO|FIXME)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:(?:work|root)/|(?:home|Users)/\w)")
INDEX_ADDRESS = re.compile(r"https?://|--(?:extra-)?index-url|--find-links")
LOCKS = ("requirements.lock", "requirements-run.lock")
THIS_FILE = Path(__file__)


def name_of(path: Path) -> str:
    return str(path.relative_to(PROJECT_DIR))


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def source_files() -> list[Path]:
    return [path for path in tracked_files(".py", ".js", ".css", ".html") if not name_of(path).startswith("docs/")]


def test_no_source_file_is_too_long() -> None:
    long = {name_of(path) for path in source_files() if len(text_of(path).splitlines()) > LONGEST}

    assert long == set(LONGER)


def test_nothing_is_marked_as_unfinished() -> None:
    marked = [name_of(path) for path in source_files() if path != THIS_FILE and UNFINISHED.search(text_of(path))]

    assert marked == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    vague = [name_of(path) for path in tracked_files(".py") if {path.stem, path.parent.name} & VAGUE]

    assert vague == []


def test_no_file_knows_the_machine_it_was_written_on() -> None:
    knowing = [name_of(path) for path in all_files() if path != THIS_FILE and MACHINE_PATH.search(text_of(path))]

    assert knowing == []


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_pinned_with_hashes_and_no_address_stands_in_the_lock(lock: str) -> None:
    text = text_of(PROJECT_DIR / lock)

    entries = [entry for entry in re.split(r"(?m)^(?=[a-z0-9])", text) if entry.strip()]
    loose = [
        entry.split()[0] for entry in entries if "==" not in entry.splitlines()[0] or "--hash=sha256:" not in entry
    ]

    assert len(entries) > 1
    assert loose == []
    assert not INDEX_ADDRESS.search(text)


def test_the_lock_for_running_is_what_the_whole_lock_implies() -> None:
    whole = text_of(PROJECT_DIR / "requirements.lock")

    assert text_of(PROJECT_DIR / "requirements-run.lock") == needed_to_run(whole)


def test_every_module_says_what_it_is_for() -> None:
    roots = ("config", "core", "integration", "exceptions", "reconciliation", "sandbox", "scripts", "bench")
    silent = [
        name_of(path)
        for path in tracked_files(".py")
        if name_of(path).startswith(tuple(f"{root}/" for root in roots)) and "/migrations/" not in name_of(path)
        if (text := text_of(path).lstrip()) and not text.startswith('"""')
    ]

    assert silent == []
