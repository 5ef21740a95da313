"""The pages of orders: the list, the passport, the parcels, and the search over all of them."""

from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from core.clock import db_now
from core.models import User
from core.permissions import FIX_ORDERS, VIEW_BUYERS, VIEW_MONEY, VIEW_OPERATIONS, page
from core.web.keyset import Order as Sort
from core.web.listing import ListPage
from integration.errors import InvalidInputError
from integration.models import Hold, Order
from integration.queries.find_orders import SEARCHED, Found, find_orders
from integration.queries.listed_orders import listed_orders, listed_parcels
from integration.queries.order_passport import (
    commission_of,
    lines_of,
    open_holds_of,
    parcels_of,
    ship_to_of,
    stages_of,
)
from integration.queries.order_timeline import LANES, message_versions_of, timeline_of
from integration.services.retry_hold import retry_hold
from integration.web.orders.actions import actions_of, held_by
from integration.web.orders.draft import draft_of, why_no_draft
from integration.web.orders.filters import LONGEST, OrderFilter, ParcelFilter
from integration.web.orders.tables import OrderTable, ParcelTable

ORDERS: Final = ListPage(
    filterset=OrderFilter,
    table=OrderTable,
    orders={
        "ordered_at": Sort("ordered_at"),
        "shipping_deadline_at": Sort("shipping_deadline_at", nullable=True),
        "total_price": Sort("total_price"),
        "stage_since": Sort("stage_since"),
    },
    default="-ordered_at",
    template="integration/orders/orders.html",
    filename="orders",
)
SHIPMENTS: Final = ListPage(
    filterset=ParcelFilter,
    table=ParcelTable,
    orders={"shipped_at": Sort("shipped_at")},
    default="-shipped_at",
    template="integration/orders/shipments.html",
    filename="shipments",
)


@page(VIEW_OPERATIONS)
@require_safe
def orders(request: HttpRequest) -> HttpResponseBase:
    """Every order, the newest first."""
    return ORDERS.respond(request, listed_orders())


@page(VIEW_OPERATIONS)
@require_safe
def shipments(request: HttpRequest) -> HttpResponseBase:
    """Every parcel that left, the newest first."""
    return SHIPMENTS.respond(request, listed_parcels())


@page(VIEW_OPERATIONS)
@require_safe
def passport(request: HttpRequest, pk: int) -> HttpResponse:
    """One order: where it is, why, and everything that happened to it."""
    order = get_object_or_404(Order.objects.select_related("channel__warehouse"), pk=pk)
    lane = request.GET.get("lane", "")
    lane = lane if lane in LANES else ""
    holds = open_holds_of(order)
    held = held_by(order, holds)
    wants_draft = request.GET.get("draft") == "yes" and not why_no_draft(order)
    sees_buyers, sees_money = request.user.has_perm(VIEW_BUYERS), request.user.has_perm(VIEW_MONEY)
    context: dict[str, Any] = {
        "order": order,
        "held": held,
        "actions": actions_of(order, held, may_fix=request.user.has_perm(FIX_ORDERS)),
        "draft": draft_of(order, sees_buyers=sees_buyers) if wants_draft else None,
        "steps": stages_of(order, db_now()),
        "lines": lines_of(order, holds),
        "parcels": parcels_of(order),
        "sees_buyers": sees_buyers,
        "ship_to": ship_to_of(order) if sees_buyers else [],
        "sees_money": sees_money,
        "commission": commission_of(order) if sees_money else None,
        "lanes": LANES,
        "lane": lane,
        "timeline": timeline_of(order, lane=lane),
        "versions": message_versions_of(order),
    }
    return render(request, "integration/orders/passport.html", context)


@page(FIX_ORDERS)
@require_POST
def retry(request: HttpRequest, pk: int, hold_pk: int) -> HttpResponse:
    """Try again what the other side refused, from the step where it was held."""
    hold = get_object_or_404(Hold, pk=hold_pk, order=pk)
    assert isinstance(request.user, User)
    try:
        retry_hold(hold=hold, by=request.user)
    except InvalidInputError as error:
        messages.error(request, " ".join(error.problems.values()))
    else:
        messages.success(request, "It is tried again from the step where it was held.")
    return redirect("order", pk=pk)


@page(VIEW_OPERATIONS)
@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """Any number that stands on a label or a screen. One order: its passport at once."""
    text = request.GET.get("q", "").strip()
    is_longer_than_any = len(text) > LONGEST
    found = Found([]) if is_longer_than_any else find_orders(text.replace("\x00", ""))
    if found.only is not None:
        return redirect("order", pk=found.only.pk)
    context = {"search_text": text[:LONGEST], "groups": found.groups, "searched": SEARCHED}
    return render(request, "integration/orders/search.html", context)
