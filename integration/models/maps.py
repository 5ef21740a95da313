"""The maps that staff keep: offer SKU to item, shipping type to ship-via, warehouse carrier to operator carrier."""

from django.conf import settings
from django.db import models

from integration.models.channel import Channel


class MapRow(models.Model):
    """What every row of a map carries: its channel and who last set it."""

    channel = models.ForeignKey(Channel, on_delete=models.CASCADE, related_name="%(class)ss")
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        abstract = True


class SkuMapping(MapRow):
    """An offer SKU is so many units of an item. Several rows for one offer SKU make a kit."""

    offer_sku = models.CharField(max_length=200)
    item_number = models.CharField(max_length=60)
    units_per_offer = models.DecimalField(max_digits=14, decimal_places=3, default=1)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "offer_sku", "item_number"], name="sku_mapping_once"),
            models.CheckConstraint(condition=models.Q(units_per_offer__gt=0), name="sku_mapping_units_positive"),
        ]
        indexes = [
            models.Index(fields=["item_number"], name="sku_mapping_item"),
            models.Index(fields=["offer_sku", "id"], name="sku_mapping_listed"),
            models.Index(fields=["offer_sku"], name="sku_mapping_begins", opclasses=("varchar_pattern_ops",)),
        ]

    def __str__(self) -> str:
        return f"{self.offer_sku} = {self.units_per_offer} x {self.item_number}"


class ShippingMethodMapping(MapRow):
    """A shipping type of the operator is this ship-via (and vendor) of the warehouse."""

    shipping_type_code = models.CharField(max_length=120)
    ship_via = models.CharField(max_length=120)
    ship_vendor = models.CharField(max_length=120, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "shipping_type_code"], name="shipping_method_mapping_once"),
        ]

    def __str__(self) -> str:
        return f"{self.shipping_type_code} = {self.ship_via}"


class CarrierMapping(MapRow):
    """A carrier word of the warehouse is this carrier of the operator: its code, or a free name where allowed."""

    wms_carrier = models.CharField(max_length=120)
    carrier_code = models.CharField(max_length=120, blank=True)
    carrier_name = models.CharField(max_length=120, blank=True)
    tracking_url = models.CharField(max_length=300, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["channel", "wms_carrier"], name="carrier_mapping_once"),
            models.CheckConstraint(
                condition=~models.Q(carrier_code="") | ~models.Q(carrier_name=""),
                name="carrier_mapping_has_target",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.wms_carrier} = {self.carrier_code or self.carrier_name}"
