"""Says what a facility can keep and what a channel promises; which facilities a channel may offer follows from both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, time
from zoneinfo import available_timezones

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.errors import InvalidInputError
from integration.models import Channel, ChannelFacility, ChannelStock, Facility
from integration.services.stock.ask_recompute import ask_recompute

MOST_HOURS = 24 * 60
MOST_HOLIDAYS = 200
MOST_LINES = 1_000_000
SHORTEST_PUSH = 60
MOST_MINUTES = 60 * 24 * 7


@dataclass(frozen=True)
class Capability:
    """What a facility can keep: see the model's fields of the same names."""

    time_zone: str
    cut_off: time | None
    handling_hours: int
    working_days: Sequence[int]
    holidays: Sequence[date]
    is_active: bool


@dataclass(frozen=True)
class ChannelTerms:
    """What a channel promises and how numbers go to it: see the model's fields of the same names."""

    promise_hours: int | None
    promise_skips_weekends: bool
    time_zone: str
    stale_minutes: int
    push_seconds: int
    file_lines: int
    delimiter: str


def set_facility_capability(*, facility: Facility, capability: Capability, by: User | None) -> Facility:
    """Store it; the numbers of every channel of the warehouse follow. Raises InvalidInputError per field."""
    problems = {}
    if capability.time_zone not in available_timezones():
        problems["time_zone"] = "Choose a time zone such as Europe/Paris."
    if not 0 <= capability.handling_hours <= MOST_HOURS:
        problems["handling_hours"] = f"From 0 to {MOST_HOURS} hours."
    if not set(capability.working_days) <= set(range(1, 8)):
        problems["working_days"] = "Choose from Monday to Sunday."
    if len(capability.holidays) > MOST_HOLIDAYS:
        problems["holidays"] = f"At most {MOST_HOLIDAYS} days."
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        row = Facility.objects.select_for_update().get(pk=facility.pk)
        before = _facility_words(row)
        row.time_zone, row.cut_off = capability.time_zone, capability.cut_off
        row.handling_hours, row.is_active = capability.handling_hours, capability.is_active
        row.working_days = sorted(set(capability.working_days))
        row.holidays = sorted(set(capability.holidays))
        row.updated_at, row.updated_by = db_now(), by
        row.save()
        record_audit(by=by, action="facility.capability", subject=row, before=before, after=_facility_words(row))
        channels = Channel.objects.filter(warehouse=row.warehouse_id).defer("api_key")
        ask_recompute(channels=channels, reason="a facility changed")
    return row


def set_channel_terms(*, channel: Channel, terms: ChannelTerms, by: User | None) -> ChannelStock:
    """Store it; the channel's numbers follow. Raises InvalidInputError per field."""
    problems = {}
    if terms.promise_hours is not None and not 0 < terms.promise_hours <= MOST_HOURS:
        problems["promise_hours"] = f"From 1 to {MOST_HOURS} hours; empty: not checked."
    if terms.time_zone not in available_timezones():
        problems["time_zone"] = "Choose a time zone such as Europe/Paris."
    if not 1 <= terms.stale_minutes <= MOST_MINUTES:
        problems["stale_minutes"] = f"From 1 to {MOST_MINUTES} minutes."
    if not SHORTEST_PUSH <= terms.push_seconds <= MOST_MINUTES * 60:
        problems["push_seconds"] = "At least 60 seconds: Mirakl takes one stock file a minute."
    if not 1 <= terms.file_lines <= MOST_LINES:
        problems["file_lines"] = f"From 1 to {MOST_LINES:,} lines."
    if terms.delimiter not in (";", ","):
        problems["delimiter"] = "A semicolon or a comma."
    if problems:
        raise InvalidInputError(problems)
    with transaction.atomic():
        row, _ = ChannelStock.objects.select_for_update().get_or_create(channel=channel)
        names = tuple(ChannelTerms.__dataclass_fields__)
        before = {name: getattr(row, name) for name in names}
        for name in names:
            setattr(row, name, getattr(terms, name))
        row.updated_by = by
        row.save(update_fields=[*names, "updated_by", "updated_at"])
        ask_recompute(channels=[channel], reason="its terms changed")
        after = {name: getattr(row, name) for name in names}
        record_audit(by=by, action="channel.stock_terms", subject=channel, before=before, after=after)
    return row


def set_warehouse_code(*, channel: Channel, facility: Facility, code: str, by: User | None) -> None:
    """The operator's code for a facility; empty: its units count for the offer as a whole. Raises InvalidInputError."""
    code = code.strip()
    if len(code) > 120 or not code.isprintable():  # noqa: PLR2004 -- named in the message
        raise InvalidInputError({"warehouse_code": "At most 120 characters, without line breaks."})
    with transaction.atomic():
        row, _ = ChannelFacility.objects.select_for_update().get_or_create(channel=channel, facility=facility)
        if row.warehouse_code == code:
            return
        before = row.warehouse_code
        row.warehouse_code = code
        row.save(update_fields=["warehouse_code"])
        record_audit(
            by=by,
            action="channel.warehouse_code",
            subject=channel,
            before={"facility": facility.number, "code": before},
            after={"facility": facility.number, "code": code},
        )
        ask_recompute(channels=[channel], reason="a warehouse code changed")


def _facility_words(row: Facility) -> dict[str, object]:
    return {
        "time_zone": row.time_zone,
        "cut_off": row.cut_off.isoformat("minutes") if row.cut_off else None,
        "handling_hours": row.handling_hours,
        "working_days": row.working_days,
        "holidays": [day.isoformat() for day in row.holidays],
        "is_active": row.is_active,
    }
