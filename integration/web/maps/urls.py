"""The addresses of orders and shipments."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from core.permissions import VIEW_OPERATIONS, page


@page(VIEW_OPERATIONS)
def soon(request: HttpRequest, pk: int = 0) -> HttpResponse:
    return HttpResponse("soon")


urlpatterns = [path("sku-maps/", soon, name="sku_maps")]
