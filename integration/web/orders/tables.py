"""The columns of the lists of orders and of parcels."""

from datetime import datetime, timedelta
from typing import Final

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.ui import ago, icon, in_words, left, moment, money
from core.web.listing import ListTable
from integration.domain.stages import LABELS
from integration.models import Hold, Order, Parcel
from integration.templatetags.orders import parcel_state, stage, told_carrier, tracking

TIGHT: Final = {"td": {"class": "is-tight"}}
NUMBER: Final = {"td": {"class": "is-number"}, "th": {"class": "is-number"}}


def order_link(order: Order, under: str = "") -> SafeString:
    """The order id as a link to its passport, with a button that copies it."""
    below = format_html('<span class="under">{}</span>', under) if under else ""
    return format_html(
        '<a class="row-link" href="{}">{}</a>'
        '<button type="button" class="copy" data-copy="{}" aria-label="Copy {}">{}</button>{}',
        reverse("order", args=[order.pk]),
        order.order_id,
        order.order_id,
        order.order_id,
        icon("copy"),
        below,
    )


def iso(value: datetime | None) -> str:
    """A moment for CSV."""
    return value.isoformat() if value else ""


def counted(record: Order | Parcel) -> tuple[int, int]:
    """The number of lines, and the units of all of them, from what the list has read already."""
    lines = record.lines.all()
    return len(lines), sum(line.quantity for line in lines)


class OrderTable(ListTable):
    """One row per order."""

    caption = "Orders"

    order_id = tables.Column("Order", attrs=TIGHT)
    channel = tables.Column("Channel", accessor="channel__name", visible=False)
    stage = tables.Column("Stage", attrs={"td": {"class": "is-wide"}})
    held_by = tables.Column("Held by", empty_values=(), visible=False)
    total_price = tables.Column("Value", attrs=NUMBER)
    shipping_deadline_at = tables.Column("Dispatch deadline", empty_values=(), attrs=TIGHT)
    units = tables.Column("Lines / units", empty_values=(), attrs=NUMBER)
    ordered_at = tables.Column("Ordered", attrs=TIGHT)
    stage_since = tables.Column("In this stage", attrs=TIGHT)

    class Meta(ListTable.Meta):
        model = Order
        fields = ()
        empty_text = "No order matches. Orders appear by themselves, a moment after the marketplace tells of them."

    def render_order_id(self, record: Order) -> SafeString:
        """The passport's link, with the channel under it; CSV has the channel in a column of its own."""
        return order_link(record, record.channel.name)

    def render_stage(self, record: Order) -> SafeString:
        """Held first, else the stage; under it the oldest cause in words, and how many there are beside it."""
        badge = stage(record.stage, held=record.is_held)
        holds: list[Hold] = getattr(record, "open_holds", [])
        if not holds:
            return badge
        more = f" and {len(holds) - 1} more" if len(holds) > 1 else ""
        return format_html('{}<span class="under">{}{}</span>', badge, holds[0].summary, more)

    def render_total_price(self, record: Order) -> SafeString | str:
        """Money with its currency."""
        return money(record.total_price, record.currency)

    def render_shipping_deadline_at(self, record: Order) -> SafeString | str:
        """Time left while it runs; the moment alone once the marketplace knows that the order left."""
        if record.confirmed_at or record.closed_at:
            return moment(record.shipping_deadline_at)
        return left(record.shipping_deadline_at, "-")

    def render_units(self, record: Order) -> str:
        """Lines, and units of all of them."""
        return "{} / {}".format(*counted(record))

    def render_ordered_at(self, value: datetime) -> SafeString | str:
        """The moment in the reader's zone."""
        return moment(value)

    def render_stage_since(self, value: datetime) -> SafeString | str:
        """How long it has been there."""
        return ago(value)

    def value_order_id(self, record: Order) -> str:
        """The id alone, for CSV."""
        return record.order_id

    def value_stage(self, record: Order) -> str:
        """The words, for CSV."""
        label = LABELS.get(record.stage, record.stage)
        return f"Held: {label.lower()}" if record.is_held else label

    def value_units(self, record: Order) -> str:
        """In words, which no spreadsheet takes for a date."""
        return "{} lines, {} units".format(*counted(record))

    def value_total_price(self, record: Order) -> str:
        """Amount and currency, for CSV."""
        return f"{record.total_price:f} {record.currency}"

    def value_shipping_deadline_at(self, record: Order) -> str:
        """The moment itself, for CSV."""
        return iso(record.shipping_deadline_at)

    def value_ordered_at(self, record: Order) -> str:
        """The moment itself, for CSV."""
        return iso(record.ordered_at)

    def value_stage_since(self, record: Order) -> str:
        """The moment itself, for CSV."""
        return iso(record.stage_since)

    def value_held_by(self, record: Order) -> str:
        """Every cause, for CSV."""
        return "; ".join(hold.summary for hold in getattr(record, "open_holds", []))


