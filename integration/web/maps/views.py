"""The addresses of the maps of carriers and shipping methods; what they do is declared in shipping.py."""

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from core.permissions import EDIT_SHIPPING_MAPS, VIEW_OPERATIONS, page
from integration.web.maps.shipping import CARRIERS, METHODS, remove_row, save_row, show_list, show_row


@page(VIEW_OPERATIONS)
@require_safe
def maps(_request: HttpRequest) -> HttpResponse:
    """To the first of the two."""
    return redirect("carrier_maps")


@page(VIEW_OPERATIONS)
@require_safe
def carrier_maps(request: HttpRequest) -> HttpResponseBase:
    """The map of carriers."""
    return show_list(request, CARRIERS)


@page(VIEW_OPERATIONS)
@require_safe
def carrier_map(request: HttpRequest) -> HttpResponse:
    """One carrier word of the warehouse."""
    return show_row(request, CARRIERS)


@page(EDIT_SHIPPING_MAPS)
@require_POST
def carrier_map_save(request: HttpRequest) -> HttpResponse:
    """Map it."""
    return save_row(request, CARRIERS)


@page(EDIT_SHIPPING_MAPS)
@require_http_methods(["GET", "HEAD", "POST"])
def carrier_map_remove(request: HttpRequest) -> HttpResponse:
    """Take its mapping away."""
    return remove_row(request, CARRIERS)


@page(VIEW_OPERATIONS)
@require_safe
def shipping_method_maps(request: HttpRequest) -> HttpResponseBase:
    """The map of shipping methods."""
    return show_list(request, METHODS)


@page(VIEW_OPERATIONS)
@require_safe
def shipping_method_map(request: HttpRequest) -> HttpResponse:
    """One shipping type of a marketplace."""
    return show_row(request, METHODS)


@page(EDIT_SHIPPING_MAPS)
@require_POST
def shipping_method_map_save(request: HttpRequest) -> HttpResponse:
    """Map it."""
    return save_row(request, METHODS)


@page(EDIT_SHIPPING_MAPS)
@require_http_methods(["GET", "HEAD", "POST"])
def shipping_method_map_remove(request: HttpRequest) -> HttpResponse:
    """Take its mapping away."""
    return remove_row(request, METHODS)
