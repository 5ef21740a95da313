"""The maps of carriers and shipping methods: two maps of one make, each declared once below."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render

from core.models import User
from core.permissions import EDIT_SHIPPING_MAPS
from core.web.keyset import Order
from core.web.listing import ListPage, is_listing_request
from integration.errors import InvalidInputError
from integration.models import CarrierMapping, Channel, ShippingMethodMapping
from integration.models.maps import MapRow
from integration.queries.blast_radius import blast_radius
from integration.queries.held_causes import SHOWN, held_causes
from integration.queries.sku_map import map_history
from integration.services.map_carrier import map_carrier
from integration.services.map_shipping_method import map_shipping_method
from integration.services.release_holds import Released
from integration.services.unmap_carrier import unmap_carrier
from integration.services.unmap_shipping_method import unmap_shipping_method
from integration.web.maps.addresses import asked_for, row_address
from integration.web.maps.filters import CarrierMapFilter, ShippingMethodFilter
from integration.web.maps.forms import CarrierForm, MapForm, ShippingMethodForm
from integration.web.maps.tables import CarrierMapTable, ShippingMethodTable
from integration.web.maps.words import add_problems, freed_words, user_of

LIST_TEMPLATE: Final = "integration/maps/shipping_maps.html"


@dataclass(frozen=True)
class ShippingMap:
    """One map: its rows, its words, its form, the two calls that change it, and the cause that waits for it."""

    tab: str
    title: str
    meaning: str
    noun: str
    hold: str
    audit_sort: str
    key_field: str
    list_name: str
    page_name: str
    model: type[MapRow]
    form: Callable[..., MapForm]
    fields: tuple[str, ...]
    listing: ListPage
    save: Callable[[Channel, str, Mapping[str, Any], User], Released]
    remove: Callable[[Channel, str, User], bool]
    removed_means: str

    def rows(self) -> QuerySet[Any]:
        """All rows, with what a list shows of them."""
        return self.model._default_manager.select_related("channel", "updated_by").defer("channel__api_key")

    def row(self, channel: Channel, key: str) -> MapRow | None:
        """The row of one key, if there is one."""
        found: MapRow | None = self.rows().filter(channel=channel, **{self.key_field: key}).first()
        return found

    def address(self, page: str, channel: Channel, key: str) -> str:
        """A page of one key."""
        return row_address(page, channel.code, key)


def _save_carrier(channel: Channel, key: str, data: Mapping[str, Any], by: User) -> Released:
    return map_carrier(
        channel=channel,
        wms_carrier=key,
        carrier_code=data["carrier_code"],
        carrier_name=data["carrier_name"],
        tracking_url=data["tracking_url"],
        by=by,
    )


def _save_method(channel: Channel, key: str, data: Mapping[str, Any], by: User) -> Released:
    return map_shipping_method(
        channel=channel, shipping_type_code=key, ship_via=data["ship_via"], ship_vendor=data["ship_vendor"], by=by
    )


CARRIERS: Final = ShippingMap(
    tab="carriers",
    title="Carriers",
    meaning="Which carrier of a marketplace a carrier of the warehouse is. A parcel whose carrier is on no list waits.",
    noun="carrier",
    hold="shipment.carrier_unmapped",
    audit_sort="carrier",
    key_field="wms_carrier",
    list_name="carrier_maps",
    page_name="carrier_map",
    model=CarrierMapping,
    form=CarrierForm,
    fields=("carrier_code", "carrier_name", "tracking_url"),
    listing=ListPage(
        filterset=CarrierMapFilter,
        table=CarrierMapTable,
        orders={"wms_carrier": Order("wms_carrier"), "updated_at": Order("updated_at")},
        default="wms_carrier",
        template=LIST_TEMPLATE,
        filename="carrier-map",
    ),
    save=_save_carrier,
    remove=lambda channel, key, by: unmap_carrier(channel=channel, wms_carrier=key, by=by),
    removed_means="Later parcels with it are confirmed only if the marketplace lists a carrier of the same name.",
)
METHODS: Final = ShippingMap(
    tab="methods",
    title="Shipping methods",
    meaning="Which ship-via of the warehouse a shipping type of a marketplace is. An order with any other waits.",
    noun="shipping type",
    hold="order.shipping_method_unmapped",
    audit_sort="shipping_type",
    key_field="shipping_type_code",
    list_name="shipping_method_maps",
    page_name="shipping_method_map",
    model=ShippingMethodMapping,
    form=ShippingMethodForm,
    fields=("ship_via", "ship_vendor"),
    listing=ListPage(
        filterset=ShippingMethodFilter,
        table=ShippingMethodTable,
        orders={"shipping_type_code": Order("shipping_type_code"), "updated_at": Order("updated_at")},
        default="shipping_type_code",
        template=LIST_TEMPLATE,
        filename="shipping-method-map",
    ),
    save=_save_method,
    remove=lambda channel, key, by: unmap_shipping_method(channel=channel, shipping_type_code=key, by=by),
    removed_means="Later orders with it are held until it is mapped again.",
)


def show_list(request: HttpRequest, kind: ShippingMap) -> HttpResponseBase:
    """What holds orders first, then the map."""
    context: dict[str, Any] = {}
    if not is_listing_request(request):
        chosen = request.GET.get("channel", "")
        causes = [cause for cause in held_causes([kind.hold]) if chosen in ("", cause.channel.code)]
        context = {
            "kind": kind,
            "tab": kind.tab,
            "held": [(cause, kind.address(kind.page_name, cause.channel, cause.cause_key)) for cause in causes[:SHOWN]],
            "held_count": len(causes),
            "held_title": f"{kind.noun.capitalize()}{'s' if len(causes) != 1 else ''} hold orders now",
            "may_edit": request.user.has_perm(EDIT_SHIPPING_MAPS),
        }
    return kind.listing.respond(request, kind.rows(), context)


def show_row(request: HttpRequest, kind: ShippingMap) -> HttpResponse:
    """One row: its form, what it frees, its history."""
    channel, key = asked_for(request)
    row = kind.row(channel, key) if channel else None
    initial = {"channel": channel.code if channel else None, "key": key}
    initial |= {name: getattr(row, name) for name in kind.fields} if row else {}
    form = _form(kind, None, channel, is_known=bool(channel and key), initial=initial)
    return render(request, "integration/maps/shipping_map.html", _context(request, kind, channel, key, form))


def save_row(request: HttpRequest, kind: ShippingMap) -> HttpResponse:
    """Set the row, and say what that freed."""
    channel, key = asked_for(request)
    form = _form(kind, request.POST, channel, is_known=bool(channel and key), initial={})
    if form.is_valid():
        channel, key = form.cleaned_data["channel"], form.cleaned_data["key"]
        assert channel is not None
        try:
            released = kind.save(channel, key, form.cleaned_data, user_of(request))
        except InvalidInputError as error:
            error.problems = {("key" if name == kind.key_field else name): it for name, it in error.problems.items()}
            add_problems(form, error, otherwise=None)
        else:
            messages.success(request, f"{key} is mapped on {channel.name}. {freed_words(released)}")
            return redirect(kind.list_name)
    return render(
        request, "integration/maps/shipping_map.html", _context(request, kind, channel, key, form), status=422
    )


def remove_row(request: HttpRequest, kind: ShippingMap) -> HttpResponse:
    """Take the row away, after its consequence was named."""
    channel, key = asked_for(request)
    row = kind.row(channel, key) if channel else None
    if request.method == "POST" and channel is not None:
        removed = kind.remove(channel, key, user_of(request))
        messages.success(request, f"{key} {'is mapped no longer' if removed else 'was not mapped'}.")
        return redirect(kind.list_name)
    if channel is None or row is None:
        raise Http404
    back = kind.address(kind.page_name, channel, key)
    context = {"kind": kind, "channel": channel, "key": key, "row": row, "back": back}
    return render(request, "integration/maps/shipping_remove.html", context)


def _form(kind: ShippingMap, data: Any, channel: Channel | None, *, is_known: bool, initial: dict[str, Any]) -> MapForm:
    more = {"for_channel": channel} if kind.form is CarrierForm else {}
    return kind.form(data, is_known=is_known, initial=initial, **more)


def _context(
    request: HttpRequest, kind: ShippingMap, channel: Channel | None, key: str, form: forms.Form
) -> dict[str, Any]:
    row = kind.row(channel, key) if channel and key else None
    context = {
        "kind": kind,
        "form": form,
        "channel": channel,
        "key": key,
        "row": row,
        "may_edit": request.user.has_perm(EDIT_SHIPPING_MAPS),
        "radius": None,
        "history": [],
        "remove_address": "",
    }
    if channel is None or not key:
        return context
    entries = map_history(channel, kind.audit_sort, key)
    return context | {
        "radius": blast_radius(channel=channel, kind=kind.hold, cause_key=key),
        "history": [(entry, ", ".join(str(v) for v in (entry.after or {}).values() if v)) for entry in entries],
        "remove_address": kind.address(f"{kind.page_name}_remove", channel, key),
    }
