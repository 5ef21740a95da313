"""The columns of the list of items and of offers that nobody mapped."""

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from core.templatetags.ui import ago, badge, icon
from core.web.listing import ListTable
from integration.models import Channel, ListedOffer, OfferStock, StockItem
from integration.queries.stock.stock_matrix import MatrixRow, matrix_of, stock_channels
from integration.templatetags.stock import cell, cell_words, units
from integration.web.maps.addresses import row_address
from integration.web.orders.tables import NUMBER, TIGHT, iso


class ChannelColumn(tables.Column):  # type: ignore[misc]  # django-tables2 ships no types
    """The numbers of one channel."""

    def __init__(self, channel: Channel) -> None:
        super().__init__(channel.name, empty_values=(), attrs=NUMBER)
        self.channel = channel

    def offers(self, table: "ItemTable", record: StockItem) -> Sequence[OfferStock]:
        """The item's offers on it."""
        return table.matrix[record.pk].offers.get(self.channel.pk, ())

    def render(self, table: "ItemTable", record: StockItem) -> SafeString | str:
        """The smallest number, with its marks."""
        return cell(self.offers(table, record))

    def value(self, table: "ItemTable", record: StockItem) -> str:
        """Every number in words, for CSV."""
        return cell_words(self.offers(table, record))


class ItemTable(ListTable):
    """One row per item, a column for each channel that is told stock, or for the chosen one alone."""

    caption = "Items"

    number = tables.Column("Item", attrs={"td": {"class": "is-item"}})
    name = tables.Column("Name", visible=False)
    atp = tables.Column("ATP", empty_values=(), attrs=NUMBER)
    read = tables.Column("Oldest reading", empty_values=(), attrs=TIGHT)

    class Meta(ListTable.Meta):
        model = StockItem
        fields = ()
        sequence = ("number", "name", "atp", "...", "read")
        empty_text = (
            "No item matches. Items appear by themselves when the warehouse's stock is read for the first time."
        )

    def __init__(self, data: Sequence[StockItem] = (), **kwargs: Any) -> None:
        request = kwargs.get("request")
        channels = stock_channels(request.GET.get("channel", "") if request is not None else "")
        self.matrix: dict[int, MatrixRow] = matrix_of(data, channels)
        columns = [(f"channel_{channel.pk}", ChannelColumn(channel)) for channel in channels]
        super().__init__(data, extra_columns=columns, **kwargs)

    def render_number(self, record: StockItem) -> SafeString:
        """The number as the link, with the name under it, and what is unusual about it."""
        below = format_html('<span class="under">{}</span>', record.name) if record.name else ""
        return format_html(
            '<a class="row-link mono" href="{}">{}</a>{}{}{}',
            reverse("stock_item", args=[record.pk]),
            record.number,
            badge("Kit") if record.is_order_kit else "",
            badge("Inactive", "medium", "held") if record.is_active is False else "",
            below,
        )

    def render_atp(self, record: StockItem) -> SafeString | str:
        """The sum over all facilities; a kit has none of its own."""
        row = self.matrix[record.pk]
        if row.atp is None and record.is_order_kit:
            return format_html('<span class="quiet" title="{}">{}</span>', "Its components have the stock", "kit")
        return "-" if row.atp is None else f"{row.atp.normalize():,f}"

    def render_read(self, record: StockItem) -> SafeString | str:
        """How old the oldest number is, and how many are not known any more."""
        row = self.matrix[record.pk]
        if not row.unknown:
            return ago(row.read_at, "-")
        noun = "facility" if row.unknown == 1 else "facilities"
        return format_html(
            '{}<span class="under">{} {} {} unknown</span>', ago(row.read_at), icon("high"), row.unknown, noun
        )

    def value_number(self, record: StockItem) -> str:
        """The number alone, for CSV."""
        return record.number

    def value_atp(self, record: StockItem) -> str:
        """The number alone, for CSV; empty where there is none."""
        atp = self.matrix[record.pk].atp
        return "" if atp is None else units(atp)

    def value_read(self, record: StockItem) -> str:
        """The moment itself, for CSV."""
        return iso(self.matrix[record.pk].read_at)


class UnmappedTable(ListTable):
    """One row per offer that no item stands behind."""

    caption = "Offers without an item"

    offer_sku = tables.Column("Offer SKU")
    channel = tables.Column("Channel", accessor="channel__name")
    title = tables.Column("Title at the marketplace", default="-", attrs={"td": {"class": "is-wide"}})
    references = tables.Column("EAN, UPC", empty_values=())
    quantity = tables.Column("Shown there", attrs=NUMBER)
    is_active = tables.Column("State", attrs=TIGHT)
    read_at = tables.Column("Read", attrs=TIGHT)

    class Meta(ListTable.Meta):
        model = ListedOffer
        fields = ()
        empty_text = "Every offer that the marketplaces have is mapped to an item. They are read back again and again."

    def render_offer_sku(self, record: ListedOffer) -> SafeString:
        """The SKU as the link to where it is mapped."""
        address = row_address("sku_map", record.channel.code, record.offer_sku)
        return format_html('<a class="row-link mono" href="{}">{}</a>', address, record.offer_sku)

    def render_references(self, record: ListedOffer) -> str:
        """As the operator names the product."""
        return ", ".join(record.references[:4]) or "-"

    def render_is_active(self, record: ListedOffer) -> SafeString:
        """Whether it can be bought."""
        return badge("Active", "good", "check") if record.is_active else badge("Inactive", "neutral", "held")

    def render_read_at(self, record: ListedOffer) -> SafeString | str:
        """How long ago."""
        return ago(record.read_at)

    def value_offer_sku(self, record: ListedOffer) -> str:
        """The SKU alone, for CSV."""
        return record.offer_sku

    def value_is_active(self, record: ListedOffer) -> str:
        """The word, for CSV."""
        return "Active" if record.is_active else "Inactive"

    def value_read_at(self, record: ListedOffer) -> str:
        """The moment itself, for CSV."""
        return iso(record.read_at)
