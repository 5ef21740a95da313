"""The addresses of orders and shipments."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from core.permissions import VIEW_OPERATIONS, page


@page(VIEW_OPERATIONS)
def soon(request: HttpRequest, pk: int = 0) -> HttpResponse:
    return HttpResponse("soon")


urlpatterns = [path("connections/", soon, name="connections"), path("jobs/", soon, name="jobs")]
