"""The file of a push, built from its frozen lines: the same bytes each time."""

import hashlib
from collections.abc import Iterator

from integration.mirakl.stock_file import StockLine, stock_csv
from integration.models import StockPush, StockPushLine


def push_file(push: StockPush, *, delimiter: str, act: str = "") -> bytes:
    """The CSV of STO01: offers in the order they were planned, one line per warehouse code where the numbers are split."""
    rows = StockPushLine.objects.filter(day=push.day, push_id=push.pk).order_by("id")
    return stock_csv(
        _lines(rows.values_list("offer_sku", "quantity", "places").iterator(5000)), delimiter=delimiter, act=act
    )


def digest(content: bytes) -> str:
    """What tells whether two files are the same."""
    return hashlib.sha256(content).hexdigest()


def _lines(rows: Iterator[tuple[str, int, dict[str, int] | None]]) -> Iterator[StockLine]:
    for sku, quantity, places in rows:
        if not places:
            yield StockLine(sku, quantity)
        for code in sorted(places or ()):
            yield StockLine(sku, (places or {})[code], code)
