"""How a stage and a parcel's state look, wherever they stand."""

from typing import Final

from django import template
from django.utils.safestring import SafeString

from core.templatetags.ui import badge
from integration.domain.stages import LABELS

register = template.Library()

TONES: Final = {
    "received": "medium",
    "accepted": "accent",
    "awaiting_debit": "accent",
    "ready": "accent",
    "in_wms": "accent",
    "picking": "accent",
    "shipped": "accent",
    "confirmed": "good",
    "delivered": "good",
    "settled": "good",
}
PARCEL_TONES: Final = {
    "new": ("medium", "clock"),
    "waiting": ("high", "clock"),
    "sending": ("accent", "arrow"),
    "confirmed": ("good", "check"),
    "held": ("critical", "held"),
    "withdrawn": ("neutral", "back"),
}


@register.simple_tag
def stage(name: str, held: bool = False) -> SafeString:
    """The stage in words; a held order says so first."""
    if held:
        return badge(f"Held: {LABELS.get(name, name).lower()}", "critical", "held")
    return badge(LABELS.get(name, name), TONES.get(name, "neutral"))


@register.simple_tag
def parcel_state(name: str, label: str) -> SafeString:
    """Where a parcel's confirmation stands."""
    tone, symbol = PARCEL_TONES.get(name, ("neutral", ""))
    return badge(label, tone, symbol)
