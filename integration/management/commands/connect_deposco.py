"""Connects a Deposco tenant from the shell."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from integration.errors import InvalidInputError
from integration.management.commands.connect_mirakl import read_secret
from integration.models import Channel
from integration.services.check_warehouse import check_warehouse
from integration.services.connect_deposco import APIS, connect_deposco


class Command(BaseCommand):
    """Store the tenant, test it, and say what was found."""

    help = "Connect a Deposco tenant: stores address and credentials, tests the connection, reads its facilities."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The tenant and its credentials."""
        parser.add_argument("code", help="a short code of your own for this warehouse, for example MAIN")
        parser.add_argument("--url", required=True, help="address without /integration")
        parser.add_argument("--tenant-code", required=True)
        parser.add_argument("--business-unit", required=True)
        parser.add_argument("--username", required=True)
        parser.add_argument("--password-file", required=True, help="a file that holds the API user's password")
        parser.add_argument("--api", default="v1", choices=APIS)
        parser.add_argument("--name", default="", help="what people call this warehouse")
        parser.add_argument("--rate-per-second", type=float, default=None, help="calls a second for the whole account")
        parser.add_argument("--no-test", action="store_true", help="store without calling the tenant")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """Connect and report; channels that had no warehouse yet take the first one."""
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
                rate_per_second=options["rate_per_second"],
                by=None,
            )
        except InvalidInputError as error:
            raise CommandError(str(error)) from error
        adopted = Channel.objects.filter(warehouse=None).update(warehouse=warehouse)
        report: dict[str, Any] = {"code": warehouse.code, "channels_adopted": adopted}
        if not options["no_test"]:
            result = check_warehouse(warehouse=warehouse, by=None)
            report |= {"ok": result.ok, "summary": result.summary, "problems": list(result.problems)}
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        lines = [f"{warehouse.code} is connected.", report.get("summary", ""), *report.get("problems", [])]
        self.stdout.write("\n".join(line for line in lines if line))
