"""The file of a push, built from its frozen lines: the same bytes each time."""

import hashlib

from integration.models import StockPush
from integration.queries.stock.push_file import parts_of


def push_file(push: StockPush, *, delimiter: str, act: str = "") -> bytes:
    """The CSV of STO01: offers in the order they were planned, one line per warehouse code where the numbers are split."""
    return b"".join(parts_of(push, delimiter, act))


def digest(content: bytes) -> str:
    """What tells whether two files are the same."""
    return hashlib.sha256(content).hexdigest()
