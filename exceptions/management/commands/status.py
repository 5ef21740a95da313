"""Prints the state of the whole."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from exceptions.queries.status import read_status


class Command(BaseCommand):
    """Orders by stage, held by cause, effects by state, last beat of each job."""

    help = "Show the state of orders, holds, effects and jobs."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """One switch."""
        parser.add_argument("--json", action="store_true", help="print it as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Print it for a person, or as JSON."""
        status = read_status()
        if options["json"]:
            self.stdout.write(json.dumps(status, default=str))
            return
        for stage, count in sorted(status["orders"].items()):
            self.stdout.write(f"{count:>8}  {stage}")
        self.stdout.write(f"{status['orders_held']:>8}  of them held")
        for row in status["held"]:
            self.stdout.write(f"{row['orders']:>8}  {row['kind']}  {row['cause']}  ({row['channel']})")
        for kind, states in status["effects"].items():
            self.stdout.write(f"{kind}: {', '.join(f'{n} {state}' for state, n in states.items())}")
        for beat in status["jobs"]:
            ago = "never" if beat["seconds_ago"] is None else f"{beat['seconds_ago']:.0f} s ago"
            self.stdout.write(f"{beat['name']}: {ago} {beat['last_error']}".rstrip())
