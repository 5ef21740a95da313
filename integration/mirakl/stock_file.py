"""The file of quantities that STO01 takes, and the report of refused lines that STO03 gives back."""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from core.http import UnknownOutcomeError
from core.redaction import storable

HEADER: Final = ("offer-sku", "quantity", "warehouse-code", "update-delete")
# Words of the last column that all mean: set the quantity. A file of the same numbers in another word is another file.
ACTS: Final = ("", "update", "UPDATE")
DELIMITERS: Final = ";,\t|"
# What stands before the columns of the file in a report: the line's number, and why it was refused.
BEFORE: Final = 2
# An offer and its quantity.
LEAST: Final = 2
SKU_NAMES: Final = frozenset({"offer-sku", "shop-sku", "sku"})


@dataclass(frozen=True, slots=True)
class StockLine:
    """One quantity of one offer; without a warehouse's code it is the offer's whole quantity."""

    offer_sku: str
    quantity: int
    warehouse_code: str = ""


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A line that Mirakl refused, in its words. `line_number` counts as Mirakl does; None when it told no number."""

    line_number: int | None
    reason: str
    offer_sku: str
    quantity: str
    warehouse_code: str


def stock_csv(lines: Iterable[StockLine], *, delimiter: str = ";", act: str = "") -> bytes:
    """The file of STO01: UTF-8, everything quoted, lines of one offer together in the order the offers came first.

    `act` stands in every line's last column: empty and "update" both set the quantity, and make two different files.
    Raises ValueError for a quantity below zero, an offer without its SKU, and two quantities for the same place.
    """
    by_offer: dict[str, dict[str, int]] = {}
    for line in lines:
        if line.quantity < 0 or not line.offer_sku:
            message = f"{line.offer_sku!r} cannot be told {line.quantity}"
            raise ValueError(message)
        places = by_offer.setdefault(line.offer_sku, {})
        if line.warehouse_code in places:
            message = f"{line.offer_sku!r} stands in the file twice for the same place"
            raise ValueError(message)
        places[line.warehouse_code] = line.quantity
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows((sku, count, place, act) for sku, places in by_offer.items() for place, count in places.items())
    return out.getvalue().encode()


def refused_lines(body: bytes) -> list[RefusedLine]:
    """The lines of a report of STO03, whatever its delimiter, its quotes and the order of the file's columns.

    Raises UnknownOutcomeError for anything that is no such report: an empty list would pass for "nothing was refused".
    """
    text = body.decode("utf-8-sig", "replace")
    for delimiter in DELIMITERS:
        columns, rows = _parted(_rows(text, delimiter))
        if columns and rows:
            return [_refused(row, columns, delimiter) for row in rows]
    message = f"The report of refused lines ({len(body)} bytes) cannot be read: {text[:120]!r}"
    raise UnknownOutcomeError(message)


def _rows(text: str, delimiter: str) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))
    except csv.Error as error:
        message = f"The report of refused lines is damaged: {error}"
        raise UnknownOutcomeError(message) from error
    return [row for row in rows if any(cell.strip() for cell in row)]


def _parted(rows: list[list[str]]) -> tuple[tuple[str, ...], list[list[str]]]:
    """The names of the file's columns, and the lines; no names when the rows are not those of a report.

    A report may come without its head: then every row begins with a number, and the columns are in documented order.
    """
    if not rows:
        return (), []
    names = tuple(cell.strip().lower().replace("_", "-").replace(" ", "-") for cell in rows[0][BEFORE:])
    if "quantity" in names and SKU_NAMES & set(names):
        return tuple("offer-sku" if name in SKU_NAMES else name for name in names), rows[1:]
    if all(len(row) >= BEFORE + LEAST and row[0].strip().isdecimal() for row in rows):
        return HEADER, rows
    return (), []


def _refused(row: Sequence[str], columns: tuple[str, ...], delimiter: str) -> RefusedLine:
    # A reason that holds the delimiter unquoted is cut into several cells: what is too much belongs to it.
    surplus = max(0, len(row) - BEFORE - len(columns))
    cells = dict(zip(columns, row[BEFORE + surplus :], strict=False))
    number = row[0].strip()
    return RefusedLine(
        line_number=int(number) if number.isdecimal() else None,
        reason=storable(delimiter.join(row[1 : BEFORE + surplus]).strip()),
        offer_sku=storable(cells.get("offer-sku", "")),
        quantity=storable(cells.get("quantity", "").strip()),
        warehouse_code=storable(cells.get("warehouse-code", "").strip()),
    )
