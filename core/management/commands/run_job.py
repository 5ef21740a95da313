"""Runs one job now, as its beat would."""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.jobs import UnknownJobError, find_job, run_job


class Command(BaseCommand):
    """Run the job in this process and report what it did."""

    help = "Run one job now: manage.py run_job acceptance.read --channel CODE"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """The job and what it is for."""
        parser.add_argument("name", help="name of the job, as on the Jobs page")
        parser.add_argument("--channel", "--scope", dest="scope", default=None, help="code of the channel or warehouse")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        """A job that has scopes runs for each of them when none is named; exit 1 when a run failed."""
        try:
            job = find_job(options["name"])
            scopes = [options["scope"]] if options["scope"] or job.scopes is None else [s.name for s in job.scopes()]
            runs = [run_job(job.name, scope=scope if job.scopes is not None else None) for scope in scopes]
        except UnknownJobError as error:
            raise CommandError(str(error)) from error
        reports = [
            {"job": run.job, "scope": run.scope, "outcome": run.outcome, "counts": run.counts, "error": run.error}
            for run in runs
            if run is not None
        ]
        if options["json"]:
            self.stdout.write(json.dumps(reports))
        else:
            for report in reports:
                where = f" {report['scope']}" if report["scope"] else ""
                self.stdout.write(
                    f"{report['job']}{where}: {report['outcome']} {report['counts']} {report['error']}".rstrip()
                )
        if any(report["outcome"] == "failed" for report in reports):
            raise SystemExit(1)
