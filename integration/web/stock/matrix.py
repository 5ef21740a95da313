"""The page Stock: items by channels, narrowed by questions."""

from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.views.decorators.http import require_safe

from core.permissions import VIEW_OPERATIONS, page
from core.web.keyset import Order
from core.web.listing import ListPage, is_listing_request
from integration.queries.stock.stock_matrix import COUNTED, asked_now, listed_items, stock_channels, unmapped_now
from integration.web.stock.filters import QUESTIONS, ItemFilter
from integration.web.stock.tables import ItemTable

# What each question means, for those who ask.
MEANINGS: Final = {
    "oversell": (
        "The shop shows more than the rules allow now (a lower number waits, was refused, or did not land), "
        "or the last two free units are all on offer, with nothing kept back"
    ),
    "differs": "Read back after it settled, the marketplace shows another number than it was told",
    "refused": "The marketplace would not take the last number; its words stand on the item",
    "stale": "A facility's number is too old or was absent from its last reading",
    "zero_by_buffer": "There are free units, and a buffer, share, cap, pack or floor leaves none of them",
    "waiting": "A newer number is worked out and has not landed yet",
}
STOCK: Final = ListPage(
    filterset=ItemFilter,
    table=ItemTable,
    orders={"number": Order("number")},
    default="number",
    template="integration/stock/stock.html",
    filename="stock",
)


@dataclass(frozen=True)
class Asked:
    """A question with its meaning, and how many offers it is true of now."""

    name: str
    label: str
    meaning: str
    count: int
    address: str

    @property
    def count_text(self) -> str:
        """The number, or that there are more."""
        return f"{COUNTED}+" if self.count > COUNTED else str(self.count)


@page(VIEW_OPERATIONS)
@require_safe
def stock(request: HttpRequest) -> HttpResponseBase:
    """What is wrong now, then every item with the numbers its offers show."""
    context: dict[str, Any] = {}
    if not is_listing_request(request) and request.GET.get("format") != "csv":
        context = {
            "tab": "stock",
            "asked": _asked(request.GET.get("channel", "")),
            "has_channels": bool(stock_channels()),
            "unmapped": unmapped_now(),
        }
    return STOCK.respond(request, listed_items(), context)


def _asked(code: str) -> list[Asked]:
    channel = next(iter(stock_channels(code)), None) if code else None
    counts = asked_now(channel)
    narrowed = {"channel": channel.code} if channel is not None else {}
    return [
        Asked(
            name, label, MEANINGS[name], counts[name], f"{reverse('stock')}?{urlencode({'question': name, **narrowed})}"
        )
        for name, label in QUESTIONS
    ]
