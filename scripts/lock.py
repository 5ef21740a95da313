"""Writes the locks: every dependency pinned with hashes, and no index address in them.

`requirements.lock` is everything; `requirements-run.lock` is the part of it that running needs, so that a first
`make run` and the production image install half as much. A test keeps the second equal to what the first implies.
"""

import re
import subprocess
import sys
from pathlib import Path

ALL, RUN = Path("requirements.lock"), Path("requirements-run.lock")
OPTIONS = "--group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header"
ROOT = "holdpoint (pyproject.toml)"  # how the lock names what the project itself asks for


def main() -> None:
    """Resolve again; existing pins are kept where they still fit."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv"], check=True)
    subprocess.run([str(uv), "pip", "compile", "pyproject.toml", *OPTIONS.split(), "-q", "-o", str(ALL)], check=True)
    RUN.write_text(needed_to_run(ALL.read_text(encoding="utf-8")), encoding="utf-8")


def needed_to_run(lock: str) -> str:
    """The entries of a lock that the project asks for, and those they ask for, by the lock's own `via` notes."""
    entries = {entry.split("==")[0]: entry for entry in re.split(r"(?m)^(?=[a-z0-9])", lock) if entry.strip()}
    asked_by = {name: set(re.findall(r"(?m)^\s+#\s+(?:via )?(\S.*)$", entry)) for name, entry in entries.items()}
    needed: set[str] = set()
    while more := {name for name, by in asked_by.items() if name not in needed and by & {ROOT, *needed}}:
        needed |= more
    return "".join(entry for name, entry in entries.items() if name in needed)


if __name__ == "__main__":
    main()
