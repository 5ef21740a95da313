"""Prints the tables that the fault tests make, below the tests' own report."""

from typing import Final

import pytest
from _pytest.terminal import TerminalReporter

TABLES: Final[pytest.StashKey[dict[str, list[str]]]] = pytest.StashKey()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[TABLES] = {}


@pytest.fixture(scope="session")
def tables(request: pytest.FixtureRequest) -> dict[str, list[str]]:
    """Lines by title, printed at the end of the run."""
    return request.config.stash[TABLES]


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    for title, lines in config.stash.get(TABLES, {}).items():
        terminalreporter.section(title)
        for line in lines:
            terminalreporter.write_line(line)
