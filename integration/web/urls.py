"""The addresses of the lanes: orders, shipments, maps, connections, jobs."""

from django.urls import include, path

urlpatterns = [
    path("", include("integration.web.orders.urls")),
    path("", include("integration.web.stock.urls")),
    path("", include("integration.web.maps.urls")),
    path("", include("integration.web.connections.urls")),
]
