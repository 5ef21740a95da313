"""The addresses of the maps."""

from django.urls import path

from integration.web.maps import sku, sku_file, skus, views

urlpatterns = [
    path("sku-maps/", skus.sku_maps, name="sku_maps"),
    path("sku-maps/sku/", sku.sku_map, name="sku_map"),
    path("sku-maps/sku/row/", skus.sku_map_row, name="sku_map_row"),
    path("sku-maps/sku/preview/", sku.sku_map_preview, name="sku_map_preview"),
    path("sku-maps/sku/save/", sku.sku_map_save, name="sku_map_save"),
    path("sku-maps/sku/remove/", sku.sku_map_remove, name="sku_map_remove"),
    path("sku-maps/sku/undo/", sku.sku_map_undo, name="sku_map_undo"),
    path("sku-maps/import/", sku_file.sku_map_import, name="sku_map_import"),
    path("sku-maps/import/apply/", sku_file.sku_map_apply, name="sku_map_apply"),
    path("sku-maps/import/template/", sku_file.sku_map_template, name="sku_map_template"),
    path("maps/", views.maps, name="maps"),
    path("maps/carriers/", views.carrier_maps, name="carrier_maps"),
    path("maps/carriers/carrier/", views.carrier_map, name="carrier_map"),
    path("maps/carriers/carrier/save/", views.carrier_map_save, name="carrier_map_save"),
    path("maps/carriers/carrier/remove/", views.carrier_map_remove, name="carrier_map_remove"),
    path("maps/shipping-methods/", views.shipping_method_maps, name="shipping_method_maps"),
    path("maps/shipping-methods/method/", views.shipping_method_map, name="shipping_method_map"),
    path("maps/shipping-methods/method/save/", views.shipping_method_map_save, name="shipping_method_map_save"),
    path("maps/shipping-methods/method/remove/", views.shipping_method_map_remove, name="shipping_method_map_remove"),
]
