"""Offers that the marketplaces have and no item stands behind."""

from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from core.permissions import VIEW_OPERATIONS, page
from core.web.keyset import Order
from core.web.listing import ListPage
from integration.queries.stock.unmapped_offers import unmapped_offers
from integration.web.stock.filters import UnmappedFilter
from integration.web.stock.tables import UnmappedTable

UNMAPPED: Final = ListPage(
    filterset=UnmappedFilter,
    table=UnmappedTable,
    orders={"read_at": Order("id")},  # numbered as they were first seen, and the number has the index
    default="-read_at",
    template="integration/stock/unmapped.html",
    filename="offers-without-item",
)


@page(VIEW_OPERATIONS)
@require_safe
def unmapped(request: HttpRequest) -> HttpResponseBase:
    """The list; each row leads to where its SKU is mapped."""
    return UNMAPPED.respond(request, unmapped_offers(), {"tab": "stock"})
