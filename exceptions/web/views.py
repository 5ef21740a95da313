"""The desk: its list, a case, and what a person does with a case."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.models import User
from core.permissions import VIEW_BUYERS, VIEW_OPERATIONS, WORK_CASES, page
from core.web.keyset import Order
from core.web.listing import ListPage
from exceptions.domain.catalogue import kind_of
from exceptions.models import Case
from exceptions.queries.desk import cases_of_tab, held_rows, related_cases, waiting_by_team
from exceptions.services.change_case import acknowledge_case, assign_case, comment_on_case, snooze_case
from exceptions.web.filters import CaseFilter
from exceptions.web.fixes import FIXES, first_hold
from exceptions.web.forms import AssignForm, CommentForm, MapCarrierForm, SnoozeForm
from exceptions.web.tables import CaseTable
from integration.errors import InvalidInputError
from integration.queries.blast_radius import blast_radius

TABS: Final = (("open", "Open"), ("snoozed", "Snoozed"), ("resolved", "Resolved"), ("all", "All"))
TIMELINE: Final = 100

DESK: Final = ListPage(
    filterset=CaseFilter,
    table=CaseTable,
    orders={
        "severity": Order("severity"),
        "order_count": Order("order_count"),
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
    row = _case(pk)
    return render(request, "exceptions/case.html", _context(request, row))


@page(VIEW_OPERATIONS)
@require_POST
def fix(request: HttpRequest, pk: int) -> HttpResponse:
    """Apply the fix of the case. Each fix asks for a permission of its own."""
    row = _case(pk)
    chosen = FIXES.get(kind_of(row.kind).fix)
    if chosen is None or not request.user.has_perm(chosen.permission):
        return render(request, "403.html", status=403)
    form = _fix_form(row, request.POST)
    if form is not None and form.is_valid():
        try:
            done = chosen.apply(row, form.cleaned_data, _user(request))
        except InvalidInputError as error:
            for field, problem in error.problems.items():
                form.add_error(field if field in form.fields else None, problem)
        else:
            messages.success(request, done)
            return redirect("case", pk=row.pk)
    return render(request, "exceptions/case.html", _context(request, row, fix_form=form), status=422)


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
        return render(request, "exceptions/case.html", _context(request, row, snooze_form=form), status=422)
    hours = form.cleaned_data["hours"]
    return _act(request, row, lambda by: snooze_case(case=row, hours=hours, by=by), f"Snoozed for {hours} h.")


@page(WORK_CASES)
@require_POST
def assign(request: HttpRequest, pk: int) -> HttpResponse:
    """Give it to a person, or back to the team."""
    row, form = _case(pk), AssignForm(request.POST)
    if not form.is_valid():
        return render(request, "exceptions/case.html", _context(request, row, assign_form=form), status=422)
    person = form.cleaned_data["assignee"]
    words = f"Given to {person}." if person else "Given back to the team."
    return _act(request, row, lambda by: assign_case(case=row, assignee=person, by=by), words)


@page(WORK_CASES)
@require_POST
def comment(request: HttpRequest, pk: int) -> HttpResponse:
    """Say something on the timeline."""
    row, form = _case(pk), CommentForm(request.POST)
    if not form.is_valid():
        return render(request, "exceptions/case.html", _context(request, row, comment_form=form), status=422)
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


def _context(request: HttpRequest, row: Case, **forms: Any) -> dict[str, Any]:
    kind = kind_of(row.kind)
    chosen = FIXES.get(kind.fix) if row.state != "resolved" else None
    may_fix = chosen is not None and request.user.has_perm(chosen.permission)
    records = held_rows(row)
    context: dict[str, Any] = {
        "case": row,
        "kind": kind,
        "records": records,
        "fix": chosen,
        "may_fix": may_fix,
        "fix_form": _fix_form(row, None) if may_fix else None,
        "radius": blast_radius(channel=row.channel, kind=row.kind, cause_key=row.cause_key)
        if chosen and chosen.frees_all and row.channel and row.order_count
        else None,
        "problem": records[0].hold.detail if records and records[0].hold and kind.fix == "correct_order" else None,
        "may_see_buyers": request.user.has_perm(VIEW_BUYERS),
        "events": row.events.select_related("by").order_by("-at", "-id")[:TIMELINE],
        "related": related_cases(row),
        "snooze_form": SnoozeForm(),
        "assign_form": AssignForm(initial={"assignee": row.assignee.username if row.assignee else ""}),
        "comment_form": CommentForm(),
    }
    return context | forms


def _fix_form(row: Case, data: Any) -> Any:
    chosen = FIXES.get(kind_of(row.kind).fix)
    if chosen is None:
        return None
    if chosen.form is MapCarrierForm:
        return MapCarrierForm(data, channel=row.channel)
    initial = {}
    if kind_of(row.kind).fix == "correct_order" and data is None:
        try:
            initial["value"] = first_hold(row).detail.get("value", "")
        except InvalidInputError:
            initial = {}
    return chosen.form(data, initial=initial)


def _case(pk: int) -> Case:
    return get_object_or_404(
        Case.objects.select_related("channel", "assignee", "acknowledged_by", "resolved_by"), pk=pk
    )


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
