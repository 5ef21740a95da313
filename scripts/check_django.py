"""Checks Django itself: no model without its migration, and settings fit for production."""

import os
import subprocess
import sys

from config.postgres import ensure_running

# Stands for a real installation's settings; the keys are not used for anything.
PRODUCTION = {
    "HOLDPOINT_ENV": "production",
    "HOLDPOINT_SECRET_KEY": "only-for-the-deployment-check-" + "0123456789abcdefghij" * 2,
    "HOLDPOINT_SECRET_KEYS": "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",
    "HOLDPOINT_ALLOWED_HOSTS": "holdpoint.example.com",
    "HOLDPOINT_TRUSTED_ORIGINS": "https://holdpoint.example.com",
    "HOLDPOINT_HSTS_SECONDS": "31536000",
}


def main() -> None:
    """Run both; the exit code says whether both are clean."""
    url = ensure_running()
    database = {"DATABASE_URL": url} if url else {}
    manage = [sys.executable, "manage.py"]
    runs: tuple[tuple[list[str], dict[str, str]], ...] = (
        ([*manage, "makemigrations", "--check", "--dry-run"], {}),
        ([*manage, "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION | database),
    )
    sys.exit(max(subprocess.run(command, check=False, env=os.environ | extra).returncode for command, extra in runs))


if __name__ == "__main__":
    main()
