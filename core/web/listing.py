"""A list page: filters, sort and place are the address; the table alone is answered to htmx; CSV is the same list."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import django_filters
import django_tables2 as tables
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.shortcuts import render

from core.web.keyset import KeysetPage, Order, read_page

# A count of everything would cost more the more there is; nobody reads the digits beyond this.
COUNTED: Final = 10_000
CSV_CHUNK: Final = 2_000
PLACE: Final = ("after", "before")
# What a spreadsheet would run as a formula.
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class ListTable(tables.Table):  # type: ignore[misc]  # django-tables2 ships no types
    """A table as every list shows it. `caption` says what the rows are; `empty_text` says why none and what next."""

    caption = ""

    class Meta:
        template_name = "components/table.html"
        orderable = False


@dataclass(frozen=True)
class Chip:
    """A filter that is set, in words, and the address without it."""

    label: str
    value: str
    without: str


@dataclass(frozen=True)
class Listing:
    """All that the template of a list needs."""

    table: ListTable
    filter: django_filters.FilterSet
    chips: list[Chip]
    count: int
    has_more_than_counted: bool
    next_query: str | None
    previous_query: str | None
    csv_query: str
    sort: str

    @property
    def count_text(self) -> str:
        """The number of rows that match, or that there are more than anybody counts."""
        return f"more than {self.count:,}" if self.has_more_than_counted else f"{self.count:,}"


@dataclass(frozen=True)
class ListPage:
    """A list page in four lines: what may be seen, how it is narrowed, shown and ordered.

    `orders` maps a column's name to the order it asks for; `default` is one of "name" or "-name".
    """

    filterset: type[django_filters.FilterSet]
    table: type[ListTable]
    orders: Mapping[str, Order]
    default: str
    template: str
    filename: str

    def respond(
        self, request: HttpRequest, queryset: QuerySet[Any], context: Mapping[str, Any] | None = None
    ) -> HttpResponse | StreamingHttpResponse:
        """Answer the page, its table alone (htmx), or the whole list as CSV (`format=csv`)."""
        narrowed = self.filterset(request.GET, queryset=queryset, request=request)
        sort, order = self._order(request)
        if request.GET.get("format") == "csv":
            return self._csv(request, narrowed.qs, order)
        page = read_page(narrowed.qs, order, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
        # A filter set may say that counting so far would take too long for what it was asked.
        counted = getattr(narrowed, "counted", COUNTED)
        count = narrowed.qs.order_by()[: counted + 1].count()
        listing = self._listing(request, narrowed, page, (count, counted), sort)
        template = "components/listing.html" if is_listing_request(request) else self.template
        return render(request, template, {**(context or {}), "listing": listing})

    def _order(self, request: HttpRequest) -> tuple[str, Order]:
        sort = request.GET.get("sort", self.default)
        name = sort.removeprefix("-")
        if name not in self.orders:
            sort, name = self.default, self.default.removeprefix("-")
        known = self.orders[name]
        return sort, Order(known.field, descending=sort.startswith("-"), nullable=known.nullable)

    def _listing(
        self,
        request: HttpRequest,
        narrowed: django_filters.FilterSet,
        page: KeysetPage,
        count: tuple[int, int],
        sort: str,
    ) -> Listing:
        table = self.table(page.rows, request=request)
        table.sorts, table.sort = {name: next_sort(name, sort) for name in self.orders}, sort
        return Listing(
            table=table,
            filter=narrowed,
            chips=_chips(request, narrowed),
            count=min(count),
            has_more_than_counted=count[0] > count[1],
            next_query=query_with(request.GET, after=page.after, before=None) if page.after else None,
            previous_query=query_with(request.GET, before=page.before, after=None) if page.before else None,
            csv_query=query_with(request.GET, format="csv", after=None, before=None),
            sort=sort,
        )

    def _csv(self, request: HttpRequest, queryset: QuerySet[Any], order: Order) -> StreamingHttpResponse:
        moment = datetime.now(UTC).strftime("%Y-%m-%d")
        response = StreamingHttpResponse(
            self._csv_lines(request, queryset, order), content_type="text/csv; charset=utf-8"
        )
        response["Content-Disposition"] = f'attachment; filename="holdpoint-{self.filename}-{moment}.csv"'
        return response

    def _csv_lines(self, request: HttpRequest, queryset: QuerySet[Any], order: Order) -> Iterator[str]:
        writer = csv.writer(Echo())
        after: str | None = ""
        is_first = True
        while after is not None:
            page = read_page(queryset, order, after=after, size=CSV_CHUNK)
            lines = self.table(page.rows, request=request).as_values()
            head = next(lines)
            if is_first:
                yield writer.writerow(head)
            for line in lines:
                yield writer.writerow([inert(value) for value in line])
            is_first, after = False, page.after


class Echo:
    """A file whose write is its value, as csv asks for."""

    def write(self, value: str) -> str:
        """Hand the line back."""
        return value


def is_listing_request(request: HttpRequest) -> bool:
    """Whether htmx asks for the table alone."""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and htmx.target == "listing"


def next_sort(name: str, sort: str) -> str:
    """What a click on the column's head asks for next."""
    return f"-{name}" if sort == name else name


def query_with(params: QueryDict, **changes: str | None) -> str:
    """The present query with some parts changed; None takes a part away."""
    query = params.copy()
    for key, value in changes.items():
        query.pop(key, None)
        if value is not None:
            query[key] = value
    return f"?{query.urlencode()}"


def _chips(request: HttpRequest, narrowed: django_filters.FilterSet) -> list[Chip]:
    form = narrowed.form
    if not form.is_valid():
        return []
    chips = []
    for name, value in form.cleaned_data.items():
        if value in (None, "", []):
            continue
        field = form.fields[name]
        choices = dict(getattr(field, "choices", None) or [])
        text = str(choices.get(request.GET.get(name), "") or value)
        without = query_with(request.GET, **{name: None}, **dict.fromkeys(PLACE))
        chips.append(Chip(label=str(field.label or name), value=text, without=without))
    return chips


def inert(value: Any) -> Any:
    """A cell that no spreadsheet runs as a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(FORMULA) else text
