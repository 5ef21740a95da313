"""Finds Chromium for the browser tests, or installs Debian's: no wheel serves one."""

import os
import shutil
import subprocess
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The path of a Chromium, from HOLDPOINT_CHROMIUM or the usual names."""
    return os.environ.get("HOLDPOINT_CHROMIUM") or next((path for name in NAMES if (path := shutil.which(name))), None)


def main() -> None:
    """Install Chromium where there is none; say what to do where that is not allowed."""
    if find():
        return
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "chromium"]):
        if not shutil.which("apt-get") or (prefix and not shutil.which("sudo")):
            break
        subprocess.run([*prefix, "apt-get", *arguments], check=False, env=environment)
    if not find():
        print("Chromium is missing, so browser tests will fail. Install it: apt-get install chromium", file=sys.stderr)


if __name__ == "__main__":
    main()
