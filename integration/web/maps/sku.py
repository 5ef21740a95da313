"""One offer SKU: what it is, what saving frees and would send, who said so before, and back."""

import json
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from core.models import AuditEntry
from core.permissions import EDIT_SKU_MAPS, VIEW_BUYERS, VIEW_OPERATIONS, page
from integration.domain.components import parse_components, write_components
from integration.errors import InvalidInputError
from integration.models import Channel
from integration.queries.freed_by_holds import freed_by_holds
from integration.queries.sku_map import (
    Parts,
    map_history,
    parts_of_sku,
    recent_lines,
    waiting_order,
    waiting_orders,
)
from integration.services.map_sku import map_sku, sku_holds
from integration.services.preview_order import OrderPreview, Sketch, preview_order
from integration.services.suggest_items import Suggestion, suggest_items
from integration.services.undo_sku_map import undo_sku_map
from integration.services.unmap_sku import unmap_sku
from integration.web.maps.addresses import asked_for, list_address, row_address
from integration.web.maps.forms import SkuForm
from integration.web.maps.words import add_problems, freed_words, user_of


@dataclass(frozen=True)
class Past:
    """One entry of an SKU's history: what it was after it, and whether that is what it is now."""

    entry: AuditEntry
    parts: Parts
    is_present: bool

    @property
    def words(self) -> str:
        """The items, or that there were none."""
        return _in_words(self.parts) or "taken away"


@dataclass(frozen=True)
class Shown:
    """One side of a preview: the document as text, or what stands in its way."""

    title: str
    text: str
    problems: tuple[str, ...]


@page(VIEW_OPERATIONS)
@require_safe
def sku_map(request: HttpRequest) -> HttpResponse:
    """One SKU. `suggest=1` adds suggestions, `components` fills the form. Without an SKU, the form for one."""
    channel, sku = asked_for(request)
    parts = parts_of_sku(channel, sku) if channel and sku else []
    form = SkuForm(
        initial={
            "channel": channel.code if channel else None,
            "key": sku,
            "components": request.GET.get("components") or write_components(parts),
        },
        is_known=bool(channel and sku),
    )
    context = _context(request, channel, sku, form)
    if channel and sku and context["may_edit"] and request.GET.get("suggest") == "1":
        context["suggestions"] = [
            (one, _components(one), row_address("sku_map", channel.code, sku, components=_components(one)))
            for one in suggest_items(channel=channel, offer_sku=sku)
        ]
    return render(request, "integration/maps/sku_map.html", context)


@page(EDIT_SKU_MAPS)
@require_POST
def sku_map_preview(request: HttpRequest) -> HttpResponse:
    """Show what a waiting order would be in the warehouse, now and with the items entered. Writes nothing."""
    channel, sku = asked_for(request)
    form = SkuForm(request.POST, is_known=bool(channel and sku))
    context = _context(request, channel, sku, form)
    if channel is None or not form.is_valid():
        return render(request, "integration/maps/sku_map.html", context, status=422)
    try:
        components = parse_components(form.cleaned_data["components"])
        order = waiting_order(channel, sku)
        if order is not None:
            shows_buyer = request.user.has_perm(VIEW_BUYERS)
            preview = preview_order(order=order, offer_sku=sku, components=components, shows_buyer=shows_buyer)
            context["sides"] = _sides(preview)
    except InvalidInputError as error:
        add_problems(form, error, otherwise="components")
        return render(request, "integration/maps/sku_map.html", context, status=422)
    return render(request, "integration/maps/sku_map.html", context | {"preview": True, "order": order})


@page(EDIT_SKU_MAPS)
@require_POST
def sku_map_save(request: HttpRequest) -> HttpResponse:
    """Map the SKU, and say what that freed."""
    in_row = bool(getattr(request, "htmx", None))
    channel, sku = asked_for(request)
    form = SkuForm(request.POST, is_known=bool(channel and sku), auto_id="row-%s" if in_row else "id_%s")
    if form.is_valid():
        channel, sku = form.cleaned_data["channel"], form.cleaned_data["key"]
        assert channel is not None
        try:
            components = parse_components(form.cleaned_data["components"])
            released = map_sku(channel=channel, offer_sku=sku, components=components, by=user_of(request))
        except InvalidInputError as error:
            add_problems(form, error, otherwise="components")
        else:
            messages.success(request, f"{sku} is mapped on {channel.name}. {freed_words(released)}")
            return HttpResponseClientRedirect(list_address(request)) if in_row else redirect("sku_maps")
    if in_row:
        context = {"form": form, "channel": channel, "sku": sku, "back": list_address(request)}
        return render(request, "integration/maps/sku_row_form.html", context, status=422)
    return render(request, "integration/maps/sku_map.html", _context(request, channel, sku, form), status=422)


