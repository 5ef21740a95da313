"""The file of a push, made again from its lines: the bytes that were sent, or the certainty that they cannot be."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

from integration.mirakl.stock_file import ACTS, StockLine, stock_csv
from integration.models import StockPush, StockPushLine
from integration.queries.stock.push_list import lines_of_push

CHUNK: Final = 2_000
# As a file may have been written; the channel's setting may have changed since.
DELIMITERS: Final = (";", ",")


@dataclass(frozen=True)
class SentFile:
    """A file whose bytes are known to be those that were sent."""

    push: StockPush
    delimiter: str
    act: str

    def parts(self) -> Iterator[bytes]:
        """The bytes, a piece at a time, so that a long file needs no room."""
        return parts_of(self.push, self.delimiter, self.act)


def sent_file(push: StockPush) -> SentFile | None:
    """The file as it was sent, by its checksum; None when it was not sent, or its lines are not all kept any more."""
    if not push.sha256:
        return None
    for act, delimiter in product(ACTS, DELIMITERS):
        digest = hashlib.sha256()
        for part in parts_of(push, delimiter, act):
            digest.update(part)
        if digest.hexdigest() == push.sha256:
            return SentFile(push, delimiter, act)
    return None


def file_lines(line: StockPushLine) -> list[StockLine]:
    """What one line is in the file: one row, or one for each warehouse code where the channel tells them apart."""
    if not line.places:
        return [StockLine(line.offer_sku, line.quantity)]
    return [StockLine(line.offer_sku, line.places[code], code) for code in sorted(line.places)]


def parts_of(push: StockPush, delimiter: str, act: str) -> Iterator[bytes]:
    """The bytes of a file built from its lines, a piece at a time: the same ones each time."""
    head = stock_csv((), delimiter=delimiter)
    yield head
    rows = lines_of_push(push).only("offer_sku", "quantity", "places").order_by("id")
    after = 0
    while chunk := list(rows.filter(id__gt=after)[:CHUNK]):
        after = chunk[-1].pk
        # An offer stands once in a file, so pieces of it join to what it is as a whole.
        parts = (part for line in chunk for part in file_lines(line))
        yield stock_csv(parts, delimiter=delimiter, act=act)[len(head) :]
