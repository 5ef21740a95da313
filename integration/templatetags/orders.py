"""How a stage and a parcel's state look, wherever they stand."""

from decimal import Decimal
from typing import Final
from urllib.parse import quote

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.ui import badge
from integration.domain.stages import LABELS
from integration.models import Parcel

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


@register.filter
def units(value: Decimal) -> str:
    """A number of units without decimals that say nothing."""
    return f"{value:f}".rstrip("0").rstrip(".") if "." in f"{value:f}" else f"{value:f}"


@register.filter
def stage_name(name: str) -> str:
    """The stage in words."""
    return LABELS.get(name, name)


@register.simple_tag
def parcel_state(name: str, label: str) -> SafeString:
    """Where a parcel's confirmation stands."""
    tone, symbol = PARCEL_TONES.get(name, ("neutral", ""))
    return badge(label, tone, symbol)


@register.simple_tag
def tracking(parcel: Parcel) -> SafeString | str:
    """The tracking number, as a link where its address is known and safe to follow."""
    number = parcel.tracking_number
    address = parcel.tracking_url.replace("{trackingId}", quote(number, safe=""))
    if not number or not address.startswith("https://"):
        return number or "-"
    return format_html('<a href="{}" rel="noopener noreferrer external" target="_blank">{}</a>', address, number)


@register.simple_tag
def told_carrier(parcel: Parcel) -> str:
    """The carrier as the marketplace is told; it is looked up when the parcel is about to be confirmed."""
    return parcel.carrier_code or parcel.carrier_name or ("not mapped" if parcel.state == "held" else "not told")
