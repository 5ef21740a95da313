"""`make test`: Chromium if it is missing, then the whole suite; a database server that was started for it is stopped."""

import subprocess
import sys

from config.env import load_env
from config.postgres import is_running, stop_if_idle
from scripts.ensure_chromium import ensure_chromium


def main() -> int:
    """Pass every argument on to pytest, and its exit code back."""
    ensure_chromium()
    is_ours = not load_env().database_url and not is_running()
    code = subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], check=False).returncode
    if is_ours:
        stop_if_idle()
    return code


if __name__ == "__main__":
    sys.exit(main())
