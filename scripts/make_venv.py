"""Makes `.venv` and installs what a lock names. Runs on the system's Python, with nothing installed yet."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
OLDEST = (3, 11)


def main() -> None:
    """Create the environment where it is missing, then install exactly what the lock names."""
    if sys.version_info < OLDEST:
        sys.exit(
            f"Holdpoint needs Python 3.11 or newer; {sys.executable} is {sys.version.split()[0]}. Try: make PYTHON=python3.12"
        )
    python = VENV / "bin" / "python"
    if not _has_pip(python):
        shutil.rmtree(VENV, ignore_errors=True)
        if subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=False).returncode:
            _install_venv_package()
            shutil.rmtree(VENV, ignore_errors=True)
            subprocess.run([sys.executable, "-m", "venv", str(VENV)], check=True)
    lock = sys.argv[1] if len(sys.argv) > 1 else "requirements.lock"
    print(f"Installing {lock} into .venv (once, and again when it changes) ...", flush=True)
    arguments = ["--require-hashes", "--disable-pip-version-check", "--quiet", "-r", str(ROOT / lock)]
    subprocess.run([str(python), "-m", "pip", "install", *arguments], check=True)


def _has_pip(python: Path) -> bool:
    return (
        python.exists()
        and subprocess.run([str(python), "-m", "pip", "--version"], check=False, capture_output=True).returncode == 0
    )


def _install_venv_package() -> None:
    """Debian keeps venv's helper in a package of its own."""
    prefix: list[str] = []
    if os.geteuid() != 0:
        if not shutil.which("sudo"):
            sys.exit("Python cannot make a virtual environment. Ask an administrator for: apt-get install python3-venv")
        prefix = ["sudo", "-n"]
    if not shutil.which("apt-get"):
        sys.exit("Python cannot make a virtual environment. Install its venv module.")
    for arguments in (["update", "-qq"], ["install", "-y", "-qq", "python3-venv"]):
        if subprocess.run([*prefix, "apt-get", *arguments], check=False).returncode:
            sys.exit("Python cannot make a virtual environment, and python3-venv could not be installed.")


if __name__ == "__main__":
    main()
