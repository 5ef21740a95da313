"""Says what is wrong with the installation, and what to do."""

import json
from argparse import ArgumentParser
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand

from exceptions.queries.diagnose import diagnose


class Command(BaseCommand):
    """Exit 0 when everything is fine, 1 otherwise."""

    help = "Check the installation and say what to do about each finding."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--json", action="store_true", help="print it as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print each check with its advice."""
        findings = diagnose()
        is_fine = all(finding.ok for finding in findings)
        if options["json"]:
            self.stdout.write(json.dumps({"ok": is_fine, "checks": [asdict(finding) for finding in findings]}))
        else:
            for finding in findings:
                mark = "ok  " if finding.ok else "BAD "
                advice = "" if finding.ok else f" -> {finding.advice}"
                self.stdout.write(f"{mark}{finding.check}: {finding.seen}{advice}")
        if not is_fine:
            raise SystemExit(1)
