"""Keys for a laptop: made at the first start, kept in the data folder, never used in production."""

import json
import os
import secrets
from pathlib import Path
from typing import NamedTuple

from cryptography.fernet import Fernet


class DevKeys(NamedTuple):
    """What production takes from its environment."""

    secret_key: str
    secret_keys: tuple[str, ...]


def load_dev_keys(data_dir: Path) -> DevKeys:
    """Return the kept keys of this checkout, making them if there are none; safe when several processes start."""
    path = data_dir / "development-keys.json"
    if not path.exists():
        _write_once(path)
    kept = json.loads(path.read_text(encoding="utf-8"))
    return DevKeys(secret_key=kept["secret_key"], secret_keys=tuple(kept["secret_keys"]))


def _write_once(path: Path) -> None:
    """Link a finished file into place, so that of two processes the second keeps what the first wrote."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    keys = {"secret_key": secrets.token_urlsafe(64), "secret_keys": [Fernet.generate_key().decode()]}
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(keys, file)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process was first: its keys are the ones to use
    finally:
        draft.unlink()
