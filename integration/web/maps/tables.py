"""The columns of the maps."""

from collections.abc import Sequence
from typing import Any

import django_tables2 as tables
from django.template.loader import render_to_string
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from core.permissions import EDIT_SHIPPING_MAPS, EDIT_SKU_MAPS
from core.templatetags.ui import ago
from core.web.listing import ListTable
from integration.domain.components import units_text
from integration.models import CarrierMapping, ShippingMethodMapping, SkuMapping
from integration.models.maps import MapRow
from integration.queries.sku_map import Parts, parts_of
from integration.web.maps.addresses import row_address

TIGHT = {"td": {"class": "is-tight"}}


class MapTable(ListTable):
    """What every map shows: its channel, and who last set the row."""

    permission = ""
    page_name = ""
    key_field = ""

    class Meta(ListTable.Meta):
        fields = ()

    def __init__(self, data: Sequence[MapRow] = (), **kwargs: Any) -> None:
        request = kwargs.get("request")
        if request is None or not request.user.has_perm(self.permission):
            kwargs["exclude"] = ("edit",)
        super().__init__(data, **kwargs)

    def address(self, record: MapRow) -> str:
        """The page of the row."""
        return row_address(self.page_name, record.channel.code, getattr(record, self.key_field))

    def linked(self, record: MapRow, key: str) -> SafeString:
        """The left side as the link."""
        return format_html('<a class="row-link mono" href="{}">{}</a>', self.address(record), key)

    def render_updated_at(self, record: MapRow) -> SafeString:
        """How long ago, and by whom."""
        return format_html('{}<span class="under">{}</span>', ago(record.updated_at), record.updated_by or "Holdpoint")

    def value_updated_at(self, record: MapRow) -> str:
        """The moment itself, for CSV."""
        return record.updated_at.isoformat()


class SkuMapTable(MapTable):
    """One row per offer SKU, a kit included."""

    caption = "Mapped SKUs"
    permission, page_name, key_field = EDIT_SKU_MAPS, "sku_map", "offer_sku"

    offer_sku = tables.Column("Offer SKU")
    channel = tables.Column("Channel", accessor="channel__name")
    items = tables.Column("Warehouse items", empty_values=(), attrs={"td": {"class": "is-wide"}})
    updated_at = tables.Column("Set", attrs=TIGHT)
    edit = tables.Column("Change", empty_values=(), exclude_from_export=True, attrs=TIGHT)

    class Meta(MapTable.Meta):
        model = SkuMapping
        empty_text = (
            "No SKU is mapped here. Import a file, or map one SKU; Holdpoint asks by itself for each one that is sold."
        )

    def __init__(self, data: Sequence[SkuMapping] = (), **kwargs: Any) -> None:
        super().__init__(data, **kwargs)
        self.parts = parts_of(data) if data else {}

    def parts_of_row(self, record: SkuMapping) -> Parts:
        """All items of the row's SKU."""
        return self.parts.get((record.channel_id, record.offer_sku), [(record.item_number, record.units_per_offer)])

    def render_offer_sku(self, record: SkuMapping) -> SafeString:
        """The SKU as the link."""
        return self.linked(record, record.offer_sku)

    def value_offer_sku(self, record: SkuMapping) -> str:
        """The SKU alone, for CSV."""
        return record.offer_sku

    def render_items(self, record: SkuMapping) -> SafeString:
        """Each item with its units; a kit says that it is one."""
        parts = self.parts_of_row(record)
        words = format_html_join(
            ", ",
            '<span class="mono">{}</span>{}',
            ((item, "" if units == 1 else f" x {units_text(units)}") for item, units in parts),
        )
        if len(parts) == 1:
            return words
        return format_html('{}<span class="under">Kit of {} items</span>', words, len(parts))

    def value_items(self, record: SkuMapping) -> str:
        """The same without marks, for CSV."""
        return ", ".join(f"{item} x {units_text(units)}" for item, units in self.parts_of_row(record))

    def render_edit(self, record: SkuMapping) -> str:
        """Edits in place where there is a script, on its own page where there is none."""
        return render_to_string(
            "integration/maps/sku_edit_link.html",
            {
                "address": self.address(record),
                "row_address": row_address("sku_map_row", record.channel.code, record.offer_sku),
                "offer_sku": record.offer_sku,
            },
        )


