"""The addresses of stock. Each family of pages has its own lines; the tabs know the others by name."""

from django.urls import path

from integration.web.stock import (
    actions,
    facilities,
    facilities_channel,
    item,
    matrix,
    push_files,
    pushes,
    simulator,
    unmapped,
)
from integration.web.stock.rules import edit, file, lists

urlpatterns = [
    path("stock/", matrix.stock, name="stock"),
    path("stock/items/<int:pk>/", item.stock_item, name="stock_item"),
    path("stock/items/<int:pk>/tags/", actions.stock_item_tags, name="stock_item_tags"),
    path("stock/items/<int:pk>/read-again/", actions.stock_item_read_again, name="stock_item_read_again"),
    path("stock/items/<int:pk>/push-again/", actions.stock_item_push_again, name="stock_item_push_again"),
    path("stock/offers-without-item/", unmapped.unmapped, name="unmapped_offers"),
    path("stock/pushes/", pushes.pushes, name="pushes"),
    path("stock/pushes/<int:pk>/", pushes.push, name="push"),
    path("stock/pushes/<int:pk>/again/", actions.push_push_again, name="push_push_again"),
    path("stock/pushes/<int:pk>/file/", push_files.push_file, name="push_file"),
    path("stock/pushes/<int:pk>/refused/", push_files.push_refused, name="push_refused"),
    path("stock/buffers/", lists.buffers, name="buffers"),
    path("stock/buffers/new/", edit.buffer_new, name="buffer_new"),
    path("stock/buffers/file/", file.buffers_file, name="buffers_file"),
    path("stock/buffers/file/apply/", file.buffers_apply, name="buffers_apply"),
    path("stock/buffers/all.csv", lists.buffers_export, name="buffers_export"),
    path("stock/buffers/changes/", lists.buffer_changes, name="buffer_changes"),
    path("stock/buffers/changes/<int:pk>/undo/", lists.buffer_change_undo, name="buffer_change_undo"),
    path("stock/buffers/<int:pk>/", edit.buffer, name="buffer"),
    path("stock/buffers/<int:pk>/save/", edit.buffer_save, name="buffer_save"),
    path("stock/buffers/<int:pk>/remove/", edit.buffer_remove, name="buffer_remove"),
    path("stock/simulator/", simulator.simulator, name="simulator"),
    path("stock/facilities/", facilities.facilities, name="facilities"),
    path("stock/facilities/<int:pk>/", facilities.facility, name="facility"),
    path("stock/facilities/<int:pk>/save/", facilities.facility_save, name="facility_save"),
    path("stock/channels/<slug:code>/", facilities_channel.channel_stock, name="channel_stock"),
    path("stock/channels/<slug:code>/save/", facilities_channel.channel_stock_save, name="channel_stock_save"),
    path("stock/channels/<slug:code>/codes/", facilities_channel.channel_codes_save, name="channel_codes_save"),
]
