"""The addresses of orders, parcels and the search."""

from django.urls import path

from integration.web.orders import views

urlpatterns = [
    path("orders/", views.orders, name="orders"),
    path("orders/<int:pk>/", views.passport, name="order"),
    path("orders/<int:pk>/retry/<int:hold_pk>/", views.retry, name="order_retry"),
    path("shipments/", views.shipments, name="shipments"),
    path("search/", views.search, name="search"),
]