class ParcelTable(ListTable):
    """One row per parcel."""

    caption = "Parcels that left the warehouse"

    order = tables.Column("Order", attrs=TIGHT)
    channel = tables.Column("Channel", accessor="order__channel__name", visible=False)
    shipment = tables.Column("Shipment", attrs=TIGHT)
    facility = tables.Column("Facility", accessor="shipment__facility", default="")
    wms_carrier = tables.Column("Carrier", empty_values=())
    tracking_number = tables.Column("Tracking", empty_values=(), attrs=TIGHT)
    units = tables.Column("Lines / units", empty_values=(), attrs=NUMBER)
    state = tables.Column("Confirmation", attrs=TIGHT)
    shipped_at = tables.Column("Shipped", attrs=TIGHT)
    confirmed_at = tables.Column("Confirmed", empty_values=(), attrs=TIGHT)

    class Meta(ListTable.Meta):
        model = Parcel
        fields = ()
        empty_text = "No parcel matches. Parcels appear by themselves when the warehouse ships them."

    def render_order(self, record: Parcel) -> SafeString:
        """The passport's link, with the channel under it."""
        return order_link(record.order, record.order.channel.name)

    def render_shipment(self, record: Parcel) -> SafeString | str:
        """The shipment's number; one that was taken back says so."""
        number = record.shipment.number
        if record.shipment.rolled_back_at is None:
            return number
        return format_html('{}<span class="under">taken back {}</span>', number, moment(record.shipment.rolled_back_at))

    def render_wms_carrier(self, record: Parcel) -> SafeString:
        """The warehouse's word, and what the marketplace is told."""
        return format_html(
            '{} <span class="under">{} {}</span>',
            record.wms_carrier or "-",
            icon("arrow", "is at the marketplace"),
            told_carrier(record),
        )

    def render_tracking_number(self, record: Parcel) -> SafeString | str:
        """The number, as a link where the address is known."""
        return tracking(record)

    def render_units(self, record: Parcel) -> str:
        """Lines, and units of all of them."""
        return "{} / {}".format(*counted(record))

    def render_state(self, record: Parcel) -> SafeString:
        """Colour, shape and word."""
        return parcel_state(record.state, record.get_state_display())

    def render_shipped_at(self, value: datetime) -> SafeString | str:
        """The moment in the reader's zone."""
        return moment(value)

    def render_confirmed_at(self, record: Parcel) -> SafeString | str:
        """When the marketplace was told, and how long after the parcel left."""
        taken = confirmation_took(record)
        if taken is None:
            return "-"
        return format_html('{}<span class="under">after {}</span>', moment(record.confirmed_at), in_words(taken))

    def value_order(self, record: Parcel) -> str:
        """The id alone, for CSV."""
        return record.order.order_id

    def value_shipment(self, record: Parcel) -> str:
        """The number alone, for CSV."""
        return record.shipment.number

    def value_wms_carrier(self, record: Parcel) -> str:
        """Both words, for CSV."""
        return f"{record.wms_carrier} -> {told_carrier(record)}"

    def value_tracking_number(self, record: Parcel) -> str:
        """The number alone, for CSV."""
        return record.tracking_number

    def value_units(self, record: Parcel) -> str:
        """In words, which no spreadsheet takes for a date."""
        return "{} lines, {} units".format(*counted(record))

    def value_state(self, record: Parcel) -> str:
        """The word, for CSV."""
        return str(record.get_state_display())

    def value_shipped_at(self, record: Parcel) -> str:
        """The moment itself, for CSV."""
        return iso(record.shipped_at)

    def value_confirmed_at(self, record: Parcel) -> str:
        """The moment itself, for CSV."""
        return iso(record.confirmed_at)


def confirmation_took(parcel: Parcel) -> timedelta | None:
    """How long after it left the marketplace knew; None while it does not. Two clocks that disagree give no negative."""
    if parcel.confirmed_at is None:
        return None
    return max(timedelta(0), parcel.confirmed_at - parcel.shipped_at)
