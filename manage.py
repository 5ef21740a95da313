#!/usr/bin/env python
"""The command line of Holdpoint."""

import os
import sys

from config.env import EnvironmentInvalidError
from config.postgres import EmbeddedPostgresError, ensure_running

# These ask no database, or (the children of `workers`) must not bring back one that somebody has just stopped.
WITHOUT_DATABASE = {"", "help", "version", "check", "collectstatic", "queue_cluster", "ticker"}


def main() -> None:
    """Run a management command; where no other database is set, the embedded one is started first."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- Django must read the setting first

    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command not in WITHOUT_DATABASE and not {"--help", "-h", "--version"} & set(sys.argv):
        try:
            ensure_running()
        except (EnvironmentInvalidError, EmbeddedPostgresError) as error:
            sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