class ShippingMapTable(MapTable):
    """What the maps of carriers and shipping methods share."""

    permission = EDIT_SHIPPING_MAPS

    def render_edit(self, record: MapRow) -> SafeString:
        """To the row's page."""
        return format_html(
            '<a class="button is-quiet" href="{}">Edit<span class="visually-hidden"> {}</span></a>',
            self.address(record),
            getattr(record, self.key_field),
        )


class CarrierMapTable(ShippingMapTable):
    """One row per carrier word of the warehouse and channel."""

    caption = "Mapped carriers"
    page_name, key_field = "carrier_map", "wms_carrier"

    wms_carrier = tables.Column("Carrier in the warehouse")
    channel = tables.Column("Channel", accessor="channel__name")
    target = tables.Column("Carrier at the marketplace", empty_values=(), attrs={"td": {"class": "is-wide"}})
    updated_at = tables.Column("Set", attrs=TIGHT)
    edit = tables.Column("Change", empty_values=(), exclude_from_export=True, attrs=TIGHT)

    class Meta(ShippingMapTable.Meta):
        model = CarrierMapping
        empty_text = (
            "No carrier is mapped by hand. A carrier with the same name on both sides needs no row; "
            "the first parcel with another name asks for one."
        )

    def render_wms_carrier(self, record: CarrierMapping) -> SafeString:
        """The warehouse's word as the link."""
        return self.linked(record, record.wms_carrier)

    def value_wms_carrier(self, record: CarrierMapping) -> str:
        """The word alone, for CSV."""
        return record.wms_carrier

    def render_target(self, record: CarrierMapping) -> SafeString | str:
        """The code with its label, or the free name with its address."""
        if record.carrier_code:
            labels = {row.get("code"): row.get("label") for row in record.channel.found.get("carriers", [])}
            label = labels.get(record.carrier_code) or record.carrier_name or record.carrier_code
            return format_html('{} <span class="quiet mono">{}</span>', label, record.carrier_code)
        return format_html(
            '{}<span class="under">{}</span>', record.carrier_name, record.tracking_url or "a name of your own"
        )

    def value_target(self, record: CarrierMapping) -> str:
        """The code or the name, for CSV."""
        return record.carrier_code or record.carrier_name


class ShippingMethodTable(ShippingMapTable):
    """One row per shipping type and channel."""

    caption = "Mapped shipping methods"
    page_name, key_field = "shipping_method_map", "shipping_type_code"

    shipping_type_code = tables.Column("Shipping type at the marketplace")
    channel = tables.Column("Channel", accessor="channel__name")
    ship_via = tables.Column("Ship-via in the warehouse", attrs={"td": {"class": "is-wide"}})
    ship_vendor = tables.Column("Carrier account", default="-")
    updated_at = tables.Column("Set", attrs=TIGHT)
    edit = tables.Column("Change", empty_values=(), exclude_from_export=True, attrs=TIGHT)

    class Meta(ShippingMapTable.Meta):
        model = ShippingMethodMapping
        empty_text = "No shipping method is mapped. The first order with a shipping type asks for it."

    def render_shipping_type_code(self, record: ShippingMethodMapping) -> SafeString:
        """The marketplace's code as the link, with its label where the last test read it."""
        labels = {row.get("code"): row.get("label") for row in record.channel.found.get("shipping_types", [])}
        return format_html(
            '{}<span class="under">{}</span>',
            self.linked(record, record.shipping_type_code),
            labels.get(record.shipping_type_code) or "",
        )

    def value_shipping_type_code(self, record: ShippingMethodMapping) -> str:
        """The code alone, for CSV."""
        return record.shipping_type_code
