"""Rules as rows and as the domain knows them: codes instead of ids, so that a file of rules reads the same anywhere."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from integration.domain.buffers import Aspect
from integration.domain.buffers import StockRule as DomainRule
from integration.models import Channel, Facility, StockRule

# What makes two rules the same rule: one of them is in force for a scope at a time.
SCOPE = ("aspect", "channel_id", "offer_sku", "item_number", "tag", "facility_id", "first_date", "last_date")
VALUES = ("units", "percent", "value", "includes", "note", "is_active")


@dataclass(frozen=True)
class Places:
    """Channels and facilities by the words that rules use for them, read once."""

    channels: Mapping[str, Channel]
    facilities: Mapping[str, Facility]
    channel_codes: Mapping[int, str] = field(default_factory=dict)
    facility_words: Mapping[int, str] = field(default_factory=dict)


def read_places() -> Places:
    """A facility is its number; where two warehouses use one number it is "WAREHOUSE:NUMBER"."""
    channels = {row.code: row for row in Channel.objects.defer("api_key").order_by("code")}
    rows = list(Facility.objects.select_related("warehouse").defer("warehouse__password").order_by("id"))
    count: dict[str, int] = {}
    for row in rows:
        count[row.number] = count.get(row.number, 0) + 1
    words = {row.pk: row.number if count[row.number] == 1 else f"{row.warehouse.code}:{row.number}" for row in rows}
    by_word = {f"{row.warehouse.code}:{row.number}": row for row in rows} | {words[row.pk]: row for row in rows}
    return Places(channels, by_word, {row.pk: code for code, row in channels.items()}, words)


def rule_of(row: StockRule, places: Places) -> DomainRule:
    """The row as the domain judges it."""
    return DomainRule(
        id=row.pk,
        aspect=Aspect(row.aspect),
        channel=places.channel_codes.get(row.channel_id, "?") if row.channel_id else "",
        offer_sku=row.offer_sku,
        item=row.item_number,
        tag=row.tag,
        facility=places.facility_words.get(row.facility_id, "?") if row.facility_id else "",
        units=row.units,
        percent=row.percent,
        value=row.value,
        includes=row.includes,
        first_date=row.first_date,
        last_date=row.last_date,
        note=row.note,
        is_active=row.is_active,
    )


def rules_of(rows: Iterable[StockRule], places: Places | None = None) -> list[DomainRule]:
    """Many rows; the places are read if they are not given."""
    known = places or read_places()
    return [rule_of(row, known) for row in rows]


def row_of(rule: DomainRule, places: Places) -> StockRule:
    """A row that is not saved yet. Raises KeyError for a channel or facility that is not there."""
    return StockRule(
        pk=rule.id,
        aspect=rule.aspect.value,
        channel=places.channels[rule.channel] if rule.channel else None,
        offer_sku=rule.offer_sku,
        item_number=rule.item,
        tag=rule.tag,
        facility=places.facilities[rule.facility] if rule.facility else None,
        units=rule.units,
        percent=rule.percent,
        value=rule.value,
        includes=rule.includes,
        first_date=rule.first_date,
        last_date=rule.last_date,
        note=rule.note,
        is_active=rule.is_active,
    )


def scope_of(row: StockRule) -> tuple[Any, ...]:
    """What tells one rule from another."""
    return tuple(getattr(row, name) for name in SCOPE)


def kept(row: StockRule) -> dict[str, Any]:
    """The row as a change keeps it: everything that is needed to put it back."""
    values = {"id": row.pk} | {name: getattr(row, name) for name in (*SCOPE, *VALUES)}
    values["percent"] = None if row.percent is None else str(row.percent)
    for name in ("first_date", "last_date"):
        values[name] = values[name].isoformat() if values[name] else None
    return values


def restored(values: Mapping[str, Any]) -> StockRule:
    """The row that `kept` describes."""
    fields = {name: values[name] for name in (*SCOPE, *VALUES)}
    fields["percent"] = None if values["percent"] is None else Decimal(values["percent"])
    for name in ("first_date", "last_date"):
        fields[name] = date.fromisoformat(values[name]) if values[name] else None
    return StockRule(pk=values["id"], **fields)
