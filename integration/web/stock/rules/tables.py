"""The columns of the list of rules and of the list of changes, and how the first is narrowed."""

from typing import Any, Final

import django_filters
import django_tables2 as tables
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.clock import db_now
from core.templatetags.ui import ago
from core.web.listing import ListTable
from integration.models import StockRule
from integration.services.stock.rule_rows import read_places, rule_of
from integration.web.orders.filters import channel_filter, words_filter
from integration.web.orders.tables import TIGHT, iso

WHEN: Final = (("today", "In force today"), ("later", "Still to come"), ("over", "Over"), ("dated", "With dates"))


class RuleFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Kind, channel, when, and words."""

    aspect = django_filters.ChoiceFilter(label="Sets", choices=StockRule.Aspect.choices, empty_label="Everything")
    channel = channel_filter("channel")
    when = django_filters.ChoiceFilter(label="When", choices=WHEN, empty_label="At any time", method="by_when")
    words = words_filter("Item, offer or tag", "The beginning of an item's number, an offer SKU or a tag")

    class Meta:
        model = StockRule
        fields: tuple[str, ...] = ()

    def by_when(self, rows: QuerySet[StockRule], _name: str, value: str) -> QuerySet[StockRule]:
        """By its dates, seen from today in UTC."""
        today = db_now().date()
        begun = Q(first_date=None) | Q(first_date__lte=today)
        not_over = Q(last_date=None) | Q(last_date__gte=today)
        chosen = {
            "today": begun & not_over,
            "later": ~begun,
            "over": ~not_over,
            "dated": Q(first_date__isnull=False) | Q(last_date__isnull=False),
        }
        return rows.filter(chosen[value])

    def by_words(self, rows: QuerySet[StockRule], _name: str, value: str) -> QuerySet[StockRule]:
        """Rules whose item, offer or tag begins with the words."""
        words = value.strip()
        return rows.filter(Q(item_number__startswith=words) | Q(offer_sku__startswith=words) | Q(tag__startswith=words))


class RuleTable(ListTable):
    """One row per rule."""

    caption = "Stock rules"

    aspect = tables.Column("Sets", attrs=TIGHT)
    value_words = tables.Column("To", empty_values=(), attrs=TIGHT)
    scope_words = tables.Column("For", empty_values=(), attrs={"td": {"class": "is-wide"}})
    dates_words = tables.Column("When", empty_values=(), attrs=TIGHT)
    note = tables.Column("Note", attrs={"td": {"class": "is-wide"}})
    updated_at = tables.Column("Set", attrs=TIGHT)

    class Meta(ListTable.Meta):
        model = StockRule
        fields = ()
        empty_text = "No rule matches. Without rules every offer shows all that may be sold."

    def __init__(self, data: Any = (), **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        places = read_places()
        self.rules = {row.pk: rule_of(row, places) for row in data}

    def render_aspect(self, record: StockRule) -> SafeString:
        """The kind as the link."""
        return format_html(
            '<a class="row-link" href="{}">{}</a>', reverse("buffer", args=[record.pk]), self.value_aspect(record)
        )

    def value_aspect(self, record: StockRule) -> str:
        """The kind in words, for CSV."""
        return StockRule.Aspect(record.aspect).label

    def render_value_words(self, record: StockRule) -> str:
        """Units, percent or a number, as people say it."""
        return self.rules[record.pk].value_words

    def render_scope_words(self, record: StockRule) -> str:
        """For whom."""
        return self.rules[record.pk].scope_words

    def render_dates_words(self, record: StockRule) -> str:
        """In force when."""
        return self.rules[record.pk].dates_words or "always"

    def render_updated_at(self, record: StockRule) -> SafeString:
        """How long ago, and by whom."""
        return format_html('{}<span class="under">{}</span>', ago(record.updated_at), record.updated_by or "Holdpoint")

    def value_updated_at(self, record: StockRule) -> str:
        """The moment itself, for CSV."""
        return iso(record.updated_at)
