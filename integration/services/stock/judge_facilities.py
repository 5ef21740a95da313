"""Judges which facilities meet a channel's dispatch promise for what is ordered now, and has its numbers follow."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.db.models import Q

from integration.domain.promise import Eligibility, FacilityCalendar, Promise, eligibility
from integration.models import Channel, ChannelFacility, ChannelStock, Facility, StockRule
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.local_day import local_day

WORDS_LENGTH = 300
SWITCHED_OFF = Eligibility(False, None, None, "The facility is switched off.")


@dataclass(frozen=True)
class Judged:
    """How many facilities were judged, how many of them are another way than before, and whether a new day began."""

    facilities: int
    flipped: int
    is_new_day: bool


def judge_facilities(*, channel: Channel, now: datetime) -> Judged:
    """Judge each facility of the channel's warehouse. A flip asks for every number of this channel, and of no other.

    So does the first look of a day on which a dated rule begins or ended to count there.
    """
    with transaction.atomic():
        stock, _ = ChannelStock.objects.get_or_create(channel=channel)
        facilities = list(Facility.objects.filter(warehouse=channel.warehouse_id).order_by("pk"))
        known = {row.facility_id: row for row in ChannelFacility.objects.filter(channel=channel)}
        new = [
            ChannelFacility(channel=channel, facility=facility) for facility in facilities if facility.pk not in known
        ]
        ChannelFacility.objects.bulk_create(new, ignore_conflicts=True)
        promise = Promise(stock.promise_hours, stock.promise_skips_weekends, stock.time_zone)
        flips = []
        for facility in facilities:
            before = known.get(facility.pk)
            answer = _answer(facility, promise, now)
            if (before is None or before.is_eligible) != answer.is_eligible:
                flips.append(f"{facility.number}: {answer.words}")
            # By the one key, without what staff may be setting on the same row at this moment.
            ChannelFacility.objects.filter(channel=channel, facility=facility).update(
                is_eligible=answer.is_eligible, words=answer.words[:WORDS_LENGTH], judged_at=now
            )
        is_new_day = _is_new_day(channel, stock, now)
        if flips:
            ask_recompute(channels=[channel], reason="; ".join(flips))
        elif is_new_day:
            ask_recompute(channels=[channel], reason="rules of the peak calendar began or ended")
    return Judged(len(facilities), len(flips), is_new_day)


def _answer(facility: Facility, promise: Promise, now: datetime) -> Eligibility:
    if not facility.is_active:
        return SWITCHED_OFF
    calendar = FacilityCalendar(
        facility.time_zone,
        facility.cut_off,
        facility.handling_hours,
        frozenset(facility.working_days),
        frozenset(facility.holidays),
    )
    return eligibility(calendar, promise, now)


def _is_new_day(channel: Channel, stock: ChannelStock, now: datetime) -> bool:
    """Whether rules count today that did not when the numbers were last worked out, or the other way round."""
    if stock.fully_computed_at is None:
        return False
    last, today = local_day(stock.time_zone, stock.fully_computed_at), local_day(stock.time_zone, now)
    if last == today:
        return False
    dated = StockRule.objects.filter(~Q(first_date=None, last_date=None), Q(channel=None) | Q(channel=channel))
    rules = dated.filter(is_active=True).values_list("first_date", "last_date")
    return any(_counts(first, end, last) != _counts(first, end, today) for first, end in rules)


def _counts(first: date | None, last: date | None, day: date) -> bool:
    return (first is None or first <= day) and (last is None or day <= last)
