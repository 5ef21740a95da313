"""Facilities, what each can keep, and how every channel that tells stock sees them. A constant number of statements."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from integration.domain.promise import FacilityCalendar, Promise, next_change
from integration.models import Channel, ChannelFacility, ChannelStock, Facility

Seen = Mapping[tuple[int, int], ChannelFacility]


@dataclass(frozen=True)
class FacilityView:
    """How one channel sees one facility. `row` None: not judged yet. `changes_at` None: it stays so for days."""

    channel: Channel
    facility: Facility
    row: ChannelFacility | None
    changes_at: datetime | None

    @property
    def words(self) -> str:
        """Why it is so."""
        return self.row.words if self.row is not None else "Not judged yet."

    @property
    def code(self) -> str:
        """The operator's code; empty for none."""
        return self.row.warehouse_code if self.row is not None else ""


def listed_facilities() -> QuerySet[Facility]:
    """Every facility with its warehouse and who changed it last."""
    rows = Facility.objects.select_related("warehouse", "updated_by")
    return rows.defer("warehouse__password", "warehouse__client_secret").order_by("warehouse__name", "name", "id")


def served_channels() -> QuerySet[Channel]:
    """Every channel that has a warehouse, with its terms: they are set before its lane of stock is switched on."""
    rows = Channel.objects.exclude(warehouse=None).select_related("stock", "stock__updated_by", "warehouse")
    return rows.defer("api_key", "warehouse__password", "warehouse__client_secret").order_by("name", "id")


def stock_channels() -> QuerySet[Channel]:
    """Those of them that tell stock."""
    return served_channels().filter(lanes__contains=["stock"])


def seen_facilities(facilities: Iterable[Facility], channels: Iterable[Channel]) -> Seen:
    """What was judged and set for each channel and facility."""
    rows = ChannelFacility.objects.filter(facility__in=facilities, channel__in=channels)
    return {(row.channel_id, row.facility_id): row for row in rows}


def views_of(facility: Facility, channels: Iterable[Channel], seen: Seen, now: datetime) -> list[FacilityView]:
    """Each channel of the facility's warehouse with what it makes of it, and when that is another."""
    calendar = calendar_of(facility)
    return [
        FacilityView(
            channel,
            facility,
            seen.get((channel.pk, facility.pk)),
            next_change(calendar, promise_of(terms_of(channel)), now) if facility.is_active else None,
        )
        for channel in channels
        if channel.warehouse_id == facility.warehouse_id
    ]


def calendar_of(facility: Facility) -> FacilityCalendar:
    """When it works, as the promise is judged by."""
    return FacilityCalendar(
        facility.time_zone,
        facility.cut_off,
        facility.handling_hours,
        frozenset(facility.working_days),
        frozenset(facility.holidays),
    )


def terms_of(channel: Channel) -> ChannelStock:
    """The terms of a channel; those that hold from the start, where it has none yet."""
    terms = getattr(channel, "stock", None)
    return terms if isinstance(terms, ChannelStock) else ChannelStock(channel=channel)


def promise_of(terms: ChannelStock) -> Promise:
    """What the channel promises."""
    return Promise(terms.promise_hours, terms.promise_skips_weekends, terms.time_zone)


def coming_holidays(facility: Facility, today: date) -> list[date]:
    """Days without work from today on, the next first."""
    return sorted(day for day in facility.holidays if day >= today)
