"""The SKU map as a list: how much is covered, which SKUs hold orders, and what each SKU is."""

from typing import Any, Final

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from core.permissions import EDIT_SKU_MAPS, VIEW_OPERATIONS, page
from core.web.keyset import Order
from core.web.listing import ListPage, is_listing_request
from integration.domain.components import write_components
from integration.queries.held_causes import SHOWN, held_causes
from integration.queries.sku_coverage import NEWEST, sku_coverage
from integration.queries.sku_map import mapped_skus, parts_of_sku
from integration.services.map_sku import SKU_HOLDS
from integration.web.maps.addresses import asked_for, list_address, row_address
from integration.web.maps.filters import SkuMapFilter
from integration.web.maps.forms import SkuForm
from integration.web.maps.tables import SkuMapTable

SKU_MAPS: Final = ListPage(
    filterset=SkuMapFilter,
    table=SkuMapTable,
    orders={"offer_sku": Order("offer_sku"), "updated_at": Order("updated_at")},
    default="offer_sku",
    template="integration/maps/sku_maps.html",
    filename="sku-map",
)


@page(VIEW_OPERATIONS)
@require_safe
def sku_maps(request: HttpRequest) -> HttpResponseBase:
    """How much is covered, then what holds orders, then the map itself."""
    return SKU_MAPS.respond(request, mapped_skus(), {} if is_listing_request(request) else _overview(request))


@page(EDIT_SKU_MAPS)
@require_safe
def sku_map_row(request: HttpRequest) -> HttpResponse:
    """The form of one SKU in place of its row."""
    channel, sku = asked_for(request)
    if channel is None:
        raise Http404
    form = SkuForm(
        initial={"channel": channel.code, "key": sku, "components": write_components(parts_of_sku(channel, sku))},
        is_known=True,
        auto_id="row-%s",
    )
    context = {"form": form, "channel": channel, "sku": sku, "back": list_address(request)}
    return render(request, "integration/maps/sku_row_form.html", context)


def _overview(request: HttpRequest) -> dict[str, Any]:
    causes = held_causes(SKU_HOLDS)
    chosen = request.GET.get("channel", "")
    shown = [cause for cause in causes if chosen in ("", cause.channel.code)]
    return {
        "tab": "skus",
        "held": [(cause, row_address("sku_map", cause.channel.code, cause.cause_key)) for cause in shown[:SHOWN]],
        "held_count": len(shown),
        "held_title": "SKU holds orders now" if len(shown) == 1 else "SKUs hold orders now",
        "coverage": sku_coverage(causes),
        "newest": NEWEST,
        "may_edit": request.user.has_perm(EDIT_SKU_MAPS),
    }