@page(EDIT_SKU_MAPS)
@require_http_methods(["GET", "HEAD", "POST"])
def sku_map_remove(request: HttpRequest) -> HttpResponse:
    """Take the mapping away, after its consequence was named."""
    channel, sku = asked_for(request)
    if channel is None:
        raise Http404
    if request.method == "POST":
        removed = unmap_sku(channel=channel, offer_sku=sku, by=user_of(request))
        words = "is mapped no longer. Orders with it wait until it is mapped again" if removed else "was not mapped"
        messages.success(request, f"{sku} {words}.")
        return redirect(row_address("sku_map", channel.code, sku))
    context = {
        "channel": channel,
        "sku": sku,
        "parts": parts_of_sku(channel, sku),
        "waiting": waiting_orders(channel, sku).count(),
        "back": row_address("sku_map", channel.code, sku),
    }
    return render(request, "integration/maps/sku_remove.html", context)


@page(EDIT_SKU_MAPS)
@require_POST
def sku_map_undo(request: HttpRequest) -> HttpResponse:
    """Take the newest change back (`entry` names it, so that nobody undoes another's), or use an older mapping again."""
    channel, sku = asked_for(request)
    wanted = request.POST.get("entry", "")
    entries = list(map_history(channel, "sku", sku)) if channel else []
    entry = next((row for row in entries if str(row.pk) == wanted), None)
    if channel is None or entry is None:
        raise Http404
    back = redirect(row_address("sku_map", channel.code, sku))
    is_undo = request.POST.get("side") == "before"
    if is_undo and entry is not entries[0]:
        messages.error(request, "Somebody has changed this since you looked. Nothing was undone: look again.")
        return back
    parts = _parts(entry.before if is_undo else entry.after)
    try:
        if is_undo:
            released = undo_sku_map(channel=channel, offer_sku=sku, by=user_of(request))
        else:
            released = map_sku(channel=channel, offer_sku=sku, components=parts, by=user_of(request))
    except InvalidInputError as error:
        messages.error(request, " ".join(error.problems.values()))
        return back
    words = f"is {_in_words(parts)} again. {freed_words(released)}" if parts else "is mapped no longer, as before."
    messages.success(request, f"{sku} {words}")
    return back


def _context(request: HttpRequest, channel: Channel | None, sku: str, form: SkuForm) -> dict[str, Any]:
    context: dict[str, Any] = {
        "form": form,
        "channel": channel,
        "sku": sku,
        "may_edit": request.user.has_perm(EDIT_SKU_MAPS),
        "parts": [],
        "radius": None,
        "recent": None,
        "history": [],
        "undo_to": "",
        "suggestions": None,
        "suggest_address": "",
        "preview": False,
        "sides": [],
        "order": None,
        "remove_address": "",
    }
    if channel is None or not sku:
        return context
    parts = parts_of_sku(channel, sku)
    entries = list(map_history(channel, "sku", sku))
    return context | {
        "parts": parts,
        "radius": freed_by_holds(channel=channel, hold_ids=sku_holds(channel, [sku])),
        "recent": recent_lines(channel, sku),
        "history": [Past(entry, _parts(entry.after), is_present=_parts(entry.after) == parts) for entry in entries],
        "undo_to": _undo_words(entries, parts),
        "suggest_address": row_address("sku_map", channel.code, sku, suggest="1"),
        "remove_address": row_address("sku_map_remove", channel.code, sku),
    }


def _sides(preview: OrderPreview) -> list[Shown]:
    pairs: tuple[tuple[str, Sketch], ...] = (
        ("As it is mapped now", preview.now),
        ("With these items", preview.proposed),
    )
    return [
        Shown(title, json.dumps(side.payload, indent=2, ensure_ascii=False, default=str), side.problems)
        for title, side in pairs
    ]


def _components(one: Suggestion) -> str:
    return write_components([(one.item_number, one.units_per_offer)])


def _undo_words(entries: list[AuditEntry], parts: Parts) -> str:
    """What undoing the newest change would put back; empty when there is nothing to undo."""
    if not entries or _parts(entries[0].before) == parts:
        return ""
    return _in_words(_parts(entries[0].before)) or "no mapping"


def _parts(kept: dict[str, str] | None) -> Parts:
    """The items as the audit keeps them; what cannot be read any more is left out."""
    parts = []
    for item, units in sorted((kept or {}).items()):
        try:
            parts.append((item, Decimal(units)))
        except InvalidOperation:
            continue
    return parts


def _in_words(parts: Parts) -> str:
    return write_components(parts).replace("\n", ", ")
