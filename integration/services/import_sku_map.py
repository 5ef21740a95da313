"""Reads an SKU map from CSV: checks every row, shows what would change, and applies all of it or nothing."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction

from core.models import User
from integration.models import Channel, SkuMapping
from integration.services.map_sku import map_sku

COLUMNS = ("offer_sku", "item_number", "units_per_offer")


@dataclass(frozen=True)
class RowResult:
    """What one row of the file would do. `line` counts from 1 with the header as line 1."""

    line: int
    offer_sku: str
    item_number: str
    status: str
    message: str
    units: Decimal = Decimal(1)


@dataclass(frozen=True)
class SkuMapReport:
    """Every row with its result. Nothing was written unless `applied`."""

    rows: tuple[RowResult, ...]
    applied: bool
    freed_orders: int

    @property
    def errors(self) -> tuple[RowResult, ...]:
        """The rows that cannot be used."""
        return tuple(row for row in self.rows if row.status == "error")


def import_sku_map(*, channel: Channel, text: str, by: User | None, dry_run: bool) -> SkuMapReport:
    """Apply `offer_sku,item_number,units_per_offer` (comma or semicolon, UTF-8). Units default to 1.

    Several rows with one offer SKU make a kit; the rows of an SKU replace what was mapped for it; SKUs that are not in
    the file stay as they are. A file with a bad row changes nothing, so that it can be mended and sent again.
    """
    rows = _check(channel, _read(text))
    report = SkuMapReport(rows=tuple(rows), applied=False, freed_orders=0)
    if dry_run or report.errors:
        return report
    wanted: dict[str, list[tuple[str, Decimal]]] = defaultdict(list)
    for row in rows:
        wanted[row.offer_sku].append((row.item_number, row.units))
    changed = {row.offer_sku for row in rows if row.status != "same"} | _shrunk(channel, wanted)
    freed = 0
    with transaction.atomic():
        for offer_sku in sorted(changed):
            freed += map_sku(channel=channel, offer_sku=offer_sku, components=wanted[offer_sku], by=by).freed_orders
    return SkuMapReport(rows=tuple(rows), applied=True, freed_orders=freed)


def _read(text: str) -> Iterable[tuple[int, dict[str, str]]]:
    body = text.removeprefix("\ufeff")
    header = body.split("\n", 1)[0]
    delimiter = ";" if header.count(";") > header.count(",") else ","
    reader = csv.DictReader(io.StringIO(body), delimiter=delimiter)
    names = [(name or "").strip().lower() for name in (reader.fieldnames or [])]
    missing = [name for name in COLUMNS[:2] if name not in names]
    if missing:
        yield (
            1,
            {"problem": f"The first line must name the columns {', '.join(COLUMNS)}; missing: {', '.join(missing)}."},
        )
        return
    reader.fieldnames = names
    for number, record in enumerate(reader, start=2):
        yield (
            number,
            {
                key: (value or "").strip()
                for key, value in record.items()
                if isinstance(key, str) and not isinstance(value, list)
            },
        )


def _check(channel: Channel, records: Iterable[tuple[int, dict[str, str]]]) -> list[RowResult]:
    present = {
        (row.offer_sku, row.item_number): row.units_per_offer for row in SkuMapping.objects.filter(channel=channel)
    }
    skus = {sku for sku, _ in present}
    seen: set[tuple[str, str]] = set()
    results = []
    for line, record in records:
        if not any(record.values()):
            continue
        sku, item = record.get("offer_sku", ""), record.get("item_number", "")
        problem = record.get("problem") or _problem(sku, item, record.get("units_per_offer", ""))
        if not problem and (sku, item) in seen:
            problem = "This SKU and item stand twice in the file: keep one row."
        seen.add((sku, item))
        if problem:
            results.append(RowResult(line, sku, item, "error", problem))
            continue
        units = Decimal(record.get("units_per_offer") or "1")
        old = present.get((sku, item))
        status = "same" if old == units else "changed" if sku in skus else "new"
        message = "" if old in (None, units) else f"was {old.normalize():f} units"
        results.append(RowResult(line, sku, item, status, message, units))
    return results


def _problem(sku: str, item: str, units: str) -> str:
    if not sku:
        return "The offer SKU is empty."
    if not item:
        return "The item number is empty."
    if len(sku) > 200 or len(item) > 60:  # noqa: PLR2004 -- the widths of the columns, named in the message
        return "An offer SKU may have 200 characters, an item number 60."
    try:
        number = Decimal(units or "1")
    except InvalidOperation:
        return f"Units per offer must be a number, not “{units}”."
    if not number.is_finite() or number <= 0 or number > 100_000:  # noqa: PLR2004 -- named in the message
        return "Units per offer must be more than 0 and at most 100,000."
    return ""


def _shrunk(channel: Channel, wanted: dict[str, list[tuple[str, Decimal]]]) -> set[str]:
    """SKUs whose file rows all stand already, but which have further components that the file no longer names."""
    named = {(sku, item) for sku, parts in wanted.items() for item, _ in parts}
    rows = SkuMapping.objects.filter(channel=channel, offer_sku__in=wanted).values_list("offer_sku", "item_number")
    return {sku for sku, item in rows if (sku, item) not in named}
