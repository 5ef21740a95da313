"""How the lists of orders and parcels are narrowed; the address holds it all."""

from typing import Any, Final

import django_filters
from django import forms
from django.db.models import QuerySet

from integration.domain.stages import LABELS
from integration.models import Channel, Order, Parcel
from integration.queries.listed_orders import (
    end_of_day,
    facilities_seen,
    late_orders,
    orders_due_by,
    orders_matching,
    parcels_matching,
)

LONGEST: Final = 200


def words_filter(label: str, hint: str) -> django_filters.CharFilter:
    """A search field that says what it matches; longer text than any number has finds nothing anyway."""
    attributes = {"type": "search", "autocomplete": "off", "placeholder": "Begins with", "title": hint}
    return django_filters.CharFilter(
        label=label, method="by_words", max_length=LONGEST, widget=forms.TextInput(attrs=attributes)
    )


def channel_filter(field: str) -> django_filters.ModelChoiceFilter:
    """One channel by its code."""
    return django_filters.ModelChoiceFilter(
        label="Channel",
        field_name=field,
        queryset=Channel.objects.order_by("name"),
        to_field_name="code",
        empty_label="All channels",
    )


class OrderFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Channel, stage, held, late, due and words."""

    channel = channel_filter("channel")
    stage = django_filters.ChoiceFilter(label="Stage", choices=tuple(LABELS.items()), empty_label="All stages")
    held = django_filters.ChoiceFilter(
        label="Held", choices=[("true", "Held"), ("false", "Not held")], empty_label="Held or not", method="by_held"
    )
    late = django_filters.ChoiceFilter(
        label="Late", choices=[("true", "Past the deadline")], empty_label="Late or not", method="by_late"
    )
    due = django_filters.ChoiceFilter(
        label="Due", choices=[("today", "Today or before")], empty_label="At any time", method="by_due"
    )
    words = words_filter("Number or SKU", "A number's beginning, or a whole SKU")

    class Meta:
        model = Order
        fields: tuple[str, ...] = ()

    def by_held(self, rows: QuerySet[Order], _name: str, value: str) -> QuerySet[Order]:
        """Orders that something holds, or that nothing does."""
        return rows.filter(is_held=value == "true")

    def by_late(self, rows: QuerySet[Order], _name: str, _value: str) -> QuerySet[Order]:
        """Orders past their dispatch deadline that are not confirmed."""
        return late_orders(rows)

    def by_due(self, rows: QuerySet[Order], _name: str, _value: str) -> QuerySet[Order]:
        """Orders that have to leave before the reader's day ends."""
        return orders_due_by(rows, end_of_day())

    def by_words(self, rows: QuerySet[Order], _name: str, value: str) -> QuerySet[Order]:
        """Orders by the beginning of a number, or by an offer SKU."""
        return orders_matching(rows, value)


class ParcelFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Channel, state, facility and words."""

    channel = channel_filter("order__channel")
    state = django_filters.ChoiceFilter(
        label="Confirmation", choices=Parcel._meta.get_field("state").choices, empty_label="All states"
    )
    facility = django_filters.ChoiceFilter(
        label="Facility", choices=(), empty_label="All facilities", method="by_facility"
    )
    words = words_filter("Number", "A number's beginning")

    class Meta:
        model = Parcel
        fields: tuple[str, ...] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Read for each request: a list, since the chips ask the choices for their length.
        self.facilities = {facility.value: facility for facility in facilities_seen()}
        self.filters["facility"].extra["choices"] = [(row.value, row.label) for row in self.facilities.values()]

    def by_facility(self, rows: QuerySet[Parcel], _name: str, value: str) -> QuerySet[Parcel]:
        """Parcels that left the building."""
        return rows.filter(shipment__facility__in=self.facilities[value].words)

    def by_words(self, rows: QuerySet[Parcel], _name: str, value: str) -> QuerySet[Parcel]:
        """Parcels by the beginning of a number."""
        return parcels_matching(rows, value)
