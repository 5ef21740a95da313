"""The columns of the list of files of numbers, and of the lines of one."""

from typing import Final

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.ui import ago, in_words, moment
from core.web.listing import ListTable
from integration.models import StockPush, StockPushLine
from integration.queries.stock.push_list import push_took
from integration.templatetags.stock import OUTCOMES, line_outcome, push_state
from integration.web.orders.tables import NUMBER, TIGHT, iso
from integration.web.stock.waterfalls import change_words

WIDE: Final = {"td": {"class": "is-wide"}}


class PushTable(ListTable):
    """One row per file."""

    caption = "Files of numbers"

    created_at = tables.Column("File", attrs=TIGHT)
    channel = tables.Column("Channel", accessor="channel__name")
    state = tables.Column("State", attrs=TIGHT)
    lines = tables.Column("Numbers", attrs=NUMBER)
    drops = tables.Column("Drops", attrs=NUMBER)
    landed = tables.Column("Landed", attrs=NUMBER)
    refused = tables.Column("Refused", attrs=NUMBER)
    sent_at = tables.Column("Sent", empty_values=(), attrs=TIGHT)
    took = tables.Column("Took", empty_values=(), attrs=NUMBER)
    import_id = tables.Column("Import at Mirakl", empty_values=(), attrs=TIGHT)
    problem = tables.Column("Problem", visible=False)

    class Meta(ListTable.Meta):
        model = StockPush
        fields = ()
        empty_text = "No file matches. A file goes out when a number changed, at most one a minute for each shop."

    def render_created_at(self, record: StockPush) -> SafeString:
        """The moment it was made as the link, with its number under it."""
        address = reverse("push", args=[record.pk])
        below = format_html('<span class="under">no. {}</span>', record.pk)
        return format_html('<a class="row-link" href="{}">{}</a>{}', address, moment(record.created_at), below)

    def render_state(self, record: StockPush) -> SafeString:
        """Colour, shape and word, and the problem in words."""
        if not record.problem:
            return push_state(record)
        return format_html('{}<span class="under">{}</span>', push_state(record), record.problem[:120])

    def render_lines(self, value: int) -> str:
        """With thousands apart."""
        return f"{value:,}"

    def render_drops(self, value: int) -> str:
        """With thousands apart."""
        return f"{value:,}"

    def render_landed(self, record: StockPush) -> str:
        """A dash before the end."""
        return f"{record.landed:,}" if record.finished_at else "-"

    def render_refused(self, record: StockPush) -> SafeString | str:
        """As the way to the refused lines, where there are any."""
        if not record.refused:
            return "0" if record.finished_at else "-"
        address = f"{reverse('push', args=[record.pk])}?outcome=refused"
        words = f"{record.refused:,}"
        return format_html(
            '<a href="{}">{}<span class="visually-hidden"> refused of file {}</span></a>', address, words, record.pk
        )

    def render_sent_at(self, record: StockPush) -> SafeString | str:
        """How long ago."""
        return ago(record.sent_at, "not yet")

    def render_took(self, record: StockPush) -> str:
        """From sending to the end at the marketplace."""
        took = push_took(record)
        return "-" if took is None else in_words(took)

    def render_import_id(self, record: StockPush) -> SafeString | str:
        """Its number there, and its state in Mirakl's own word."""
        if not record.import_id:
            return "-"
        return format_html(
            '<span class="mono">{}</span><span class="under">{}</span>', record.import_id, record.mirakl_status
        )

    def value_created_at(self, record: StockPush) -> str:
        """The moment itself, for CSV."""
        return iso(record.created_at)

    def value_state(self, record: StockPush) -> str:
        """The word, for CSV."""
        return str(record.get_state_display())

    def value_refused(self, record: StockPush) -> int:
        """The number alone, for CSV."""
        return record.refused

    def value_sent_at(self, record: StockPush) -> str:
        """The moment itself, for CSV."""
        return iso(record.sent_at)

    def value_took(self, record: StockPush) -> str:
        """In seconds, for CSV."""
        took = push_took(record)
        return "" if took is None else f"{took.total_seconds():.0f}"

    def value_import_id(self, record: StockPush) -> str:
        """The number alone, for CSV."""
        return record.import_id


class PushLineTable(ListTable):
    """One row per number that was told."""

    caption = "Numbers of this file"

    id = tables.Column("Line", visible=False)
    offer_sku = tables.Column("Offer SKU", attrs={"td": {"class": "mono"}})
    quantity = tables.Column("Told", attrs=NUMBER)
    why = tables.Column("Why this number", empty_values=(), attrs=WIDE)
    atp_read_at = tables.Column("ATP read", attrs=TIGHT)
    outcome = tables.Column("Outcome", empty_values=())

    class Meta(ListTable.Meta):
        model = StockPushLine
        fields = ()
        empty_text = "No number of this file matches. Lines are kept for some weeks, then only their counts stay."

    def render_offer_sku(self, record: StockPushLine) -> SafeString:
        """The SKU as the way to its items."""
        address = f"{reverse('stock')}?words={record.offer_sku}"
        return format_html('<a class="row-link" href="{}">{}</a>', address, record.offer_sku)

    def render_quantity(self, record: StockPushLine) -> SafeString | str:
        """The number, and the one before it; and where it is split by the operator's warehouse codes, the parts."""
        before = "" if record.before is None else f"was {record.before}"
        places = ", ".join(f"{code} {units}" for code, units in (record.places or {}).items())
        return format_html(
            '{}<span class="under">{}</span>', record.quantity, " · ".join(filter(None, (before, places)))
        )

    def render_why(self, record: StockPushLine) -> str:
        """Each step that changed the number."""
        return change_words(record)

    def render_atp_read_at(self, record: StockPushLine) -> SafeString | str:
        """The moment of the oldest reading it rests on."""
        return moment(record.atp_read_at)

    def render_outcome(self, record: StockPushLine) -> SafeString:
        """Colour, shape and word, with Mirakl's words."""
        if not record.words:
            return line_outcome(record)
        return format_html('{}<span class="under">{}</span>', line_outcome(record), record.words)

    def value_offer_sku(self, record: StockPushLine) -> str:
        """The SKU alone, for CSV."""
        return record.offer_sku

    def value_quantity(self, record: StockPushLine) -> int:
        """The number alone, for CSV."""
        return record.quantity

    def value_atp_read_at(self, record: StockPushLine) -> str:
        """The moment itself, for CSV."""
        return iso(record.atp_read_at)

    def value_outcome(self, record: StockPushLine) -> str:
        """The word and Mirakl's words, for CSV."""
        word = OUTCOMES.get(record.outcome, (record.outcome,))[0]
        return f"{word}: {record.words}" if record.words else word
