"""How the counts of a job read."""

from collections.abc import Mapping
from typing import Any

from django import template

register = template.Library()


@register.filter
def counts_in_words(counts: Mapping[str, Any] | None) -> str:
    """The counts that are not zero, in words; "nothing to do" when all are."""
    told = [f"{value:,} {name.replace('_', ' ')}" for name, value in (counts or {}).items() if value]
    return ", ".join(told) or "nothing to do"
