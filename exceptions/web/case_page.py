"""Everything a case's page shows: the fix with its form, what it would free and send, and the records."""

from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.http import HttpRequest, QueryDict

from core.permissions import VIEW_BUYERS
from exceptions.domain.catalogue import kind_of
from exceptions.models import Case
from exceptions.queries.desk import held_rows, related_cases
from exceptions.queries.findings import shown_findings, stock_links
from exceptions.web.fixes import FIXES, Fix, open_holds, word_of
from exceptions.web.forms import (
    AssignForm,
    CommentForm,
    CorrectOrderForm,
    SnoozeForm,
)
from integration.domain.components import parse_components
from integration.errors import InvalidInputError
from integration.queries.blast_radius import blast_radius
from integration.services.preview_order import OrderPreview, preview_order
from integration.web.maps.forms import CarrierTarget, SkuTarget

TIMELINE: Final = 100


@dataclass(frozen=True)
class Preview:
    """What would be sent of one held order, before and after the fix; or why that cannot be said."""

    order_id: str
    order: OrderPreview | None
    problem: str = ""


def case_context(request: HttpRequest, case: Case, **replaced: Any) -> dict[str, Any]:
    """The whole page. `replaced` holds forms that came back with errors, or a preview that was asked for."""
    kind = kind_of(case.kind)
    is_open = case.state != "resolved"
    fix = FIXES.get(kind.fix) if is_open else None
    may_fix = fix is not None and request.user.has_perm(fix.permission)
    word = word_of(case) if is_open else None
    may_settle = word is not None and request.user.has_perm(word.permission)
    findings = shown_findings(case) if is_open else []
    return {
        "case": case,
        "kind": kind,
        "findings": findings,
        "links": stock_links(case),
        "records": [] if findings else held_rows(case),
        "fix": fix,
        "may_fix": may_fix,
        "fix_form": fix_form(request, case, None) if may_fix else None,
        "can_preview": may_fix and kind.fix in ("map_sku", "map_shipping_method"),
        "can_suggest": may_fix and kind.fix == "map_sku",
        "settle": word if may_settle else None,
        "settle_form": word.form() if word is not None and may_settle else None,
        "radius": _radius(case, fix),
        "preview": None,
        "suggestions": None,
        "events": case.events.select_related("by").order_by("-at", "-id")[:TIMELINE],
        "related": related_cases(case),
        "snooze_form": SnoozeForm(),
        "assign_form": AssignForm(initial={"assignee": case.assignee.username if case.assignee else ""}),
        "comment_form": CommentForm(),
        **replaced,
    }


def fix_form(request: HttpRequest, case: Case, data: QueryDict | None) -> forms.Form | None:
    """The form of the case's fix, filled with what is known."""
    fix = FIXES.get(kind_of(case.kind).fix)
    if fix is None:
        return None
    if fix.form is CarrierTarget:
        return CarrierTarget(data, for_channel=case.channel)
    if fix.form is CorrectOrderForm:
        return CorrectOrderForm(data, holds=open_holds(case), shows_buyer=request.user.has_perm(VIEW_BUYERS))
    initial = {"components": request.GET.get("item", "")} if fix.form is SkuTarget else {}
    return fix.form(data, initial=initial)


def preview_fix(request: HttpRequest, case: Case, form: forms.Form) -> Preview:
    """What the first held order would be in the warehouse, without and with what the form says."""
    holds = open_holds(case)
    if not holds:
        return Preview("", None, "Nothing is held by this any more.")
    order = holds[0].order
    shows_buyer = request.user.has_perm(VIEW_BUYERS)
    data = form.cleaned_data
    try:
        if isinstance(form, SkuTarget):
            parts = parse_components(data["components"])
            seen = preview_order(order=order, offer_sku=case.cause_key, components=parts, shows_buyer=shows_buyer)
        else:
            seen = preview_order(
                order=order,
                shipping_type_code=case.cause_key,
                ship_via=data["ship_via"],
                ship_vendor=data["ship_vendor"],
                shows_buyer=shows_buyer,
            )
    except InvalidInputError as error:
        return Preview(order.order_id, None, " ".join(error.problems.values()))
    return Preview(order.order_id, seen)


def _radius(case: Case, fix: Fix | None) -> Any:
    if fix is None or not fix.frees_all or case.channel is None or not case.order_count:
        return None
    return blast_radius(channel=case.channel, kind=case.kind, cause_key=case.cause_key)
