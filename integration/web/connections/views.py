"""Connections: how each does, what the last test found, its lanes; and to connect, change, test and pause it."""

from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.models import User
from core.permissions import MANAGE_CONNECTIONS, VIEW_OPERATIONS, page
from integration.domain.acceptance import AcceptancePolicy
from integration.errors import InvalidInputError
from integration.models import LANES, Channel, Facility, Warehouse
from integration.queries.connection_history import connection_history
from integration.services.check_channel import ProbeResult, check_channel
from integration.services.check_warehouse import check_warehouse
from integration.services.connect_deposco import connect_deposco
from integration.services.connect_mirakl import connect_mirakl
from integration.services.pause_connection import pause_connection
from integration.services.set_acceptance_policy import set_acceptance_policy
from integration.services.set_lanes import set_lanes
from integration.web.connections.cards import LANE_WORDS, cards_of
from integration.web.connections.forms import ConnectionForm, PolicyForm, ShopForm, WarehouseForm

SIDES: Final = ("shop", "warehouse")


@page(VIEW_OPERATIONS)
@require_safe
def connections(request: HttpRequest) -> HttpResponse:
    """A card per warehouse and per shop."""
    warehouses = Warehouse.objects.defer("password", "client_secret").order_by("name")
    shops = (
        Channel.objects.defer("api_key", "warehouse__password", "warehouse__client_secret")
        .select_related("warehouse")
        .order_by("name")
    )
    cards = cards_of([*warehouses, *shops])
    context = {
        "warehouses": [card for card in cards if not card.is_shop],
        "shops": [card for card in cards if card.is_shop],
        "may_manage": request.user.has_perm(MANAGE_CONNECTIONS),
    }
    return render(request, "integration/connections/connections.html", context)


@page(VIEW_OPERATIONS)
@require_safe
def connection_shop(request: HttpRequest, code: str) -> HttpResponse:
    """One shop."""
    return render(request, "integration/connections/shop.html", _context(request, "shop", _row("shop", code)))


@page(VIEW_OPERATIONS)
@require_safe
def connection_warehouse(request: HttpRequest, code: str) -> HttpResponse:
    """One warehouse."""
    row = _row("warehouse", code)
    return render(request, "integration/connections/warehouse.html", _context(request, "warehouse", row))


