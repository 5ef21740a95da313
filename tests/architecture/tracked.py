import subprocess
from functools import cache
from pathlib import Path

from config.env import PROJECT_DIR


@cache
def all_files() -> tuple[Path, ...]:
    """Every file of the repository: what git tracks, or what lies there when this is not a clone."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 -- git is found on the path
        cwd=PROJECT_DIR,
        check=False,
        capture_output=True,
        text=True,
    )
    if listed.returncode == 0:
        paths = [PROJECT_DIR / name for name in listed.stdout.split("\0") if name]
    else:
        paths = [path for path in PROJECT_DIR.rglob("*") if not _is_made(path)]
    return tuple(path for path in paths if path.is_file())


def tracked_files(*endings: str) -> list[Path]:
    """Those whose name ends so; all of them without an ending."""
    return [path for path in all_files() if not endings or path.name.endswith(endings)]


def _is_made(path: Path) -> bool:
    parts = path.relative_to(PROJECT_DIR).parts
    return any(
        part in {".venv", ".data", ".git", "__pycache__", "staticfiles"} or part.endswith("_cache") for part in parts
    )
