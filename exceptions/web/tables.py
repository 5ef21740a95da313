"""The columns of the desk."""

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.ui import ago, left, money
from core.web.listing import ListTable
from exceptions.domain.catalogue import TEAM_LABELS, kind_of
from exceptions.models import Case
from exceptions.templatetags.cases import case_state, held_words, severity
from integration.domain.stages import LABELS


class CaseTable(ListTable):
    """One row per root cause."""

    caption = "Exceptions, one row for each root cause"

    severity = tables.Column("Severity", attrs={"td": {"class": "is-tight"}})
    summary = tables.Column("What is wrong", attrs={"td": {"class": "is-wide"}})
    channel = tables.Column("Channel", accessor="channel__name", default="-")
    record_count = tables.Column("Holds", attrs={"td": {"class": "is-number"}, "th": {"class": "is-number"}})
    value = tables.Column("At stake", attrs={"td": {"class": "is-number"}, "th": {"class": "is-number"}})
    deadline_at = tables.Column("Deadline", empty_values=(), attrs={"td": {"class": "is-tight"}})
    stage = tables.Column("Held at", default="-", attrs={"td": {"class": "is-tight"}})
    team = tables.Column("Owner", attrs={"td": {"class": "is-tight"}})
    opened_at = tables.Column("Since", attrs={"td": {"class": "is-tight"}})
    state = tables.Column("State", attrs={"td": {"class": "is-tight"}})

    class Meta(ListTable.Meta):
        model = Case
        fields = ()
        empty_text = "Nothing is held here. New exceptions appear by themselves, a few seconds after they arise."

    def render_severity(self, value: int) -> SafeString:
        """Colour, shape and word."""
        return severity(value)

    def render_summary(self, record: Case) -> SafeString:
        """The sentence as the link, the kind under it."""
        address = reverse("case", args=[record.pk])
        again = " · came back" if record.regressions else ""
        return format_html(
            '<a class="row-link" href="{}">{}</a><span class="under">{}{}</span>',
            address,
            record.summary,
            kind_of(record.kind).title,
            again,
        )

    def render_record_count(self, record: Case) -> str:
        """How many orders, or else records of its own kind."""
        return held_words(record)

    def value_record_count(self, record: Case) -> str:
        """The number alone, for CSV."""
        return str(record.order_count or record.record_count)

    def render_value(self, record: Case) -> SafeString | str:
        """Money with its currency."""
        return money(record.value, record.currency) if record.order_count else "-"

    def render_deadline_at(self, record: Case) -> SafeString:
        """Time left, in words."""
        return left(record.deadline_at, "-")

    def render_stage(self, value: str) -> str:
        """The stage in words."""
        return LABELS.get(value, value)

    def render_team(self, record: Case) -> SafeString | str:
        """The team, and the person who has taken it."""
        team = TEAM_LABELS.get(record.team, record.team)
        if record.assignee is None:
            return team
        return format_html('{}<span class="under">{}</span>', team, record.assignee)

    def render_opened_at(self, record: Case) -> SafeString | str:
        """How long ago."""
        return ago(record.reopened_at or record.opened_at)

    def render_state(self, record: Case) -> SafeString:
        """Where it stands; for a closed one, how it was closed."""
        label = f"Resolved {record.resolved_how}" if record.state == "resolved" else record.get_state_display()
        return case_state(record.state, label)

    def value_summary(self, record: Case) -> str:
        """The sentence alone, for CSV."""
        return record.summary

    def value_value(self, record: Case) -> str:
        """The amount alone, for CSV."""
        return str(record.value)

    def value_deadline_at(self, record: Case) -> str:
        """The moment itself, for CSV."""
        return record.deadline_at.isoformat() if record.deadline_at else ""

    def value_opened_at(self, record: Case) -> str:
        """The moment itself, for CSV."""
        return record.opened_at.isoformat()

    def value_severity(self, record: Case) -> str:
        """The number, for CSV: 1 is critical."""
        return str(record.severity)

    def value_state(self, record: Case) -> str:
        """The word, for CSV."""
        return str(record.get_state_display())

    def value_team(self, record: Case) -> str:
        """Team and person, for CSV."""
        person = f" / {record.assignee}" if record.assignee else ""
        return f"{TEAM_LABELS.get(record.team, record.team)}{person}"
