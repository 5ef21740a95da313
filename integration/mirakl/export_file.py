"""A file of an offer export (OF54), read row by row as it comes, so that a million offers cost no memory."""

import codecs
import csv
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Final

from core.http import UnknownOutcomeError
from core.redaction import storable
from integration.mirakl.offers import whole

# Columns of the file that are asked for, of all that Mirakl could write.
COLUMNS: Final[tuple[str, ...]] = (
    "offer-id",
    "shop-sku",
    "product-sku",
    "state-code",
    "quantity",
    "active",
    "deleted",
    "price",
    "min-order-quantity",
    "max-order-quantity",
    "package-quantity",
    "leadtime-to-ship",
    "fulfillment-center-code",
    "last-updated",
)
NEEDED: Final = frozenset({"shop-sku", "quantity"})
DELIMITERS: Final = ";,\t|"
TEXT_TYPE: Final = "text/csv"


@dataclass(frozen=True, slots=True)
class ExportedOffer:
    """One row of an export. One that cannot be read says so in `problem`, and tells nothing else.

    What was not told is None or empty: unknown is not zero. Only a differential export tells `deleted` offers.
    """

    offer_id: str = ""
    shop_sku: str = ""
    product_sku: str = ""
    state_code: str = ""
    quantity: int | None = None
    active: bool | None = None
    deleted: bool = False
    price: Decimal | None = None
    min_order_quantity: int | None = None
    max_order_quantity: int | None = None
    package_quantity: int | None = None
    leadtime_to_ship: int | None = None
    fulfillment_center_code: str = ""
    last_updated: datetime | None = None
    problem: str = ""


def exported_offers(pieces: Iterable[bytes]) -> Iterator[ExportedOffer]:
    """The offers of a file that comes in pieces. Raises UnknownOutcomeError when it is no such file, or is damaged."""
    lines = _lines(pieces)
    head = next(lines, "")
    for delimiter in DELIMITERS:
        names = [name.strip().lower() for name in next(csv.reader([head], delimiter=delimiter), [])]
        if set(names) >= NEEDED:
            break
    else:
        message = f"The export is no list of offers: it begins with {head[:120]!r}"
        raise UnknownOutcomeError(message)
    at = {name: names.index(name) for name in COLUMNS if name in names}
    try:
        for number, row in enumerate(csv.reader(lines, delimiter=delimiter), start=2):
            if row:
                yield _offer(row, at, len(names), number)
    except csv.Error as error:
        message = f"The export is damaged: {error}"
        raise UnknownOutcomeError(message) from error


def _offer(row: Sequence[str], at: dict[str, int], width: int, number: int) -> ExportedOffer:
    if len(row) != width:
        return ExportedOffer(problem=f"Row {number} has {len(row)} columns where the file has {width}")

    def told(name: str) -> str:
        place = at.get(name)
        return "" if place is None else storable(row[place])

    if not told("shop-sku").strip() and not told("offer-id"):
        return ExportedOffer(problem=f"Row {number} names no offer")
    return ExportedOffer(
        offer_id=told("offer-id"),
        shop_sku=told("shop-sku"),
        product_sku=told("product-sku"),
        state_code=told("state-code"),
        quantity=whole(told("quantity")),
        active=_flag(told("active")),
        deleted=_flag(told("deleted")) is True,
        price=_amount(told("price")),
        min_order_quantity=whole(told("min-order-quantity")),
        max_order_quantity=whole(told("max-order-quantity")),
        package_quantity=whole(told("package-quantity")),
        leadtime_to_ship=whole(told("leadtime-to-ship")),
        fulfillment_center_code=told("fulfillment-center-code"),
        last_updated=_moment(told("last-updated")),
    )


def _lines(pieces: Iterable[bytes]) -> Iterator[str]:
    """Lines with their ends, as the csv module takes them; a cell may hold several."""
    decoder, rest = codecs.getincrementaldecoder("utf-8-sig")("replace"), ""
    for piece in pieces:
        *whole_lines, rest = (rest + decoder.decode(piece)).split("\n")
        yield from (f"{line}\n" for line in whole_lines)
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest


def _flag(text: str) -> bool | None:
    return {"true": True, "false": False}.get(text.strip().lower())


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
