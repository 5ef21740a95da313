"""Shows the tables of the contract runs at the end of the test run."""

from typing import Any, Final

import pytest

TABLES: Final = pytest.StashKey[dict[str, str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLES] = {}


@pytest.fixture
def tables(pytestconfig: pytest.Config) -> dict[str, str]:
    """Tables by title; what is put in is printed at the end."""
    return pytestconfig.stash.setdefault(TABLES, {})


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for title, text in config.stash.get(TABLES, {}).items():
        terminalreporter.section(title)
        terminalreporter.write_line(text)
