"""How money, moments, remaining time and states look, so that they look the same everywhere."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.money import exponent
from core.web.icons import ICONS

register = template.Library()

MINUTE, HOUR, DAY = 60, 3600, 86_400
# Under this a deadline is shown as near.
SOON: Final = timedelta(hours=4)


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """An icon; with a label it speaks, without one it is decoration."""
    if label:
        return format_html(
            '<svg class="icon" viewBox="0 0 16 16" role="img" aria-label="{}"><path d="{}"/></svg>', label, ICONS[name]
        )
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true"><path d="{}"/></svg>', ICONS[name])


@register.simple_tag
def money(amount: Decimal | None, currency: str) -> SafeString | str:
    """An amount with its currency before it, with the decimals the currency has."""
    if amount is None:
        return "-"
    text = f"{amount:,.{exponent(currency)}f}" if currency else f"{amount:,.2f}"
    return format_html('<span class="number"><abbr class="currency">{}</abbr> {}</span>', currency, text)


@register.simple_tag
def moment(value: datetime | None, style: str = "short") -> SafeString | str:
    """A moment in the reader's zone: "short" is 24 Nov 14:05, "full" has seconds, year and zone."""
    if value is None:
        return "-"
    local = timezone.localtime(value)
    full = date_format(local, "j M Y H:i:s T")
    shown = full if style == "full" else date_format(local, "j M H:i")
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, shown)


@register.simple_tag
def ago(value: datetime | None, never: str = "never") -> SafeString | str:
    """How long ago, in words, with the moment itself behind it."""
    if value is None:
        return never
    full = date_format(timezone.localtime(value), "j M Y H:i:s T")
    words = f"{in_words(timezone.now() - value)} ago"
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), full, words)


@register.simple_tag
def left(value: datetime | None, none: str = "no deadline") -> SafeString:
    """The time left to a deadline, in words; marked when it is near or past, never by colour alone."""
    if value is None:
        return format_html('<span class="quiet">{}</span>', none)
    remaining = value - timezone.now()
    full = date_format(timezone.localtime(value), "j M Y H:i T")
    if remaining <= timedelta(0):
        state, words = "is-late", f"{in_words(-remaining)} late"
    else:
        state, words = ("is-soon" if remaining < SOON else "is-fine"), f"in {in_words(remaining)}"
    return format_html(
        '<time class="left {}" datetime="{}" title="{}">{}</time>', state, value.isoformat(), full, words
    )


@register.filter
def lookup(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """The value of a key, or nothing."""
    return (mapping or {}).get(key)


@register.filter
def as_json(value: Any) -> str:
    """A document as people read it: indented, keys in the order they are sent."""
    return json.dumps(value, indent=2, ensure_ascii=False, default=str)


@register.filter
def lasting(value: timedelta | None) -> str:
    """A length of time in words."""
    return "-" if value is None else in_words(value)


@register.simple_tag
def badge(text: Any, tone: str = "neutral", symbol: str = "") -> SafeString:
    """A word with a tone (critical, high, medium, low, good, accent, neutral), and an icon where it has one."""
    drawn = icon(symbol) if symbol else ""
    return format_html('<span class="badge is-{}">{}{}</span>', tone, drawn, text)


@register.inclusion_tag("components/field.html")
def field(bound: Any, hint: str = "") -> dict[str, Any]:
    """One form field: label, hint, error and control, tied together for a screen reader."""
    described = [f"{bound.id_for_label}-hint"] if hint or bound.help_text else []
    if bound.errors:
        described.append(f"{bound.id_for_label}-error")
    attributes = {"aria-describedby": " ".join(described)} if described else {}
    if bound.errors:
        attributes["aria-invalid"] = "true"
    return {"field": bound, "control": bound.as_widget(attrs=attributes), "hint": hint or bound.help_text}


def in_words(length: timedelta) -> str:
    """The two largest units that matter: 2 d 3 h, 2 h 10 min, 40 s."""
    seconds = int(length.total_seconds())
    if seconds >= DAY:
        hours = seconds % DAY // HOUR
        return f"{seconds // DAY} d {hours} h" if hours else f"{seconds // DAY} d"
    if seconds >= HOUR:
        minutes = seconds % HOUR // MINUTE
        return f"{seconds // HOUR} h {minutes} min" if minutes else f"{seconds // HOUR} h"
    if seconds >= MINUTE:
        return f"{seconds // MINUTE} min"
    return f"{max(seconds, 0)} s"
