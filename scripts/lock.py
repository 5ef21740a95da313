"""Writes `requirements.lock`: every dependency pinned with hashes, and no index address in it."""

import subprocess
import sys
from pathlib import Path

OPTIONS = "--group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header"


def main() -> None:
    """Resolve again; existing pins are kept where they still fit."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.exists():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", "uv"], check=True)
    command = [str(uv), "pip", "compile", "pyproject.toml", *OPTIONS.split(), "-q", "-o", "requirements.lock"]
    subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
