"""The desk: its list, a case, and what a person does with a case."""

from typing import Any, Final

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.models import User
from core.permissions import EDIT_SKU_MAPS, VIEW_OPERATIONS, WORK_CASES, page
from core.web.keyset import Order
from core.web.listing import ListPage
from exceptions.domain.catalogue import kind_of
from exceptions.models import Case
from exceptions.queries.desk import cases_of_tab, waiting_by_team
from exceptions.services.change_case import acknowledge_case, assign_case, comment_on_case, snooze_case
from exceptions.web.case_page import case_context, fix_form, preview_fix
from exceptions.web.filters import CaseFilter
from exceptions.web.fixes import FIXES, SETTLE, Fix, word_of
from exceptions.web.forms import AssignForm, CommentForm, SnoozeForm
from exceptions.web.tables import CaseTable
from integration.errors import InvalidInputError
from integration.services.suggest_items import suggest_items

TABS: Final = (("open", "Open"), ("snoozed", "Snoozed"), ("resolved", "Resolved"), ("all", "All"))

DESK: Final = ListPage(
    filterset=CaseFilter,
    table=CaseTable,
    orders={
        "severity": Order("severity"),
        "record_count": Order("record_count"),
        "value": Order("value"),
        "deadline_at": Order("deadline_at", nullable=True),
        "opened_at": Order("opened_at"),
    },
    default="deadline_at",
    template="exceptions/desk.html",
    filename="exceptions",
)


@page(VIEW_OPERATIONS)
@require_safe
def desk(request: HttpRequest) -> HttpResponseBase:
    """Every root cause that holds something, the nearest deadline first."""
    tab = request.GET.get("tab", "open")
    context = {"tabs": TABS, "tab": tab, "teams": waiting_by_team() if not request.headers.get("HX-Request") else {}}
    return DESK.respond(request, cases_of_tab(tab), context)


@page(VIEW_OPERATIONS)
@require_safe
def case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what happened, its fix, and what it holds."""
    return render(request, "exceptions/case.html", case_context(request, _case(pk)))


@page(VIEW_OPERATIONS)
@require_POST
def fix(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply the fix of the case, or show what it would send. Each fix asks for a permission of its own."""
    row = _case(pk)
    chosen = FIXES.get(kind_of(row.kind).fix)
    form = fix_form(request, row, request.POST)
    if chosen is None or form is None or not request.user.has_perm(chosen.permission):
        raise PermissionDenied
    if "preview" in request.POST and form.is_valid():
        preview = preview_fix(request, row, form)
        template = "exceptions/preview.html" if getattr(request, "htmx", None) else "exceptions/case.html"
        return render(request, template, case_context(request, row, fix_form=form, preview=preview))
    return _apply(request, row, chosen, form, "fix_form")


@page(VIEW_OPERATIONS)
@require_POST
def settle(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a person's word: dealt with outside, or meant as it is. Each asks for a permission of its own."""
    row = _case(pk)
    word = word_of(row) or SETTLE
    if not request.user.has_perm(word.permission):
        raise PermissionDenied
    return _apply(request, row, word, word.form(request.POST), "settle_form")


@page(EDIT_SKU_MAPS)
@require_safe
def suggestions(request: HttpRequest, pk: int) -> HttpResponse:
    """Items that the case's SKU may be, each with its evidence; asked for apart, since it may ask the warehouse."""
    row = _case(pk)
    found = suggest_items(channel=row.channel, offer_sku=row.cause_key) if row.channel else ()
    template = "exceptions/suggestions.html" if getattr(request, "htmx", None) else "exceptions/case.html"
    return render(request, template, case_context(request, row, suggestions=found))


@page(WORK_CASES)
@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Say that somebody is on it."""
    row = _case(pk)
    return _act(request, row, lambda by: acknowledge_case(case=row, by=by), f"You are on it: {row.summary}")


@page(WORK_CASES)
@require_POST
def snooze(request: HttpRequest, pk: int) -> HttpResponse:
    """Put it off for a time."""
    row, form = _case(pk), SnoozeForm(request.POST)
    if not form.is_valid():
        return render(request, "exceptions/case.html", case_context(request, row, snooze_form=form), status=422)
    hours = form.cleaned_data["hours"]
    return _act(request, row, lambda by: snooze_case(case=row, hours=hours, by=by), f"Snoozed for {hours} h.")


@page(WORK_CASES)
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it to a person, or back to the team."""
    row, form = _case(pk), AssignForm(request.POST)
    if not form.is_valid():
        return render(request, "exceptions/case.html", case_context(request, row, assign_form=form), status=422)
    person = form.cleaned_data["assignee"]
    words = f"Given to {person}." if person else "Given back to the team."
    return _act(request, row, lambda by: assign_case(case=row, assignee=person, by=by), words)


@page(WORK_CASES)
@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something on the timeline."""
    row, form = _case(pk), CommentForm(request.POST)
    if not form.is_valid():
        return render(request, "exceptions/case.html", case_context(request, row, comment_form=form), status=422)
    return _act(
        request, row, lambda by: comment_on_case(case=row, text=form.cleaned_data["text"], by=by), "Comment added."
    )


def _act(request: HttpRequest, row: Case, call: Any, done: str) -> HttpResponse:
    try:
        call(_user(request))
    except InvalidInputError as error:
        messages.error(request, " ".join(error.problems.values()))
    else:
        messages.success(request, done)
    return redirect("case", pk=row.pk)


def _apply(request: HttpRequest, row: Case, chosen: Fix, form: Form, name: str) -> HttpResponse:
    if form.is_valid():
        try:
            done = chosen.apply(row, form.cleaned_data, _user(request))
        except InvalidInputError as error:
            for field, problem in error.problems.items():
                form.add_error(field if field in form.fields else None, problem)
        else:
            messages.success(request, done)
            return redirect("case", pk=row.pk)
    return render(request, "exceptions/case.html", case_context(request, row, **{name: form}), status=422)


def _case(pk: int) -> Case:
    return get_object_or_404(
        Case.objects.select_related("channel", "assignee", "acknowledged_by", "resolved_by"), pk=pk
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
