from datetime import timedelta
from decimal import Decimal

import factory
from django.utils import timezone

from integration.domain.order_number import order_number
from integration.models import (
    Channel,
    ChannelStock,
    Hold,
    Order,
    OrderLine,
    Parcel,
    ParcelLine,
    Shipment,
    SkuMapping,
    Warehouse,
)


class WarehouseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Warehouse

    code = factory.Sequence(lambda number: f"WMS{number}")
    name = factory.LazyAttribute(lambda row: f"Warehouse {row.code}")
    url = "http://127.0.0.1:1/deposco"
    tenant_code = factory.SelfAttribute("code")
    business_unit = "MAIN"
    username = "holdpoint"
    password = "not a real password"


class ChannelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Channel
        skip_postgeneration_save = True

    code = factory.Sequence(lambda number: f"SHOP{number}")
    name = factory.LazyAttribute(lambda row: f"Shop {row.code}")
    url = factory.LazyAttribute(lambda row: f"http://127.0.0.1:1/mirakl/{row.code}")
    api_key = "not a real key"
    shop_id = factory.Sequence(lambda number: 2000 + number)
    warehouse = factory.SubFactory(WarehouseFactory)
    lanes = ["acceptance", "import", "dispatch"]
    currency = "EUR"

    @factory.post_generation
    def stock(self, create: bool, extracted: object, **values: object) -> None:
        """Every channel says how stock goes to it; `stock__promise_hours=24` and the like set it."""
        if create:
            ChannelStock.objects.update_or_create(channel=self, defaults=values)


class OrderFactory(factory.django.DjangoModelFactory):
    """An order that is ready to import, due in two days."""

    class Meta:
        model = Order

    channel = factory.SubFactory(ChannelFactory)
    order_id = factory.Sequence(lambda number: f"ORD-{number:05d}-A")
    commercial_id = factory.LazyAttribute(lambda row: row.order_id.removesuffix("-A"))
    wms_number = factory.LazyAttribute(lambda row: order_number(row.channel.code, row.order_id))
    mirakl_state = "SHIPPING"
    stage = "ready"
    currency = "EUR"
    total_price = Decimal("24.50")
    shipping_type_code = "STD"
    customer = factory.LazyFunction(dict)
    ordered_at = factory.LazyFunction(timezone.now)
    mirakl_updated_at = factory.SelfAttribute("ordered_at")
    first_seen_at = factory.SelfAttribute("ordered_at")
    stage_since = factory.SelfAttribute("ordered_at")
    shipping_deadline_at = factory.LazyAttribute(lambda row: row.ordered_at + timedelta(days=2))
    payload_hash = factory.Sequence(lambda number: f"{number:064d}")


class OrderLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OrderLine

    order = factory.SubFactory(OrderFactory)
    line_id = factory.Sequence(lambda number: f"LINE-{number}")
    position = 1
    offer_sku = "SKU-001"
    title = "A thing to sell"
    mirakl_state = "SHIPPING"
    quantity = 1
    quantity_accepted = 1
    unit_price = Decimal("24.50")
    total_price = Decimal("24.50")
    commission = Decimal("2.45")


class HoldFactory(factory.django.DjangoModelFactory):
    """An open hold for a SKU that nobody mapped; the order says that it is held."""

    class Meta:
        model = Hold

    order = factory.SubFactory(OrderFactory, is_held=True)
    kind = "order.sku_unmapped"
    cause_key = "SKU-NEW-1"
    stage = factory.SelfAttribute("order.stage")
    summary = factory.LazyAttribute(lambda row: f"SKU {row.cause_key} has no item")
    since = factory.LazyFunction(timezone.now)


class SkuMappingFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = SkuMapping

    channel = factory.SubFactory(ChannelFactory)
    offer_sku = factory.Sequence(lambda number: f"SKU-{number:03d}")
    item_number = factory.Sequence(lambda number: f"ITEM-{number:03d}")
    units_per_offer = Decimal(1)


class ShipmentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Shipment

    warehouse = factory.SubFactory(WarehouseFactory)
    number = factory.Sequence(lambda number: f"SHP-{number}")
    status = "Shipped"
    facility = "LVL"
    shipped_at = factory.LazyFunction(timezone.now)
    first_seen_at = factory.SelfAttribute("shipped_at")
    last_read_at = factory.SelfAttribute("shipped_at")
    payload_hash = factory.Sequence(lambda number: f"{number:064d}")


class ParcelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Parcel

    order = factory.SubFactory(OrderFactory)
    shipment = factory.SubFactory(ShipmentFactory, warehouse=factory.SelfAttribute("..order.channel.warehouse"))
    key = factory.Sequence(lambda number: f"BOX-{number}")
    wms_carrier = "DHL Parcel"
    tracking_number = factory.Sequence(lambda number: f"TRACK{number:06d}")
    shipped_at = factory.SelfAttribute("shipment.shipped_at")
    first_seen_at = factory.SelfAttribute("shipment.shipped_at")


class ParcelLineFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ParcelLine

    parcel = factory.SubFactory(ParcelFactory)
    line = factory.SubFactory(OrderLineFactory, order=factory.SelfAttribute("..parcel.order"))
    quantity = 1
