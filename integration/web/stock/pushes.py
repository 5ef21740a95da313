"""The files of numbers: all of them, and one with its lines."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from core.permissions import EDIT_STOCK_RULES, VIEW_OPERATIONS, page
from core.web.keyset import Order
from core.web.listing import ListPage
from integration.models import StockPush
from integration.queries.stock.push_list import lines_of_push, listed_pushes, push_took
from integration.web.stock.filters import PushFilter, PushLineFilter
from integration.web.stock.item import NOT_YOUR_ROLE
from integration.web.stock.push_tables import PushLineTable, PushTable

PUSHES: Final = ListPage(
    filterset=PushFilter,
    table=PushTable,
    orders={"created_at": Order("created_at")},
    default="-created_at",
    template="integration/stock/pushes.html",
    filename="pushes",
)
LINES: Final = ListPage(
    filterset=PushLineFilter,
    table=PushLineTable,
    orders={"id": Order("id")},
    default="id",
    template="integration/stock/push.html",
    filename="push-lines",
)
# What follows from each state, and what a person can do.
NEXT: Final = {
    "planned": "It goes out as soon as the shop takes a file again; if that takes long, newer numbers take its place.",
    "processing": "The marketplace works on it, and is asked again and again how far it is. No other file goes out meanwhile.",
    "done": "Every number of it landed.",
    "failed": (
        "Nothing of it landed, and the numbers before it stand. Its numbers go again with the next file. "
        "If files keep failing, look at the shop's connection."
    ),
    "given_up": (
        "It was sent, and what became of it is not known. Newer numbers took its place; "
        "numbers that did not land are found when the offers are read back."
    ),
}
REFUSED: Final = (
    "The refused numbers are told again after a while, less and less often. Mostly the offer is not listed there, or the "
    "SKU is written differently: read Mirakl's words, then correct the SKU map or list the offer."
)


@dataclass(frozen=True)
class Moment:
    """One step of a file's way."""

    words: str
    at: datetime | None
    tone: str = ""


@page(VIEW_OPERATIONS)
@require_safe
def pushes(request: HttpRequest) -> HttpResponseBase:
    """Every file, the newest first."""
    return PUSHES.respond(request, listed_pushes(), {"tab": "pushes"})


@page(VIEW_OPERATIONS)
@require_safe
def push(request: HttpRequest, pk: int) -> HttpResponseBase:
    """One file: its way, its counts, what it needs, and its lines."""
    row = get_object_or_404(listed_pushes(), pk=pk)
    is_done = row.state == StockPush.State.DONE
    context = {
        "tab": "pushes",
        "push": row,
        "took": push_took(row),
        "way": _way(row),
        "next_words": REFUSED if is_done and row.refused else NEXT[row.state],
        "may_edit": request.user.has_perm(EDIT_STOCK_RULES),
        "not_your_role": NOT_YOUR_ROLE,
        "needs_somebody": row.state in ("failed", "given_up") or row.refused > 0,
    }
    return LINES.respond(request, lines_of_push(row), context)


def _way(row: StockPush) -> list[Moment]:
    way = [Moment(f"Made, with {row.lines:,} numbers, {row.drops:,} of them lower than before", row.created_at)]
    if row.sent_at is not None:
        import_words = f", as import {row.import_id}" if row.import_id else ""
        often = f" {row.sends} times" if row.sends > 1 else ""
        way.append(Moment(f"Sent{often}{import_words}", row.sent_at))
    if row.finished_at is None and row.polled_at is not None:
        way.append(Moment(f"Asked for, and still {row.mirakl_status or 'at work'}", row.polled_at))
    if row.finished_at is not None:
        words = {
            StockPush.State.DONE: f"Done: {row.landed:,} landed, {row.refused:,} refused",
            StockPush.State.FAILED: "Failed: nothing landed",
        }.get(StockPush.State(row.state), "Given up: nobody knows what landed")
        is_well = row.state == StockPush.State.DONE and not row.refused
        way.append(Moment(words, row.finished_at, "good" if is_well else "critical"))
    return way
