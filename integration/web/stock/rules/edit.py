"""One rule: entered, previewed against the numbers as they are now, then applied; or taken away."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.permissions import EDIT_STOCK_RULES, VIEW_OPERATIONS, page
from integration.domain.buffers import StockRule as DomainRule
from integration.errors import InvalidInputError
from integration.models import StockRule
from integration.services.stock.change_rules import RuleSet, change_rules, draft_rules
from integration.services.stock.preview_change import PreviewedChange, preview_change
from integration.services.stock.rule_rows import read_places, rule_of
from integration.web.maps.words import add_problems, user_of
from integration.web.stock.item import NOT_YOUR_ROLE
from integration.web.stock.rules.forms import RuleForm, initial_of

# What an address may fill in beforehand.
PREFILLED: Final = ("aspect", "channel", "offer_sku", "item", "tag", "facility", "units", "percent", "value", "note")
SOON: Final = "The numbers are worked out anew within seconds, and go to the shops with their next files."


@page(EDIT_STOCK_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def buffer_new(request: HttpRequest) -> HttpResponse:
    """A rule that is not there yet; the address may fill in what it is for."""
    if request.method == "POST":
        return _save(request, None)
    initial = {name: request.GET[name] for name in PREFILLED if name in request.GET}
    return _answer(request, RuleForm(initial=initial), None)


@page(VIEW_OPERATIONS)
@require_safe
def buffer(request: HttpRequest, pk: int) -> HttpResponse:
    """A rule that stands."""
    row = get_object_or_404(StockRule, pk=pk)
    places = read_places()
    return _answer(request, RuleForm(initial=initial_of(rule_of(row, places)), places=places), row)


@page(EDIT_STOCK_RULES)
@require_POST
def buffer_save(request: HttpRequest, pk: int) -> HttpResponse:
    """See what changing it would move, or change it."""
    return _save(request, get_object_or_404(StockRule, pk=pk))


@page(EDIT_STOCK_RULES)
@require_http_methods(["GET", "HEAD", "POST"])
def buffer_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask, with what would move, and take the rule away."""
    row = get_object_or_404(StockRule, pk=pk)
    rule = rule_of(row, read_places())
    wanted = RuleSet(removals=(row.pk,))
    if request.method == "POST":
        summary = f"Removed: {_named(rule)}"
        change_rules(wanted=wanted, summary=summary, by=user_of(request), preview=preview_change(wanted).kept)
        messages.success(request, f"{summary}. {SOON}")
        return redirect("buffers")
    context = {"tab": "buffers", "rule": rule, "row": row, "preview": preview_change(wanted)}
    return render(request, "integration/stock/buffer_remove.html", context)


def _save(request: HttpRequest, row: StockRule | None) -> HttpResponse:
    """See what would move, or apply it; the button says which."""
    form = RuleForm(request.POST)
    if not form.is_valid():
        return _answer(request, form, row, status=422)
    rule = form.rule(row.pk if row else None)
    wanted = RuleSet([rule])
    draft = draft_rules(wanted)
    if draft.problems:
        add_problems(form, InvalidInputError(draft.problems[0]), otherwise=None)
        return _answer(request, form, row, status=422)
    if request.POST.get("do") != "apply":
        return _answer(request, form, row, preview=preview_change(wanted))
    is_known = bool(draft.before)
    summary = f"{'Changed' if is_known else 'New'}: {_named(rule)}"
    try:
        change = change_rules(wanted=wanted, summary=summary, by=user_of(request), preview=preview_change(wanted).kept)
    except InvalidInputError as error:
        add_problems(form, error, otherwise=None)
        return _answer(request, form, row, status=422)
    messages.success(request, f"{summary}. {SOON}" if change else "The rule stands like this already.")
    return redirect("buffers")


def _answer(
    request: HttpRequest,
    form: RuleForm,
    row: StockRule | None,
    *,
    preview: PreviewedChange | None = None,
    status: int = 200,
) -> HttpResponse:
    context: dict[str, Any] = {
        "tab": "buffers",
        "form": form,
        "row": row,
        "preview": preview,
        "may_edit": request.user.has_perm(EDIT_STOCK_RULES),
        "not_your_role": NOT_YOUR_ROLE,
    }
    if row is not None:
        context["rule"] = rule_of(row, read_places())
    return render(request, "integration/stock/buffer.html", context, status=status)


def _named(rule: DomainRule) -> str:
    dates = f", {rule.dates_words}" if rule.has_dates else ""
    return f"{rule.aspect.value} {rule.value_words}, {rule.scope_words}{dates}"
