"""Reads an SKU map from CSV: checks every row, shows what would change, and applies all of it or nothing."""

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.db import transaction

from core.clock import db_now
from core.models import AuditEntry, User
from integration.models import Channel, SkuMapping
from integration.services.map_sku import sku_holds
from integration.services.release_holds import release_holds
from integration.services.stock.mark_mapped import mark_mapped
from integration.services.stock.touch_stock import touch_maps

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
    wanted: dict[str, dict[str, Decimal]] = defaultdict(dict)
    for row in rows:
        wanted[row.offer_sku][row.item_number] = row.units
    changed = {row.offer_sku for row in rows if row.status != "same"} | _shrunk(channel, wanted)
    with transaction.atomic():
        _write(channel, {sku: wanted[sku] for sku in sorted(changed)}, by)
        released = release_holds(hold_ids=sku_holds(channel, changed), by=by, how="SKU mapped by a file")
    return SkuMapReport(rows=tuple(rows), applied=True, freed_orders=released.freed_orders)


def _write(channel: Channel, wanted: Mapping[str, Mapping[str, Decimal]], by: User | None) -> None:
    """Set-based, with an audit entry per SKU, so that each can be read and undone like one that was set by hand."""
    before: dict[str, dict[str, str]] = defaultdict(dict)
    surplus = []
    for row in SkuMapping.objects.select_for_update().filter(channel=channel, offer_sku__in=wanted):
        before[row.offer_sku][row.item_number] = str(row.units_per_offer)
        if row.item_number not in wanted[row.offer_sku]:
            surplus.append(row.pk)
    SkuMapping.objects.filter(pk__in=surplus).delete()
    SkuMapping.objects.bulk_create(
        (
            SkuMapping(channel=channel, offer_sku=sku, item_number=item, units_per_offer=units, updated_by=by)
            for sku, parts in wanted.items()
            for item, units in parts.items()
        ),
        batch_size=2000,
        update_conflicts=True,
        unique_fields=["channel", "offer_sku", "item_number"],
        update_fields=["units_per_offer", "updated_by", "updated_at"],
    )
    items = {item for parts in (*before.values(), *wanted.values()) for item in parts}
    touch_maps(channel=channel, offer_skus=wanted, item_numbers=items)
    mark_mapped(channel=channel, offer_skus=wanted)
    now = db_now()
    AuditEntry.objects.bulk_create(
        (
            AuditEntry(
                at=now,
                actor=by,
                actor_label=str(by) if by else "Holdpoint",
                action="sku_map.set",
                subject_type="channel",
                subject_id=f"{channel.code} sku:{sku}"[:250],
                before=before.get(sku, {}),
                after={item: str(units) for item, units in parts.items()},
            )
            for sku, parts in wanted.items()
        ),
        batch_size=2000,
    )


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
    for record in reader:
        yield (
            reader.line_num,
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


def _shrunk(channel: Channel, wanted: Mapping[str, Collection[str]]) -> set[str]:
    """SKUs whose file rows all stand already, but which have further components that the file no longer names."""
    rows = SkuMapping.objects.filter(channel=channel, offer_sku__in=wanted).values_list("offer_sku", "item_number")
    return {sku for sku, item in rows if item not in wanted[sku]}
