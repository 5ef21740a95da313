"""How the lists of items, files, their lines and unmapped offers are narrowed; the address holds it all."""

from typing import Any, Final

import django_filters
from django import forms
from django.db.models import QuerySet

from core.web.listing import COUNTED
from integration.models import Channel, Facility, ListedOffer, StockItem, StockPush, StockPushLine
from integration.queries.listed_orders import spellings
from integration.queries.stock.stock_matrix import items_asked, items_in, items_matching, items_on
from integration.web.orders.filters import channel_filter, words_filter

# How far a list is counted whose rows are found by going through all items.
OF_MANY: Final = 100
QUESTIONS: Final = (
    ("oversell", "In danger of overselling"),
    ("differs", "Marketplace shows another number"),
    ("refused", "Refused by the marketplace"),
    ("stale", "Stale: the number is too old"),
    ("zero_by_buffer", "Zero because of a buffer"),
    ("waiting", "Waits to be told"),
)


def _facilities(_request: Any) -> QuerySet[Facility]:
    return Facility.objects.order_by("name", "id")


class ItemFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """A question, channel, facility, tag and words."""

    question = django_filters.ChoiceFilter(
        label="Question", choices=QUESTIONS, empty_label="All items", method="by_question"
    )
    channel = django_filters.ModelChoiceFilter(
        label="Channel",
        queryset=Channel.objects.defer("api_key").order_by("name"),
        to_field_name="code",
        empty_label="All channels",
        method="by_channel",
    )
    facility = django_filters.ModelChoiceFilter(
        label="In stock at", queryset=_facilities, empty_label="Anywhere or nowhere", method="by_facility"
    )
    tag = django_filters.CharFilter(
        label="Tag",
        method="by_tag",
        max_length=60,
        widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off", "title": "A whole tag"}),
    )
    words = words_filter(
        "Item, UPC or SKU", "An item's number or name or an offer SKU by its beginning, or a whole UPC"
    )

    class Meta:
        model = StockItem
        fields: tuple[str, ...] = ()

    def by_question(self, rows: QuerySet[StockItem], _name: str, value: str) -> QuerySet[StockItem]:
        """Items with an offer of which it is true; on the chosen channel, if one is chosen."""
        answer = items_asked(rows, value, self.form.cleaned_data.get("channel"))
        self.counted = OF_MANY if answer.is_dense else COUNTED
        return answer.rows

    def by_channel(self, rows: QuerySet[StockItem], _name: str, value: Channel) -> QuerySet[StockItem]:
        """Items that are offered there; a question asks for that by itself."""
        return rows if self.form.cleaned_data.get("question") else items_on(rows, value)

    def by_facility(self, rows: QuerySet[StockItem], _name: str, value: Facility) -> QuerySet[StockItem]:
        """Items that it has something of."""
        return items_in(rows, value)

    def by_tag(self, rows: QuerySet[StockItem], _name: str, value: str) -> QuerySet[StockItem]:
        """Items that carry it."""
        return rows.filter(tags__contains=[value.strip()])

    def by_words(self, rows: QuerySet[StockItem], _name: str, value: str) -> QuerySet[StockItem]:
        """Items by the beginning of a number, a name or an offer SKU, or by a UPC."""
        return items_matching(rows, value)


class PushFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Channel, state, day and whether anything was refused."""

    channel = channel_filter("channel")
    state = django_filters.ChoiceFilter(label="State", choices=StockPush.State.choices, empty_label="All states")
    day = django_filters.DateFilter(
        label="Day", field_name="day", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    refusals = django_filters.ChoiceFilter(
        label="Refusals",
        choices=[("true", "With refused numbers")],
        empty_label="With or without",
        method="by_refusals",
    )

    class Meta:
        model = StockPush
        fields: tuple[str, ...] = ()

    def by_refusals(self, rows: QuerySet[StockPush], _name: str, _value: str) -> QuerySet[StockPush]:
        """Files of which the marketplace refused at least one number."""
        return rows.filter(refused__gt=0)


class PushLineFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """What became of a line, and the offer's SKU."""

    outcome = django_filters.ChoiceFilter(
        label="Outcome",
        choices=[("refused", "Refused"), ("landed", "Landed"), ("failed", "Not told"), ("unknown", "Nobody knows")],
        empty_label="All numbers",
    )
    words = words_filter("Offer SKU", "An SKU's beginning")

    class Meta:
        model = StockPushLine
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[StockPushLine], _name: str, value: str) -> QuerySet[StockPushLine]:
        """Lines of offers whose SKU begins with the words."""
        return rows.filter(offer_sku__startswith=value.strip())


class UnmappedFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Channel and words."""

    channel = channel_filter("channel")
    words = words_filter("Offer SKU", "An SKU's beginning")

    class Meta:
        model = ListedOffer
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[ListedOffer], _name: str, value: str) -> QuerySet[ListedOffer]:
        """Offers whose SKU begins with the words, as typed or in capitals."""
        first, *more = spellings(value)
        found = rows.filter(offer_sku__startswith=first)
        return found if not more else found | rows.filter(offer_sku__startswith=more[0])
