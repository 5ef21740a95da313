"""Facilities: what each can keep, which channels may offer its stock now, and what another calendar would change."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.clock import db_now
from core.permissions import EDIT_FACILITIES, VIEW_OPERATIONS, page
from integration.domain.promise import FacilityCalendar, Promise, eligibility, next_change
from integration.errors import InvalidInputError
from integration.models import Channel, Facility
from integration.queries.stock.facility_list import (
    FacilityView,
    calendar_of,
    coming_holidays,
    listed_facilities,
    promise_of,
    seen_facilities,
    served_channels,
    stock_channels,
    terms_of,
    views_of,
)
from integration.services.stock.set_capability import set_facility_capability
from integration.web.maps.words import add_problems, user_of
from integration.web.stock.facilities_forms import FacilityForm, days_words, facility_initial, zone_names

HOLIDAYS_SHOWN = 4
NOT_YOUR_ROLE = "Your role does not change facilities. The warehouse and ecommerce do."
OFF_WORDS = "The facility is switched off."


@dataclass(frozen=True)
class FacilityCard:
    """A facility in words, and how channels see it."""

    facility: Facility
    days: str
    holidays: list[Any]
    more_holidays: int
    views: list[FacilityView]


@dataclass(frozen=True)
class Answer:
    """Whether a channel may offer a facility's stock, why, and until when."""

    is_eligible: bool
    words: str
    changes_at: datetime | None


@dataclass(frozen=True)
class BeforeAfter:
    """The same channel and facility, as it is and as it would be."""

    name: str
    before: Answer
    after: Answer

    @property
    def is_flip(self) -> bool:
        """Whether stock would begin or cease to be offered at once."""
        return self.before.is_eligible != self.after.is_eligible


@page(VIEW_OPERATIONS)
@require_safe
def facilities(request: HttpRequest) -> HttpResponse:
    """Every facility, and the channels with their terms."""
    now = db_now()
    rows, served = list(listed_facilities()), list(served_channels())
    channels = [channel for channel in served if "stock" in channel.lanes]
    seen = seen_facilities(rows, channels)
    context = {
        "tab": "facilities",
        "cards": [_card(row, views_of(row, channels, seen, now), now) for row in rows],
        "channels": [(channel, terms_of(channel), channel in channels) for channel in served],
    }
    return render(request, "integration/stock/facilities.html", context)


@page(VIEW_OPERATIONS)
@require_safe
def facility(request: HttpRequest, pk: int) -> HttpResponse:
    """One facility, with the form."""
    row = get_object_or_404(listed_facilities(), pk=pk)
    return _answer(request, row, FacilityForm(initial=facility_initial(row)))


@page(EDIT_FACILITIES)
@require_POST
def facility_save(request: HttpRequest, pk: int) -> HttpResponse:
    """See what would follow, or store it; the button says which."""
    row = get_object_or_404(listed_facilities(), pk=pk)
    form = FacilityForm(request.POST)
    if not form.is_valid():
        return _answer(request, row, form, status=422)
    if request.POST.get("do") != "apply":
        return _answer(request, row, form, preview=_follows(row, form, db_now()))
    try:
        set_facility_capability(facility=row, capability=form.capability, by=user_of(request))
    except InvalidInputError as error:
        add_problems(form, error, otherwise=None)
        return _answer(request, row, form, status=422)
    messages.success(request, f"{row.name} is saved. Which channels may offer its stock is judged within a minute.")
    return redirect("facilities")


def answer_of(calendar: FacilityCalendar, promise: Promise, now: datetime, *, is_active: bool) -> Answer:
    """Whether stock may be offered at that moment."""
    if not is_active:
        return Answer(False, OFF_WORDS, None)
    judged = eligibility(calendar, promise, now)
    return Answer(judged.is_eligible, judged.words, next_change(calendar, promise, now))


def _follows(row: Facility, form: FacilityForm, now: datetime) -> list[BeforeAfter]:
    found = []
    for channel in _channels_of(row):
        promise = promise_of(terms_of(channel))
        before = answer_of(calendar_of(row), promise, now, is_active=row.is_active)
        after = answer_of(form.calendar, promise, now, is_active=form.capability.is_active)
        found.append(BeforeAfter(channel.name, before, after))
    return found


def _channels_of(row: Facility) -> list[Channel]:
    return list(stock_channels().filter(warehouse=row.warehouse_id))


def _card(row: Facility, views: list[FacilityView], now: datetime) -> FacilityCard:
    coming = coming_holidays(row, now.astimezone(ZoneInfo(row.time_zone)).date())
    return FacilityCard(
        row, days_words(row.working_days), coming[:HOLIDAYS_SHOWN], max(0, len(coming) - HOLIDAYS_SHOWN), views
    )


def _answer(
    request: HttpRequest,
    row: Facility,
    form: FacilityForm,
    *,
    preview: list[BeforeAfter] | None = None,
    status: int = 200,
) -> HttpResponse:
    now, channels = db_now(), _channels_of(row)
    context = {
        "tab": "facilities",
        "row": row,
        "form": form,
        "views": views_of(row, channels, seen_facilities([row], channels), now),
        "preview": preview,
        "flips": sum(each.is_flip for each in preview or ()),
        "zones": zone_names(),
        "may_edit": request.user.has_perm(EDIT_FACILITIES),
        "not_your_role": NOT_YOUR_ROLE,
    }
    return render(request, "integration/stock/facility.html", context, status=status)
