"""How the maps are narrowed; the address holds it all."""

from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q, QuerySet

from integration.models import CarrierMapping, Channel, ShippingMethodMapping, SkuMapping
from integration.queries.sku_map import other_parts


def _channels(_request: Any) -> QuerySet[Channel]:
    return Channel.objects.defer("api_key").order_by("name")


class MapFilter(django_filters.FilterSet):  # type: ignore[misc]  # django-filter ships no types
    """Channel and words, as every map has them."""

    channel = django_filters.ModelChoiceFilter(
        label="Channel", queryset=_channels, to_field_name="code", empty_label="All channels"
    )
    words = django_filters.CharFilter(
        label="Words", method="by_words", widget=forms.TextInput(attrs={"type": "search", "autocomplete": "off"})
    )


class SkuMapFilter(MapFilter):
    """Also by what an SKU is made of."""

    kind = django_filters.ChoiceFilter(
        label="Kind",
        choices=[("plain", "One unit of an item"), ("pack", "Several units of an item"), ("kit", "Several items")],
        empty_label="All kinds",
        method="by_kind",
    )

    class Meta:
        model = SkuMapping
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[SkuMapping], _name: str, value: str) -> QuerySet[SkuMapping]:
        """Words of the SKU, or of any item it is made of."""
        item = SkuMapping.objects.filter(
            channel=OuterRef("channel"), offer_sku=OuterRef("offer_sku"), item_number__icontains=value
        )
        return rows.filter(Q(offer_sku__icontains=value) | Exists(item))

    def by_kind(self, rows: QuerySet[SkuMapping], _name: str, value: str) -> QuerySet[SkuMapping]:
        """Kits have further items; packs have several units of one."""
        if value == "kit":
            return rows.filter(Exists(other_parts()))
        single = rows.filter(~Exists(other_parts()))
        return single.filter(units_per_offer=1) if value == "plain" else single.exclude(units_per_offer=1)


class CarrierMapFilter(MapFilter):
    """The map of carriers."""

    class Meta:
        model = CarrierMapping
        fields: tuple[str, ...] = ()

    def by_words(self, rows: QuerySet[CarrierMapping], _name: str, value: str) -> QuerySet[CarrierMapping]:
        """Words of either side."""
        return rows.filter(
            Q(wms_carrier__icontains=value) | Q(carrier_code__icontains=value) | Q(carrier_name__icontains=value)
        )


class ShippingMethodFilter(MapFilter):
    """The map of shipping methods."""

    class Meta:
        model = ShippingMethodMapping
        fields: tuple[str, ...] = ()

    def by_words(
        self, rows: QuerySet[ShippingMethodMapping], _name: str, value: str
    ) -> QuerySet[ShippingMethodMapping]:
        """Words of either side."""
        return rows.filter(
            Q(shipping_type_code__icontains=value) | Q(ship_via__icontains=value) | Q(ship_vendor__icontains=value)
        )
