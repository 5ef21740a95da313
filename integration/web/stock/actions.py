"""What a person does to an item: give it tags, have it read again, have numbers told again."""

import re
from typing import Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from core.permissions import EDIT_STOCK_RULES, page
from integration.errors import InvalidInputError
from integration.models import OfferStock, StockItem
from integration.queries.stock.push_list import listed_pushes
from integration.services.stock.ask_for_reading import ask_for_reading
from integration.services.stock.push_again import push_again
from integration.services.stock.set_tags import set_tags
from integration.web.maps.words import user_of
from integration.web.stock.item import render_item

# A row's key: a number that the database takes.
ROW: Final = re.compile(r"[0-9]{1,18}")


@page(EDIT_STOCK_RULES)
@require_POST
def stock_item_tags(request: HttpRequest, pk: int) -> HttpResponse:
    """Replace the item's tags, which are written with commas between them."""
    item = get_object_or_404(StockItem, pk=pk)
    text = request.POST.get("tags", "")
    try:
        tags = set_tags(item=item, tags=text.replace("\x00", "").split(","), by=user_of(request))
    except InvalidInputError as error:
        problem = " ".join(error.problems.values())
        return render_item(request, item, status=422, tags=text, tags_problem=problem)
    words = f"Tags of {item.number}: {', '.join(tags)}." if tags else f"{item.number} has no tags."
    messages.success(request, f"{words} Its numbers are worked out anew within seconds.")
    return redirect("stock_item", pk=pk)


@page(EDIT_STOCK_RULES)
@require_POST
def stock_item_read_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask the warehouse for the item's stock now."""
    item = get_object_or_404(StockItem, pk=pk)
    ask_for_reading(item=item, by=user_of(request))
    messages.success(request, "The warehouse is asked for its stock now. The answer is here within a minute.")
    return redirect("stock_item", pk=pk)


@page(EDIT_STOCK_RULES)
@require_POST
def stock_item_push_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell one offer's number to the marketplace again, though it is the same."""
    item = get_object_or_404(StockItem, pk=pk)
    offer_id = request.POST.get("offer", "")
    rows = OfferStock.objects.select_related("channel").defer("channel__api_key")
    offer = get_object_or_404(rows, pk=int(offer_id) if ROW.fullmatch(offer_id) else 0)
    if push_again(channel=offer.channel, offer_skus=[offer.offer_sku], by=user_of(request)):
        messages.success(request, f"{offer.offer_sku} goes to {offer.channel.name} with the next file.")
    else:
        messages.error(request, f"The number of {offer.offer_sku} is not known, so there is nothing to tell.")
    return redirect("stock_item", pk=item.pk)


@page(EDIT_STOCK_RULES)
@require_POST
def push_push_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Tell the present numbers of every offer of a file again; after a failure without waiting any longer."""
    push = get_object_or_404(listed_pushes(), pk=pk)
    count = push_again(channel=push.channel, push=push, by=user_of(request))
    if count:
        messages.success(
            request, f"The present numbers of {count:,} offers go to {push.channel.name} with the next file."
        )
    else:
        messages.error(request, "The lines of this file are not kept any more: push single offers from their item.")
    return redirect("push", pk=pk)