@page(MANAGE_CONNECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def connection_new(request: HttpRequest, side: str) -> HttpResponse:
    """Connect a shop or a warehouse: enter, and it is tested at once."""
    if side not in SIDES:
        raise Http404
    form = _form(side, request.POST if request.method == "POST" else None)
    if form.is_bound and form.is_valid() and (row := _save(form, side, _user(request))):
        _tell(request, row.name, _test(side, row.code, _user(request)))
        return redirect(f"connection_{side}", code=row.code)
    context = {"form": form, "side": side, "back": reverse("connections"), "known": None}
    return render(request, "integration/connections/form.html", context, status=422 if form.errors else 200)


@page(MANAGE_CONNECTIONS)
@require_http_methods(["GET", "HEAD", "POST"])
def connection_edit(request: HttpRequest, side: str, code: str) -> HttpResponse:
    """Change it; an empty key keeps the one that is stored."""
    known = _row(side, code)
    form = _form(side, request.POST if request.method == "POST" else None, known=known)
    if form.is_bound and form.is_valid() and (row := _save(form, side, _user(request))):
        messages.success(request, f"{row.name} is saved. Test it, so that what was found is up to date.")
        return redirect(f"connection_{side}", code=row.code)
    back = reverse(f"connection_{side}", args=[code])
    context = {"form": form, "side": side, "back": back, "known": known}
    return render(request, "integration/connections/form.html", context, status=422 if form.errors else 200)


@page(MANAGE_CONNECTIONS)
@require_POST
def connection_test(request: HttpRequest, side: str, code: str) -> HttpResponse:
    """Read what the far side says of itself; nothing is changed there."""
    row = _row(side, code)
    _tell(request, row.name, _test(side, code, _user(request)))
    return redirect(f"connection_{side}", code=code)


@page(MANAGE_CONNECTIONS)
@require_POST
def connection_pause(request: HttpRequest, side: str, code: str) -> HttpResponse:
    """Pause it, or let it go on (`paused` is 1 or 0)."""
    row = _row(side, code)
    paused = request.POST.get("paused") == "1"
    pause_connection(connection=row, paused=paused, by=_user(request))
    messages.success(
        request,
        f"{row.name} is paused: no call is made, and what waits for it stays where it is."
        if paused
        else f"{row.name} goes on from where it was paused.",
    )
    return redirect(f"connection_{side}", code=code)


@page(MANAGE_CONNECTIONS)
@require_POST
def connection_lane(request: HttpRequest, code: str) -> HttpResponse:
    """Switch one lane of a shop (`lane`, `on` is 1 or 0)."""
    channel = get_object_or_404(Channel.objects.defer("api_key"), code=code)
    lane, wanted = request.POST.get("lane", ""), request.POST.get("on") == "1"
    lanes = [name for name in channel.lanes if name != lane] + ([lane] if wanted else [])
    try:
        set_lanes(channel=channel, lanes=lanes, by=_user(request))
    except InvalidInputError as error:
        messages.error(request, " ".join(error.problems.values()))
    else:
        if lane in LANES:
            label, does, without = LANE_WORDS[lane]
            messages.success(request, f"{label} is {'on' if wanted else 'off'}. {does if wanted else without}")
    return redirect("connection_shop", code=code)


@page(MANAGE_CONNECTIONS)
@require_POST
def connection_policy(request: HttpRequest, code: str) -> HttpResponse:
    """Set how the channel answers new orders."""
    channel = get_object_or_404(Channel.objects.defer("api_key"), code=code)
    form = PolicyForm(request.POST)
    if form.is_valid():
        values = dict(form.cleaned_data)
        hours = values.pop("acceptance_hours")
        try:
            set_acceptance_policy(channel=channel, policy=values, acceptance_hours=hours, by=_user(request))
        except InvalidInputError as error:
            _add_problems(form, error)
        else:
            messages.success(request, "The policy is saved. It counts for orders that arrive from now on.")
            return redirect("connection_shop", code=code)
    context = _context(request, "shop", channel) | {"policy_form": form}
    return render(request, "integration/connections/shop.html", context, status=422)


def _row(side: str, code: str) -> Channel | Warehouse:
    if side == "shop":
        shops = Channel.objects.defer("api_key", "warehouse__password", "warehouse__client_secret").select_related(
            "warehouse"
        )
        return get_object_or_404(shops, code=code)
    if side != "warehouse":
        raise Http404
    return get_object_or_404(Warehouse.objects.defer("password", "client_secret"), code=code)


def _form(side: str, data: Any, *, known: Channel | Warehouse | None = None) -> ConnectionForm:
    if side == "shop":
        return ShopForm(data, known=known, initial=_shop_values(known) if isinstance(known, Channel) else {})
    values = _warehouse_values(known) if isinstance(known, Warehouse) else {}
    return WarehouseForm(data, known=known, initial=values)


def _shop_values(row: Channel) -> dict[str, Any]:
    warehouse = row.warehouse.code if row.warehouse else None
    names = ("name", "url", "shop_id", "poll_seconds")
    return {name: getattr(row, name) for name in names} | {"warehouse": warehouse}


def _warehouse_values(row: Warehouse) -> dict[str, Any]:
    names = ("name", "url", "tenant_code", "business_unit", "username", "client_id", "api")
    rate = (row.profile.get("transport") or {}).get("rate_per_second")
    return {name: getattr(row, name) for name in names} | {"rate_per_second": rate}


def _save(form: ConnectionForm, side: str, by: User) -> Channel | Warehouse | None:
    """Store what the form says; None when the service found something wrong, which then stands on the form."""
    data = form.cleaned_data
    code = form.known.code if form.known else data["code"]
    try:
        if side == "shop":
            lanes = form.known.lanes if isinstance(form.known, Channel) else []
            values = {name: value for name, value in data.items() if name != "code"}
            return connect_mirakl(code=code, lanes=lanes, by=by, **values)
        return connect_deposco(code=code, by=by, **{name: value for name, value in data.items() if name != "code"})
    except InvalidInputError as error:
        _add_problems(form, error)
        return None


def _test(side: str, code: str, by: User) -> ProbeResult:
    # Read anew, key included: a test is the one place of these pages that needs it.
    if side == "shop":
        return check_channel(channel=Channel.objects.select_related("warehouse").get(code=code), by=by)
    return check_warehouse(warehouse=Warehouse.objects.get(code=code), by=by)


def _tell(request: HttpRequest, name: str, result: ProbeResult) -> None:
    if result.ok:
        messages.success(request, f"{name} answers: {result.summary}.")
        return
    messages.error(request, f"{name}: {' '.join(result.problems) or result.summary}")


def _context(request: HttpRequest, side: str, row: Channel | Warehouse) -> dict[str, Any]:
    context: dict[str, Any] = {
        "card": cards_of([row])[0],
        "side": side,
        "row": row,
        "found": row.found,
        "history": connection_history(row),
        "may_manage": request.user.has_perm(MANAGE_CONNECTIONS),
    }
    if isinstance(row, Channel):
        policy = AcceptancePolicy.model_validate(row.acceptance_policy)
        initial = policy.model_dump() | {"acceptance_hours": row.acceptance_hours}
        return context | {"policy": policy, "policy_form": PolicyForm(initial=initial)}
    return context | {
        "facilities": list(Facility.objects.filter(warehouse=row).order_by("number")),
        "shops": list(row.channels.defer("api_key").order_by("name")),
    }


def _add_problems(form: ConnectionForm | PolicyForm, error: InvalidInputError) -> None:
    for name, problem in error.problems.items():
        form.add_error(name if name in form.fields else None, problem)


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
