"""Downloads of a file of numbers: as it was sent, byte for byte, and the lines that were refused."""

import csv
from collections.abc import Iterator

from django.contrib import messages
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_safe

from core.permissions import VIEW_OPERATIONS, page
from core.web.listing import Echo, inert
from integration.models import StockPush
from integration.queries.stock.push_file import sent_file
from integration.queries.stock.push_list import lines_of_push, listed_pushes

HEAD = ("offer-sku", "quantity", "reason")


@page(VIEW_OPERATIONS)
@require_safe
def push_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    """The file with the checksum it was sent with; nothing is altered, since it is the evidence."""
    push = get_object_or_404(listed_pushes(), pk=pk)
    found = sent_file(push)
    if found is None:
        words = "was not sent" if not push.sha256 else "cannot be made again: some of its lines are not kept any more"
        messages.error(request, f"The file {words}.")
        return redirect("push", pk=pk)
    return _attachment(found.parts(), f"holdpoint-push-{push.pk}.csv")


@page(VIEW_OPERATIONS)
@require_safe
def push_refused(_request: HttpRequest, pk: int) -> HttpResponseBase:
    """The refused lines with Mirakl's words, for a spreadsheet."""
    push = get_object_or_404(listed_pushes(), pk=pk)
    return _attachment(_refused(push), f"holdpoint-push-{push.pk}-refused.csv")


def _refused(push: StockPush) -> Iterator[str]:
    writer = csv.writer(Echo())
    yield writer.writerow(HEAD)
    rows = lines_of_push(push).filter(outcome="refused").order_by("id")
    for row in rows.values_list("offer_sku", "quantity", "words").iterator(2_000):
        yield writer.writerow([inert(value) for value in row])


def _attachment(parts: Iterator[bytes] | Iterator[str], name: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(parts, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
