"""Writes the tables of docs/ that say what the code says: settings, schedules, catalogue, addresses. A test compares them."""

import os
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from config.env import PROJECT_DIR, REQUIRED_IN_PRODUCTION, Env, variable_of
from config.postgres import ensure_running
from scripts.sandbox_tables import SANDBOX_TABLES, Rows

DOCS: Final = PROJECT_DIR / "docs"
BLOCK: Final = re.compile(r"(<!-- table: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def settings_table() -> str:
    """Every environment variable."""
    rows = []
    for field, info in Env.model_fields.items():
        name = variable_of(field)
        default = "**required in production**" if name in REQUIRED_IN_PRODUCTION else _default(info.default)
        rows.append((f"`{name}`", info.description or "", default))
    return _table(("Variable", "Meaning", "When it is not set"), rows)


def schedules_table() -> str:
    """Every periodic job, and the queue it runs in."""
    from config.schedules import JOBS  # noqa: PLC0415 -- needs Django to be set up

    rows = []
    for job in JOBS:
        scope = "each shop or warehouse on its own" if job.scopes else "once for all"
        words = (sys.modules[job.run.__module__].__doc__ or "").strip().splitlines()[0]
        rows.append((f"`{job.name}`", f"{job.every_seconds:g} s", job.queue, scope, words))
    return _table(("Job", "Every", "Queue", "Runs for", "What it does"), rows)


def catalogue_table() -> str:
    """Every kind of case."""
    from exceptions.domain.catalogue import CATALOGUE, SEVERITY_LABELS, TEAM_LABELS  # noqa: PLC0415 -- as above

    rows = [
        (f"`{kind.kind}`", kind.title, TEAM_LABELS[kind.team], SEVERITY_LABELS[kind.severity], kind.runbook)
        for kind in CATALOGUE
    ]
    return _table(("Kind", "In words", "Team", "Severity", "What happened and what to do"), rows)


def addresses_table() -> str:
    """Every address with what it asks for, and the roles that have it."""
    from core.web.addresses import roles_table  # noqa: PLC0415 -- as above

    return f"{roles_table()}\n"


def _of_sandbox(rows: Callable[[], Rows]) -> Callable[[], str]:
    return lambda: _table(*rows())


TABLES: Final[dict[str, Callable[[], str]]] = {
    "settings": settings_table,
    "schedules": schedules_table,
    "catalogue": catalogue_table,
    "addresses": addresses_table,
    **{name: _of_sandbox(rows) for name, rows in SANDBOX_TABLES.items()},
}


def filled(text: str) -> str:
    """The text with every block between its markers made anew; a block of no known name is left alone."""

    def replace(found: re.Match[str]) -> str:
        table = TABLES.get(found["name"])
        return f"{found[1]}{table()}{found[3]}" if table else found[0]

    return BLOCK.sub(replace, text)


def documents() -> list[Path]:
    """Every document with a block of ours."""
    names = "|".join(TABLES)
    marker = re.compile(rf"<!-- table: ({names}) -->")
    return [path for path in sorted(DOCS.rglob("*.md")) if marker.search(path.read_text(encoding="utf-8"))]


def main() -> None:
    """Write every block again."""
    import django  # noqa: PLC0415 -- the settings must be named first

    ensure_running()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    for path in documents():
        path.write_text(filled(path.read_text(encoding="utf-8")), encoding="utf-8")
        print(path.relative_to(PROJECT_DIR))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |\n" for line in lines)


def _default(value: Any) -> str:
    if value is None or value in ("", ()):
        return "-"
    words = ",".join(value) if isinstance(value, tuple) else str(value)
    return f"`{words.replace(f'{PROJECT_DIR}/', '')}`"


if __name__ == "__main__":
    main()
