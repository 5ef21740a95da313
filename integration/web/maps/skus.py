"""The SKU map: what each offer SKU is in the warehouse, which ones hold orders, who said so, and back."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect

from core.models import AuditEntry
from core.permissions import EDIT_SKU_MAPS, VIEW_OPERATIONS, page
from core.web.keyset import Order
from core.web.listing import ListPage, is_listing_request
from integration.domain.components import parse_components, write_components
from integration.errors import InvalidInputError
from integration.models import Channel
from integration.queries.freed_by_skus import freed_by_skus
from integration.queries.held_causes import SHOWN, held_causes
from integration.queries.sku_coverage import NEWEST, sku_coverage
from integration.queries.sku_map import Parts, map_history, mapped_skus, parts_of_sku, recent_lines, waiting_orders
from integration.services.map_sku import SKU_HOLDS, map_sku
from integration.services.unmap_sku import unmap_sku
from integration.web.maps.addresses import row_address
from integration.web.maps.filters import SkuMapFilter
from integration.web.maps.forms import SkuForm
from integration.web.maps.tables import SkuMapTable
from integration.web.maps.words import add_problems, freed_words, user_of

SKU_MAPS: Final = ListPage(
    filterset=SkuMapFilter,
    table=SkuMapTable,
    orders={"offer_sku": Order("offer_sku"), "updated_at": Order("updated_at")},
    default="offer_sku",
    template="integration/maps/sku_maps.html",
    filename="sku-map",
)


@dataclass(frozen=True)
class Past:
    """One entry of an SKU's history: what it was after it, and whether that may be put back."""

    entry: AuditEntry
    parts: Parts
    is_present: bool

    @property
    def words(self) -> str:
        """The items, or that there were none."""
        return write_components(self.parts).replace("\n", ", ") or "taken away"


@page(VIEW_OPERATIONS)
@require_safe
def sku_maps(request: HttpRequest) -> HttpResponseBase:
    """What holds orders first, then how much is covered, then the map itself."""
    return SKU_MAPS.respond(request, mapped_skus(), {} if is_listing_request(request) else _overview(request))


@page(VIEW_OPERATIONS)
@require_safe
def sku_map(request: HttpRequest) -> HttpResponse:
    """One SKU: its items, what mapping it frees, its history. Without an SKU, the form for one."""
    channel, sku = _asked_for(request)
    parts = parts_of_sku(channel, sku) if channel and sku else []
    form = SkuForm(
        initial={"channel": channel.code if channel else None, "key": sku, "components": write_components(parts)},
        is_known=bool(channel and sku),
    )
    return render(request, "integration/maps/sku_map.html", _context(request, channel, sku, form))


@page(EDIT_SKU_MAPS)
@require_safe
def sku_map_row(request: HttpRequest) -> HttpResponse:
    """The form of one SKU in place of its row."""
    channel, sku = _asked_for(request)
    if channel is None:
        raise Http404
    form = SkuForm(
        initial={"channel": channel.code, "key": sku, "components": write_components(parts_of_sku(channel, sku))},
        is_known=True,
        auto_id="row-%s",
    )
    return render(request, "integration/maps/sku_row_form.html", {"form": form, "channel": channel, "sku": sku})


@page(EDIT_SKU_MAPS)
@require_POST
def sku_map_save(request: HttpRequest) -> HttpResponse:
    """Map the SKU, and say what that freed."""
    in_row = bool(getattr(request, "htmx", None))
    channel, sku = _asked_for(request)
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
            return HttpResponseClientRedirect(_list_address(request)) if in_row else redirect("sku_maps")
    if in_row:
        context = {"form": form, "channel": channel, "sku": sku}
        return render(request, "integration/maps/sku_row_form.html", context, status=422)
    return render(request, "integration/maps/sku_map.html", _context(request, channel, sku, form), status=422)


