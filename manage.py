#!/usr/bin/env python
"""The command line of Holdpoint."""

import os
import sys


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line  # noqa: PLC0415 -- Django must read the setting first

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
