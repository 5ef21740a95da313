"""How the desk is narrowed; the address holds it all."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from core.models import User
from exceptions.domain.catalogue import CATALOGUE, SEVERITY_LABELS, TEAM_LABELS
from exceptions.models import Case
from integration.models import Channel


class CaseFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Team, kind, channel, severity, person and words."""

    team = django_filters.ChoiceFilter(label="Team", choices=tuple(TEAM_LABELS.items()), empty_label="All teams")
    kind = django_filters.ChoiceFilter(
        label="Kind", choices=[(entry.kind, entry.title) for entry in CATALOGUE], empty_label="All kinds"
    )
    channel = django_filters.ModelChoiceFilter(
        label="Channel", queryset=Channel.objects.order_by("name"), to_field_name="code", empty_label="All channels"
    )
    severity = django_filters.ChoiceFilter(
        label="Severity", choices=tuple(SEVERITY_LABELS.items()), empty_label="All severities"
    )
    who = django_filters.ChoiceFilter(
        label="Person", choices=[("me", "Mine"), ("nobody", "Nobody's")], empty_label="Anybody", method="by_person"
    )
    words = django_filters.CharFilter(
        label="Words", method="by_words", widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
    )

    class Meta:
        model = Case
        fields: tuple[str, ...] = ()

    def by_person(self, rows: QuerySet[Case], _name: str, value: str) -> QuerySet[Case]:
        """Cases of the reader, or of nobody."""
        user: Any = self.request.user
        return (
            rows.filter(assignee=user if isinstance(user, User) else None)
            if value == "me"
            else rows.filter(assignee=None)
        )

    def by_words(self, rows: QuerySet[Case], _name: str, value: str) -> QuerySet[Case]:
        """Words of the summary or the cause."""
        return rows.filter(Q(summary__icontains=value) | Q(cause_key__icontains=value))
