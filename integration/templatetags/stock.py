"""How the number of an offer, its marks and a file of numbers look, wherever they stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django import template
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.templatetags.ui import badge, icon
from integration.models import OfferStock, StockPush, StockPushLine
from integration.templatetags.orders import units as whole_units

register = template.Library()

PUSH_STATES: Final = {
    "planned": ("medium", "clock"),
    "processing": ("accent", "arrow"),
    "done": ("good", "check"),
    "failed": ("critical", "critical"),
    "given_up": ("high", "high"),
}
# The end of a line as it is kept, and as people read it.
OUTCOMES: Final = {
    "landed": ("Landed", "good", "check"),
    "refused": ("Refused", "critical", "cross"),
    "failed": ("Not told", "high", "back"),
    "unknown": ("Nobody knows", "high", "high"),
    "": ("Not known yet", "neutral", "clock"),
}


@dataclass(frozen=True)
class Mark:
    """Something about a number that people must know. `short` stands beside it, `words` behind it."""

    name: str
    tone: str
    symbol: str
    short: str
    words: str


def marks_of(offer: OfferStock) -> list[Mark]:
    """What is to be said about the number of an offer, the worst first; nothing when all is well."""
    marks = []
    if offer.differs_since is not None:
        words = f"The marketplace shows {offer.seen} instead of {offer.pushed} since {_at(offer.differs_since)}."
        marks.append(Mark("differs", "critical", "critical", f"shows {offer.seen}", words))
    if offer.refused_at is not None:
        again = f" It is told again at {_at(offer.retry_at)}." if offer.retry_at else ""
        words = f"The marketplace refused the number: {offer.refused_words or 'without a reason'}.{again}"
        marks.append(Mark("refused", "critical", "cross", "refused", words))
    if offer.wanted is None:
        words = "No facility has told a number of it yet, or a facility's number is not known: nothing is told."
        marks.append(Mark("unknown", "medium", "info", "not known", words))
    if offer.is_stale:
        words = f"It rests on a number that is too old, read at {_at(offer.atp_read_at)}."
        marks.append(Mark("stale", "high", "clock", "stale", words))
    if offer.wanted is not None and offer.wanted_seq > offer.pushed_seq:
        words = f"{offer.wanted:,} waits to be told since {_at(offer.wanted_at)}."
        marks.append(Mark("waiting", "accent", "arrow", f"{offer.wanted:,} waits", words))
    return marks


@register.filter
def marks(offer: OfferStock) -> list[Mark]:
    """For templates: what is to be said about the number."""
    return marks_of(offer)


@register.simple_tag
def mark(one: Mark) -> SafeString:
    """A mark as a badge whose whole sentence is its title, and is read out."""
    return format_html(
        '<span class="badge is-{}" title="{}">{}<span aria-hidden="true">{}</span>'
        '<span class="visually-hidden">{}</span></span>',
        one.tone,
        one.words,
        icon(one.symbol),
        one.short,
        one.words,
    )


def told_number(offer: OfferStock) -> str:
    """The number that landed at the marketplace last; a dash when none did."""
    return "-" if offer.pushed is None else f"{offer.pushed:,}"


@register.filter
def told(offer: OfferStock) -> str:
    """For templates: the number that landed last."""
    return told_number(offer)


def cell_words(offers: Sequence[OfferStock]) -> str:
    """A cell without marks, for CSV: every offer's number, and what is wrong with it."""
    parts = []
    for offer in offers:
        wrong = ", ".join(one.short for one in marks_of(offer))
        name = f"{offer.offer_sku}: " if len(offers) > 1 else ""
        plain = told_number(offer).replace(",", "")
        parts.append(f"{name}{plain}{f' ({wrong})' if wrong else ''}")
    return "; ".join(parts)


def cell(offers: Sequence[OfferStock]) -> SafeString | str:
    """The smallest number with its marks, and how many offers there are beside it."""
    if not offers:
        return format_html('<span class="quiet" title="{}">{}</span>', "Not offered on this channel", "-")
    first, *others = offers
    more: SafeString | str = ""
    if others:
        names = ", ".join(f"{offer.offer_sku} {told_number(offer)}" for offer in others[:10])
        more = format_html(
            ' <span class="quiet" title="{}">+{}<span class="visually-hidden"> further offers: {}</span></span>',
            names,
            len(others),
            names,
        )
    worst = marks_of(first) + [one for offer in others for one in marks_of(offer)]
    by_name = {one.name: one for one in reversed(worst)}
    drawn = [mark(one) for one in worst if by_name[one.name] is one]
    marked = format_html_join("", "{}", ((one,) for one in drawn))
    below = format_html('<span class="marks">{}</span>', marked) if drawn else ""
    return format_html('<span class="number">{}</span>{}{}', told_number(first), more, below)


@register.simple_tag
def push_state(push: StockPush) -> SafeString:
    """The state of a file in words; done with refusals says so."""
    tone, symbol = PUSH_STATES.get(push.state, ("neutral", ""))
    if push.state == StockPush.State.DONE and push.refused:
        return badge(f"Done, {push.refused:,} refused", "high", "high")
    return badge(push.get_state_display(), tone, symbol)


@register.simple_tag
def line_outcome(line: StockPushLine) -> SafeString:
    """What became of a line."""
    return badge(*OUTCOMES.get(line.outcome, (line.outcome, "neutral", "")))


@register.filter
def units(value: Decimal | None) -> str:
    """A number of units without decimals that say nothing; a dash when it was never told."""
    return "-" if value is None else whole_units(value)


@register.simple_tag
def address_of(name: str) -> str:
    """The address of a page that may not exist yet; empty then."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _at(value: datetime | None) -> str:
    return "a time unknown" if value is None else date_format(timezone.localtime(value), "j M H:i")
