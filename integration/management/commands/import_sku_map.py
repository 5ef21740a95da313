"""Imports an SKU map from a CSV file."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration.models import Channel
from integration.services.import_sku_map import COLUMNS, import_sku_map


class Command(BaseCommand):
    """Check every row, then apply all of them or none."""

    help = f"Import an SKU map (CSV with the columns {', '.join(COLUMNS)}). A file with a bad row changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The channel and the file."""
        parser.add_argument("code", help="code of the channel")
        parser.add_argument("file", help="the CSV file, UTF-8")
        parser.add_argument("--dry-run", action="store_true", help="only say what would change")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Report counts and every bad row; exit 1 when the file cannot be used."""
        channel = Channel.objects.filter(code=options["code"]).first()
        if channel is None:
            message = f"There is no channel {options['code']}."
            raise CommandError(message)
        try:
            text = Path(options["file"]).read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            message = f"The file cannot be read as UTF-8 text: {error}"
            raise CommandError(message) from error
        report = import_sku_map(channel=channel, text=text, by=None, dry_run=options["dry_run"])
        counts = {
            status: sum(row.status == status for row in report.rows) for status in ("new", "changed", "same", "error")
        }
        answer = {
            "channel": channel.code,
            "applied": report.applied,
            **counts,
            "freed_orders": report.freed_orders,
            "errors": [
                {k: v for k, v in asdict(row).items() if k in ("line", "offer_sku", "message")} for row in report.errors
            ],
        }
        if options["json"]:
            self.stdout.write(json.dumps(answer))
        else:
            words = ", ".join(f"{count} {status}" for status, count in counts.items())
            self.stdout.write(f"{channel.code}: {words}; {'applied' if report.applied else 'nothing was changed'}.")
            for row in report.errors:
                self.stdout.write(f"  line {row.line}: {row.message}")
        if report.errors:
            raise SystemExit(1)
