"""The stock side of one channel: what it promises, how numbers go to it, and the operator's codes for facilities."""

from datetime import datetime
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.clock import db_now
from core.permissions import EDIT_STOCK_RULES, VIEW_OPERATIONS, page
from integration.domain.promise import Promise
from integration.errors import InvalidInputError
from integration.models import Channel, Facility
from integration.queries.stock.facility_list import (
    calendar_of,
    listed_facilities,
    promise_of,
    seen_facilities,
    served_channels,
    terms_of,
    views_of,
)
from integration.services.stock.set_capability import set_channel_terms, set_warehouse_code
from integration.web.maps.words import add_problems, user_of
from integration.web.stock.facilities import BeforeAfter, answer_of
from integration.web.stock.facilities_forms import CodesForm, TermsForm, code_field, terms_initial, zone_names
from integration.web.stock.item import NOT_YOUR_ROLE

SOON = "The numbers are worked out anew within a minute."


@page(VIEW_OPERATIONS)
@require_safe
def channel_stock(request: HttpRequest, code: str) -> HttpResponse:
    """The channel's terms, and each facility as it sees it."""
    return _answer(request, _channel(code))


@page(EDIT_STOCK_RULES)
@require_POST
def channel_stock_save(request: HttpRequest, code: str) -> HttpResponse:
    """See what other terms would do, or store them; the button says which."""
    channel, form = _channel(code), TermsForm(request.POST)
    if not form.is_valid():
        return _answer(request, channel, form=form, status=422)
    if request.POST.get("do") != "apply":
        return _answer(request, channel, form=form, preview=_follows(channel, form, db_now()))
    try:
        set_channel_terms(channel=channel, terms=form.terms, by=user_of(request))
    except InvalidInputError as error:
        add_problems(form, error, otherwise=None)
        return _answer(request, channel, form=form, status=422)
    messages.success(request, f"The terms of {channel.name} are saved. {SOON}")
    return redirect("channel_stock", code=channel.code)


@page(EDIT_STOCK_RULES)
@require_POST
def channel_codes_save(request: HttpRequest, code: str) -> HttpResponse:
    """Store the operator's codes: all of them, or none where one cannot be used."""
    channel = _channel(code)
    rows = list(_facilities_of(channel))
    codes = CodesForm(request.POST, facilities=rows)
    if not codes.is_valid():
        return _answer(request, channel, codes=codes, status=422)
    row = rows[0] if rows else None
    try:
        with transaction.atomic():
            for row in rows:
                wanted = codes.cleaned_data[code_field(row)]
                set_warehouse_code(channel=channel, facility=row, code=wanted, by=user_of(request))
    except InvalidInputError as error:
        assert row is not None
        codes.add_error(code_field(row), " ".join(error.problems.values()))
        return _answer(request, channel, codes=codes, status=422)
    messages.success(request, f"The warehouse codes of {channel.name} are saved. {SOON}")
    return redirect("channel_stock", code=channel.code)


def _channel(code: str) -> Channel:
    return get_object_or_404(served_channels(), code=code)


def _facilities_of(channel: Channel) -> list[Facility]:
    return list(listed_facilities().filter(warehouse=channel.warehouse_id))


def _follows(channel: Channel, form: TermsForm, now: datetime) -> list[BeforeAfter]:
    wanted = form.terms
    after = Promise(wanted.promise_hours, wanted.promise_skips_weekends, wanted.time_zone)
    before = promise_of(terms_of(channel))
    return [
        BeforeAfter(
            row.name,
            answer_of(calendar_of(row), before, now, is_active=row.is_active),
            answer_of(calendar_of(row), after, now, is_active=row.is_active),
        )
        for row in _facilities_of(channel)
    ]


def _answer(
    request: HttpRequest,
    channel: Channel,
    *,
    form: TermsForm | None = None,
    codes: CodesForm | None = None,
    preview: list[BeforeAfter] | None = None,
    status: int = 200,
) -> HttpResponse:
    now, rows, terms = db_now(), _facilities_of(channel), terms_of(channel)
    seen = seen_facilities(rows, [channel])
    known = {code_field(row): view.warehouse_code for row in rows if (view := seen.get((channel.pk, row.pk)))}
    shown = codes if codes is not None else CodesForm(initial=known, facilities=rows)
    views = [view for row in rows for view in views_of(row, [channel], seen, now)]
    has_codes = any(known.values())
    context: dict[str, Any] = {
        "tab": "facilities",
        "channel": channel,
        "is_told": "stock" in channel.lanes,
        "terms": terms,
        "form": form if form is not None else TermsForm(initial=terms_initial(terms)),
        "rows": [(view, shown[code_field(view.facility)], has_codes and not view.code) for view in views],
        "preview": preview,
        "flips": sum(each.is_flip for each in preview or ()),
        "zones": zone_names(),
        "may_edit": request.user.has_perm(EDIT_STOCK_RULES),
        "not_your_role": NOT_YOUR_ROLE,
    }
    return render(request, "integration/stock/channel_stock.html", context, status=status)
