"""Connects a Mirakl shop from the shell."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration.errors import InvalidInputError
from integration.models import LANES, Warehouse
from integration.services.check_channel import check_channel
from integration.services.connect_mirakl import connect_mirakl

# Stored, but not proved to work: told apart from a refusal, after which nothing is stored.
EXIT_UNTESTED = 3


class Command(BaseCommand):
    """Store the shop, test it, and say what was found."""

    help = (
        "Connect a Mirakl shop: stores address and key, tests the connection, switches the named lanes on. "
        "Run again with the same code, it changes what is named and keeps the rest. "
        "Exit codes: 0 connected and tested, 1 refused (nothing stored), 3 stored, but the test failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The shop, its key and its lanes."""
        parser.add_argument("code", help="a short code of your own for this shop, for example DECA-EU")
        parser.add_argument("--url", required=True, help="address of the operator, without /api")
        parser.add_argument("--api-key-file", required=True, help="a file that holds the shop's API key")
        parser.add_argument("--shop-id", type=int, default=None, help="which shop, when the key may see several")
        parser.add_argument("--name", default="", help="what people call this shop")
        parser.add_argument(
            "--lanes", default=None, help=f"comma list of {', '.join(LANES)}; what is left out is switched off"
        )
        parser.add_argument(
            "--poll-seconds",
            type=int,
            default=None,
            help="how often orders are read (60 at first; Mirakl publishes 60 as the shortest, 900 for external partners)",
        )
        parser.add_argument("--warehouse", default="", help="code of the warehouse; not needed when there is one")
        parser.add_argument("--no-test", action="store_true", help="store without calling the shop")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect and report; a shop that does not answer is stored all the same, with the reason, and exit code 3."""
        try:
            channel = connect_mirakl(
                code=options["code"],
                name=options["name"],
                url=options["url"],
                api_key=read_secret(options["api_key_file"]),
                shop_id=options["shop_id"],
                lanes=_split(options["lanes"]),
                poll_seconds=options["poll_seconds"],
                warehouse=warehouse_named(options["warehouse"]),
                by=None,
            )
        except InvalidInputError as error:
            raise CommandError(str(error)) from error
        report: dict[str, Any] = {"code": channel.code, "lanes": channel.lanes, "warehouse": None}
        if channel.warehouse is not None:
            report["warehouse"] = channel.warehouse.code
        if not options["no_test"]:
            result = check_channel(channel=channel, by=None)
            report |= {"ok": result.ok, "summary": result.summary, "problems": list(result.problems)}
        self.stdout.write(json.dumps(report) if options["json"] else _sentence(report))
        if not report.get("ok", True):
            raise SystemExit(EXIT_UNTESTED)


def _split(lanes: str | None) -> list[str] | None:
    return None if lanes is None else [lane.strip() for lane in lanes.split(",") if lane.strip()]


def read_secret(path: str) -> str:
    """The content of a secret's file, without its line end."""
    try:
        secret = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        message = f"The file {path} cannot be read: {reason}."
        raise CommandError(message) from error
    if not secret:
        message = f"The file {path} is empty."
        raise CommandError(message)
    return secret


def warehouse_named(code: str) -> Warehouse | None:
    """The warehouse with this code; None when none was named."""
    if not code:
        return None
    warehouse = Warehouse.objects.filter(code=code).first()
    if warehouse is None:
        known = ", ".join(Warehouse.objects.values_list("code", flat=True)) or "none is connected yet"
        message = f"There is no warehouse {code} (known: {known})."
        raise CommandError(message)
    return warehouse


def _sentence(report: dict[str, Any]) -> str:
    state = "is connected" if report.get("ok", True) else "is stored, but its test failed"
    warehouse = f"warehouse {report['warehouse']}" if report["warehouse"] else "no warehouse yet"
    lines = [f"{report['code']} {state}; lanes on: {', '.join(report['lanes']) or 'none'}; {warehouse}."]
    if "summary" in report:
        lines.append(report["summary"])
    return "\n".join(dict.fromkeys([*lines, *report.get("problems", [])]))