@page(EDIT_SKU_MAPS)
@require_http_methods(["GET", "HEAD", "POST"])
def sku_map_remove(request: HttpRequest) -> HttpResponse:
    """Take the mapping away, after its consequence was named."""
    channel, sku = _asked_for(request)
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
        "waiting": waiting_orders(channel, sku),
        "back": row_address("sku_map", channel.code, sku),
    }
    return render(request, "integration/maps/sku_remove.html", context)


@page(EDIT_SKU_MAPS)
@require_POST
def sku_map_undo(request: HttpRequest) -> HttpResponse:
    """Put a former mapping back: that before (`side=before`) or after the entry."""
    channel, sku = _asked_for(request)
    if channel is None or not request.POST.get("entry", "").isdecimal():
        raise Http404
    entry = get_object_or_404(
        AuditEntry, pk=request.POST["entry"], subject_type="channel", subject_id=_subject(channel, sku)
    )
    parts = _parts(entry.before if request.POST.get("side") == "before" else entry.after)
    if parts:
        released = map_sku(channel=channel, offer_sku=sku, components=parts, by=user_of(request))
        words = write_components(parts).replace("\n", ", ")
        messages.success(request, f"{sku} is {words} again. {freed_words(released)}")
    else:
        unmap_sku(channel=channel, offer_sku=sku, by=user_of(request))
        messages.success(request, f"{sku} is mapped no longer, as before.")
    return redirect(row_address("sku_map", channel.code, sku))


def _overview(request: HttpRequest) -> dict[str, Any]:
    causes = held_causes(SKU_HOLDS)
    chosen = request.GET.get("channel", "")
    shown = [cause for cause in causes if chosen in ("", cause.channel.code)]
    return {
        "tab": "skus",
        "held": [(cause, row_address("sku_map", cause.channel.code, cause.cause_key)) for cause in shown[:SHOWN]],
        "held_count": len(shown),
        "coverage": sku_coverage(causes),
        "newest": NEWEST,
        "may_edit": request.user.has_perm(EDIT_SKU_MAPS),
    }


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
    }
    if channel is None or not sku:
        return context
    parts = parts_of_sku(channel, sku)
    entries = list(map_history(channel, "sku", sku))
    return context | {
        "parts": parts,
        "radius": freed_by_skus(channel=channel, kinds=SKU_HOLDS, offer_skus=[sku]),
        "recent": recent_lines(channel, sku),
        "history": [Past(entry, _parts(entry.after), is_present=_parts(entry.after) == parts) for entry in entries],
        "undo_to": _undo_words(entries, parts),
        "remove_address": row_address("sku_map_remove", channel.code, sku),
    }


def _undo_words(entries: list[AuditEntry], parts: Parts) -> str:
    """What undoing the newest change would put back; empty when there is nothing to undo."""
    if not entries:
        return ""
    former = _parts(entries[0].before)
    if former == parts:
        return ""
    return write_components(former).replace("\n", ", ") or "no mapping"


def _parts(kept: dict[str, str] | None) -> Parts:
    """The items as the audit keeps them; what cannot be read any more is left out."""
    parts = []
    for item, units in sorted((kept or {}).items()):
        try:
            parts.append((item, Decimal(units)))
        except InvalidOperation:
            continue
    return parts


def _asked_for(request: HttpRequest) -> tuple[Channel | None, str]:
    asked = request.POST if request.method == "POST" else request.GET
    channel = Channel.objects.defer("api_key").filter(code=asked.get("channel", "")).first()
    return channel, asked.get("key", "").strip()


def _subject(channel: Channel, sku: str) -> str:
    return f"{channel.code} sku:{sku}"[:250]


def _list_address(request: HttpRequest) -> str:
    """The list as the reader had it; htmx tells its address, and only one of this site is believed."""
    current = getattr(request, "htmx", None)
    address: str | None = current.current_url_abs_path if current else None
    return address if address and address.startswith(reverse("sku_maps")) else reverse("sku_maps")
