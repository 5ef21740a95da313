"""Finds Chromium for the browser tests and the screenshots, or installs the system's package: no wheel serves one."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = """\
Chromium is missing, so the browser tests will fail. It could not be installed from here{why}.
Install it (Debian, Ubuntu: apt-get install chromium), or name one: export HOLDPOINT_CHROMIUM=/path/to/chromium"""


def find_chromium() -> str | None:
    """The path of a Chromium, from HOLDPOINT_CHROMIUM or the usual names; None when there is none."""
    return os.environ.get("HOLDPOINT_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


def ensure_chromium() -> str | None:
    """Install Chromium where there is none; where that is not possible say what to do, and return None."""
    if (found := find_chromium()) is not None:
        return found
    why = _install()
    if (found := find_chromium()) is None:
        print(MISSING.format(why=why), file=sys.stderr, flush=True)
    return found


def _install() -> str:
    """Install the system's package; returns why that was not possible, in words that follow "from here"."""
    if not shutil.which("apt-get"):
        return ": there is no apt-get"
    prefix: list[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            return ": that takes root, and there is no sudo"
        prefix = ["sudo", "-n"]
    print("Installing Chromium for the browser tests (once) ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        done = subprocess.run(
            [*prefix, "apt-get", *arguments], check=False, env=environment, capture_output=True, text=True
        )
        if done.returncode:
            lines = done.stderr.strip().splitlines() or ["no reason was given"]
            return f": apt-get {arguments[0]} failed ({lines[-1]})"
    return ""


if __name__ == "__main__":
    ensure_chromium()
