"""One item: what there is of it, where it went, and why each of its offers shows the number it shows."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.clock import db_now
from core.permissions import EDIT_STOCK_RULES, VIEW_OPERATIONS, page
from integration.models import ChannelFacility, StockItem, StockLevel, StockMove, StockPushLine
from integration.queries.stock.item_history import history_of, moves_of
from integration.queries.stock.item_stock import (
    OfferOfItem,
    components_of,
    in_flight_of,
    items_by_number,
    kits_with,
    levels_of,
    offers_of,
    seen_by_channels,
)
from integration.queries.stock.stock_matrix import NOTHING
from integration.templatetags.stock import units
from integration.web.stock.chart import chart_of
from integration.web.stock.reasons import Reasons
from integration.web.stock.waterfalls import Row, change_words, rows_of, waterfall_of

NOT_YOUR_ROLE = "Your role does not change stock. Ecommerce does."


@dataclass(frozen=True)
class ChannelView:
    """How one channel sees one facility, in words."""

    channel: str
    is_eligible: bool
    words: str


@dataclass(frozen=True)
class LevelRow:
    """A facility's stock, and what each channel makes of it."""

    level: StockLevel
    views: list[ChannelView]


@dataclass(frozen=True)
class PartRow:
    """Another item of a kit or an offer, as a link where the item is known."""

    number: str
    units: Decimal
    address: str
    name: str = ""


@dataclass(frozen=True)
class Told:
    """One number that was told, with the way to it."""

    line: StockPushLine
    words: str


@dataclass(frozen=True)
class OfferView:
    """One offer with its waterfall, ready to be drawn."""

    offer: OfferOfItem
    rows: list[Row]
    parts: list[PartRow]
    told: list[Told]


@page(VIEW_OPERATIONS)
@require_safe
def stock_item(request: HttpRequest, pk: int) -> HttpResponse:
    """The item's page."""
    item = get_object_or_404(StockItem.objects.select_related("warehouse").defer("warehouse__password"), pk=pk)
    return render_item(request, item)


def render_item(request: HttpRequest, item: StockItem, *, status: int = 200, **more: Any) -> HttpResponse:
    """The page of an item; `more` is what a form that was refused has to say."""
    now = db_now()
    levels = levels_of(item)
    seen = seen_by_channels(levels)
    kits = kits_with(item)
    found = offers_of(item, kits)
    reasons = Reasons(item, found.offers, levels, seen, now)
    components = components_of(item)
    numbers = {number for offer in found.offers for number, _ in offer.parts} | {
        part.component_number for part in components
    }
    known = items_by_number(item, sorted(numbers - {item.number}))
    in_flight = in_flight_of(item, levels, kits)
    told = [level.atp for level in levels if level.atp is not None]
    atp = sum((max(NOTHING, number) for number in told), NOTHING) if told else None
    context: dict[str, Any] = {
        "tab": "stock",
        "item": item,
        "levels": [LevelRow(level, _views(level, seen, found.offers)) for level in levels],
        "atp": atp,
        "oldest": min((level.read_at for level in levels), default=None),
        "in_flight": in_flight,
        "in_flight_units": sum((row.units for row in in_flight), NOTHING),
        "components": [_part(part.component_number, part.quantity, known) for part in components],
        "offers": [_offer(offer, reasons, known) for offer in found.offers],
        "is_cut": found.is_cut,
        "chart": chart_of(history_of(item, atp, found.offers, now)),
        "moves": _moves(item, levels),
        "may_edit": request.user.has_perm(EDIT_STOCK_RULES),
        "not_your_role": NOT_YOUR_ROLE,
        "tags": ", ".join(item.tags),
        "tags_problem": "",
    }
    return render(request, "integration/stock/item.html", context | more, status=status)


def _views(
    level: StockLevel, seen: dict[tuple[int, int], ChannelFacility], offers: list[OfferOfItem]
) -> list[ChannelView]:
    channels = {offer.channel.pk: offer.channel for offer in offers}
    views = []
    for channel in channels.values():
        row = seen.get((channel.pk, level.facility_id))
        views.append(ChannelView(channel.name, row is None or row.is_eligible, row.words if row else ""))
    return views


def _part(number: str, quantity: Decimal, known: dict[str, StockItem]) -> PartRow:
    item = known.get(number)
    if item is None:
        return PartRow(number, quantity, "")
    return PartRow(number, quantity, reverse("stock_item", args=[item.pk]), item.name)


def _offer(offer: OfferOfItem, reasons: Reasons, known: dict[str, StockItem]) -> OfferView:
    waterfall = waterfall_of(offer.stock) if offer.stock is not None else None
    return OfferView(
        offer=offer,
        rows=rows_of(waterfall, reasons.of(offer)) if waterfall is not None else [],
        parts=[_part(number, quantity, known) for number, quantity in offer.parts],
        told=[Told(line, change_words(line)) for line in offer.lines],
    )


def _moves(item: StockItem, levels: list[StockLevel]) -> list[tuple[StockMove, str, datetime, str]]:
    names = {level.facility_id: level.facility.name for level in levels}
    return [(move, names.get(move.facility_id, "-"), move.at, _change(move)) for move in moves_of(item)]


def _change(move: StockMove) -> str:
    if move.before is None or move.after is None:
        return ""
    change = move.after - move.before
    if not change:
        return "0"
    return f"+{units(change)}" if change > 0 else f"\u2212{units(-change)}"
