"""The list of rules, the file that holds them, and what was changed with a way back."""

from typing import Final

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.permissions import EDIT_STOCK_RULES, VIEW_OPERATIONS, page
from core.web.keyset import Order
from core.web.listing import ListPage
from integration.errors import InvalidInputError
from integration.models import StockRule, StockRuleChange
from integration.services.stock.change_rules import undo_rule_change
from integration.services.stock.import_rules import export_rules
from integration.web.maps.words import user_of
from integration.web.stock.rules.tables import RuleFilter, RuleTable

RULES: Final = ListPage(
    filterset=RuleFilter,
    table=RuleTable,
    orders={"updated_at": Order("updated_at")},
    default="-updated_at",
    template="integration/stock/buffers.html",
    filename="stock-rules",
)
CHANGES_SHOWN: Final = 25


@page(VIEW_OPERATIONS)
@require_safe
def buffers(request: HttpRequest) -> HttpResponseBase:
    """Every rule that counts."""
    rows = StockRule.objects.filter(is_active=True).select_related("channel", "updated_by").defer("channel__api_key")
    context = {"tab": "buffers", "may_edit": request.user.has_perm(EDIT_STOCK_RULES)}
    return RULES.respond(request, rows, context)


@page(VIEW_OPERATIONS)
@require_safe
def buffers_export(_request: HttpRequest) -> HttpResponse:
    """All rules as a file that brings them back."""
    response = HttpResponse(export_rules(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="stock-rules.csv"'
    return response


@page(VIEW_OPERATIONS)
@require_safe
def buffer_changes(request: HttpRequest) -> HttpResponse:
    """What was changed, by whom, and what it was said to move."""
    rows = StockRuleChange.objects.select_related("by", "undone_by").order_by("-at", "-id")
    shown = Paginator(rows, CHANGES_SHOWN).get_page(request.GET.get("page"))
    context = {"tab": "buffers", "changes": shown, "may_edit": request.user.has_perm(EDIT_STOCK_RULES)}
    return render(request, "integration/stock/buffer_changes.html", context)


@page(EDIT_STOCK_RULES)
@require_POST
def buffer_change_undo(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the rules back as they were before a change."""
    change = get_object_or_404(StockRuleChange, pk=pk)
    try:
        undo_rule_change(change_id=change.pk, by=user_of(request))
    except InvalidInputError as error:
        messages.error(request, " ".join(error.problems.values()))
    else:
        messages.success(request, f"Undone: {change.summary}. The numbers are worked out anew within seconds.")
    return redirect("buffer_changes")
