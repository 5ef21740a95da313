"""How severity, team and state of a case look, wherever they stand."""

from typing import Final

from django import template
from django.utils.safestring import SafeString

from core.templatetags.ui import badge
from exceptions.domain.catalogue import SEVERITY_LABELS, TEAM_LABELS, kind_of
from exceptions.models import Case

register = template.Library()

SEVERITY_TONES: Final = {1: "critical", 2: "high", 3: "medium", 4: "low"}
STATE_TONES: Final = {"open": "medium", "acknowledged": "accent", "snoozed": "low", "resolved": "good"}


@register.simple_tag
def severity(level: int) -> SafeString:
    """A severity: colour, shape and word."""
    tone = SEVERITY_TONES.get(level, "low")
    return badge(SEVERITY_LABELS.get(level, str(level)), tone, tone)


@register.simple_tag
def case_state(state: str, label: str) -> SafeString:
    """Where a case stands."""
    return badge(label, STATE_TONES.get(state, "neutral"))


@register.filter
def held_words(case: Case) -> str:
    """What a case holds, counted: its orders where it has any, else its records by their own name."""
    if case.order_count:
        return f"{case.order_count:,} order{'' if case.order_count == 1 else 's'}"
    noun = kind_of(case.kind).noun
    return f"{case.record_count:,} {noun}{'' if case.record_count == 1 else 's'}"


@register.filter
def team_name(team: str) -> str:
    """The team in words."""
    return TEAM_LABELS.get(team, team)


@register.filter
def kind_title(kind: str) -> str:
    """The kind of case in words."""
    return kind_of(kind).title
