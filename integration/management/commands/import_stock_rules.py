"""Makes the stock rules of a file stand, or writes out those that do."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration.services.stock.import_rules import RulesReport, export_rules, import_rules


class Command(BaseCommand):
    """All of the file or nothing; a dry run says what each line would do."""

    help = (
        "Read stock rules (buffers, floors, caps, shares, packs, facilities) from a CSV file: all of it or nothing. "
        "Without a file, print the rules that stand, as a file that would bring them back."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The file, and how far to go."""
        parser.add_argument("file", nargs="?", default="", help="a CSV file; its first line names the columns")
        parser.add_argument("--replace", action="store_true", help="rules that the file does not name go")
        parser.add_argument("--dry-run", action="store_true", help="say what each line would do, and write nothing")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report; a file with a bad line changes nothing and ends with exit code 1."""
        if not options["file"]:
            self.stdout.write(export_rules(), ending="")
            return
        try:
            text = Path(options["file"]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = f"The file {options['file']} cannot be read as text in UTF-8."
            raise CommandError(message) from error
        report = import_rules(text=text, replaces_all=options["replace"], by=None, dry_run=options["dry_run"])
        self.stdout.write(json.dumps(_as_json(report)) if options["json"] else _sentences(report))
        if report.errors:
            message = f"{len(report.errors)} lines cannot be used, so nothing was changed."
            raise CommandError(message)


def _as_json(report: RulesReport) -> dict[str, Any]:
    lines = [
        {"line": row.line, "scope": row.scope, "status": row.status, "message": row.message} for row in report.lines
    ]
    return {"changes": report.changes, "applied": report.change is not None, "lines": lines}


def _sentences(report: RulesReport) -> str:
    lines = [
        f"line {row.line}: {row.status}: {row.scope}: {row.message}" for row in report.lines if row.status != "same"
    ]
    end = "applied" if report.change is not None else "nothing was changed"
    return "\n".join([*lines, f"{report.changes} of {len(report.lines)} rules differ from what stands; {end}."])
