"""Connects a Deposco tenant from the shell."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration.errors import InvalidInputError
from integration.management.commands.connect_mirakl import EXIT_UNTESTED, read_secret
from integration.models import Channel
from integration.services.check_warehouse import check_warehouse
from integration.services.connect_deposco import APIS, connect_deposco
from integration.services.rotate_webhook_token import rotate_webhook_token


class Command(BaseCommand):
    """Store the tenant, test it, and say what was found."""

    help = (
        "Connect a Deposco tenant: stores address and credentials, tests the connection, reads its facilities. "
        "Run again with the same code, it changes what is named and keeps the rest. "
        "Exit codes: 0 connected and tested, 1 refused (nothing stored), 3 stored, but the test failed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The tenant and its credentials."""
        parser.add_argument("code", help="a short code of your own for this warehouse, for example MAIN")
        parser.add_argument("--url", required=True, help="address without /integration")
        parser.add_argument(
            "--tenant-code", required=True, help="the company code in its addresses, as Deposco wrote it"
        )
        parser.add_argument("--business-unit", required=True, help="the merchant or brand whose orders these are")
        parser.add_argument("--username", required=True, help="the API user; with --api v2 the client id")
        parser.add_argument(
            "--password-file",
            required=True,
            help="a file that holds the password, or with --api v2 the client's secret; "
            "behind it, in a second line, may stand a refresh token",
        )
        parser.add_argument(
            "--api", default="v1", choices=APIS, help="which generations the tenant granted (default v1)"
        )
        parser.add_argument(
            "--client-id", default="", help="with --api mixed: V2's client id, where it is not the user"
        )
        parser.add_argument("--client-secret-file", default="", help="with --client-id: a file that holds its secret")
        parser.add_argument("--name", default="", help="what people call this warehouse")
        parser.add_argument("--rate-per-second", type=float, default=None, help="calls a second for the whole account")
        parser.add_argument(
            "--new-webhook-token", action="store_true", help="make the address Deposco may call, and print it this once"
        )
        parser.add_argument("--no-test", action="store_true", help="store without calling the tenant")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect and report; channels that had no warehouse yet take the only one."""
        try:
            warehouse = connect_deposco(
                code=options["code"],
                name=options["name"],
                url=options["url"],
                tenant_code=options["tenant_code"],
                business_unit=options["business_unit"],
                username=options["username"],
                password=read_secret(options["password_file"]),
                api=options["api"],
                client_id=options["client_id"],
                client_secret=read_secret(options["client_secret_file"]) if options["client_secret_file"] else "",
                rate_per_second=options["rate_per_second"],
                by=None,
            )
        except InvalidInputError as error:
            raise CommandError(str(error)) from error
        channels = list(Channel.objects.filter(warehouse=warehouse).order_by("code").values_list("code", flat=True))
        report: dict[str, Any] = {"code": warehouse.code, "api": warehouse.api, "channels": channels}
        if options["new_webhook_token"]:
            token = rotate_webhook_token(warehouse=warehouse, by=None)
            report["webhook"] = f"/hooks/deposco/{warehouse.code}/?token={token}"
        if not options["no_test"]:
            result = check_warehouse(warehouse=warehouse, by=None)
            report |= {"ok": result.ok, "summary": result.summary, "problems": list(result.problems)}
        self.stdout.write(json.dumps(report) if options["json"] else _sentence(report))
        if not report.get("ok", True):
            raise SystemExit(EXIT_UNTESTED)


def _sentence(report: dict[str, Any]) -> str:
    state = "is connected" if report.get("ok", True) else "is stored, but its test failed"
    lines = [f"{report['code']} {state}; shops that ship from it: {', '.join(report['channels']) or 'none yet'}."]
    lines += [report.get("summary", ""), *report.get("problems", [])]
    lines += [f"Address for its webhook, shown this once: {report['webhook']}"] if "webhook" in report else []
    return "\n".join(dict.fromkeys(line for line in lines if line))
