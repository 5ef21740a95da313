import re
from pathlib import Path

import pytest

from config.env import PROJECT_DIR
from scripts.write_docs import TABLES, documents, filled
from tests.architecture.tracked import tracked_files

LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)|<img[^>]+src=\"(?P<image>[^\"]+)\"")
COMMAND = re.compile(r"`make (?P<target>[a-z]+)")


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.name)
def test_a_generated_table_says_what_the_code_says(path: Path) -> None:
    text = path.read_text(encoding="utf-8")

    assert text == filled(text), "run: make docs"


def test_every_generated_table_has_its_place() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in documents())

    assert [name for name in TABLES if f"<!-- table: {name} -->" not in text] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    broken = []
    for path in tracked_files(".md"):
        for match in LINK.finditer(path.read_text(encoding="utf-8")):
            target = (match["target"] or match["image"]).split("#")[0]
            if target and "://" not in target and not (path.parent / target).exists():
                broken.append(f"{path.relative_to(PROJECT_DIR)}: {target}")

    assert broken == []


def test_every_make_target_that_documents_name_exists() -> None:
    targets = set(re.findall(r"(?m)^([a-z]+):", (PROJECT_DIR / "Makefile").read_text(encoding="utf-8")))

    named = {
        match["target"] for path in tracked_files(".md") for match in COMMAND.finditer(path.read_text(encoding="utf-8"))
    }

    assert named
    assert named <= targets
