from datetime import timedelta
from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from integration.models import (
    ChannelFacility,
    ChannelStock,
    Facility,
    ItemComponent,
    ItemStockHour,
    ListedOffer,
    OfferStock,
    OfferStockHour,
    SkuMapping,
    StockItem,
    StockLevel,
    StockMove,
    StockPush,
    StockPushLine,
    StockRule,
)
from tests.factories.lanes import ChannelFactory, WarehouseFactory


class FacilityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Facility

    warehouse = factory.SubFactory(WarehouseFactory)
    number = factory.Sequence(lambda number: f"F{number}")
    name = factory.LazyAttribute(lambda row: f"Facility {row.number}")


class StockItemFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = StockItem

    warehouse = factory.SubFactory(WarehouseFactory)
    number = factory.Sequence(lambda number: f"ITEM-{number:04d}")
    name = factory.LazyAttribute(lambda row: f"Article {row.number}")
    is_active = True
    first_seen_at = factory.LazyFunction(timezone.now)
    read_at = factory.SelfAttribute("first_seen_at")


class ItemComponentFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ItemComponent

    kit = factory.SubFactory(StockItemFactory, is_order_kit=True)
    component_number = factory.Sequence(lambda number: f"ITEM-{number:04d}")
    quantity = Decimal(1)


class StockLevelFactory(factory.django.DjangoModelFactory):
    """What a facility of the same warehouse has of an item, read a moment ago."""

    class Meta:
        model = StockLevel

    warehouse = factory.SubFactory(WarehouseFactory)
    item_number = factory.Sequence(lambda number: f"ITEM-{number:04d}")
    facility = factory.SubFactory(FacilityFactory, warehouse=factory.SelfAttribute("..warehouse"))
    atp = Decimal(20)
    on_hand = factory.SelfAttribute("atp")
    unallocated = factory.SelfAttribute("atp")
    read_at = factory.LazyFunction(timezone.now)
    changed_at = factory.SelfAttribute("read_at")


class ChannelStockFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChannelStock
        django_get_or_create = ("channel",)  # a channel may come with its settings

    channel = factory.SubFactory(ChannelFactory, lanes=["acceptance", "import", "dispatch", "stock"])


class ChannelFacilityFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ChannelFacility

    channel = factory.SubFactory(ChannelFactory)
    facility = factory.SubFactory(FacilityFactory, warehouse=factory.SelfAttribute("..channel.warehouse"))


class StockRuleFactory(factory.django.DjangoModelFactory):
    """A buffer of four units everywhere."""

    class Meta:
        model = StockRule

    aspect = "buffer"
    units = 4
    updated_at = factory.LazyFunction(timezone.now)


class OfferStockFactory(factory.django.DjangoModelFactory):
    """20 in all, 5 not eligible, 3 in flight, a buffer of 4, a cap of 7: the 7 that landed a minute ago."""

    class Meta:
        model = OfferStock

    channel = factory.SubFactory(ChannelFactory)
    offer_sku = factory.Sequence(lambda number: f"SKU-{number:04d}")
    wanted = 7
    wanted_seq = 10
    wanted_at = factory.LazyFunction(timezone.now)
    total, eligible, after_kept, free, after_buffer, after_share, after_cap, after_pack = 20, 15, 15, 12, 8, 8, 7, 7
    atp_read_at = factory.LazyFunction(timezone.now)
    pushed = factory.SelfAttribute("wanted")
    pushed_seq = factory.SelfAttribute("wanted_seq")
    pushed_at = factory.LazyAttribute(lambda row: row.wanted_at - timedelta(minutes=1))


class ListedOfferFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ListedOffer

    channel = factory.SubFactory(ChannelFactory)
    offer_sku = factory.Sequence(lambda number: f"SKU-{number:04d}")
    title = "A thing to sell"
    quantity = 7
    read_at = factory.LazyFunction(timezone.now)
    # As a listing marks it.
    is_mapped = factory.LazyAttribute(
        lambda row: SkuMapping.objects.filter(channel=row.channel, offer_sku=row.offer_sku).exists()
    )


class StockPushFactory(factory.django.DjangoModelFactory):
    """A file that landed whole, half a minute after it was made."""

    class Meta:
        model = StockPush

    channel = factory.SubFactory(ChannelFactory)
    state = "done"
    created_at = factory.LazyFunction(timezone.now)
    day = factory.LazyAttribute(lambda row: row.created_at.date())
    lines = 1
    landed = factory.SelfAttribute("lines")
    seq_high = 10
    import_id = factory.Sequence(lambda number: str(5000 + number))
    mirakl_status = "COMPLETE"
    sent_at = factory.SelfAttribute("created_at")
    finished_at = factory.LazyAttribute(lambda row: row.created_at + timedelta(seconds=30))


class StockPushLineFactory(factory.django.DjangoModelFactory):
    """One line of `push`."""

    class Meta:
        model = StockPushLine
        exclude = ("push",)

    push: Any = factory.SubFactory(StockPushFactory)
    day = factory.SelfAttribute("push.day")
    push_id = factory.SelfAttribute("push.pk")
    channel_id = factory.SelfAttribute("push.channel_id")
    offer_sku = factory.Sequence(lambda number: f"SKU-{number:04d}")
    quantity = 7
    seq = 10
    before = 9
    total, eligible, after_kept, free, after_buffer, after_share, after_cap, after_pack = 20, 15, 15, 12, 8, 8, 7, 7
    atp_read_at = factory.LazyFunction(timezone.now)


class StockMoveFactory(factory.django.DjangoModelFactory):
    """What `level` has went from `before` to what it has now."""

    class Meta:
        model = StockMove
        exclude = ("level",)

    level: Any = factory.SubFactory(StockLevelFactory)
    at = factory.LazyFunction(timezone.now)
    day = factory.LazyAttribute(lambda row: row.at.date())
    warehouse_id = factory.SelfAttribute("level.warehouse_id")
    item_number = factory.SelfAttribute("level.item_number")
    facility_id = factory.SelfAttribute("level.facility_id")
    before = Decimal(25)
    after = factory.SelfAttribute("level.atp")


class ItemStockHourFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ItemStockHour

    warehouse_id = factory.LazyFunction(lambda: WarehouseFactory().pk)
    item_number = factory.Sequence(lambda number: f"ITEM-{number:04d}")
    hour = factory.LazyFunction(lambda: timezone.now().replace(minute=0, second=0, microsecond=0))
    lowest = highest = last = Decimal(20)
    moves = 1


class OfferStockHourFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = OfferStockHour

    channel_id = factory.LazyFunction(lambda: ChannelFactory().pk)
    offer_sku = factory.Sequence(lambda number: f"SKU-{number:04d}")
    hour = factory.LazyFunction(lambda: timezone.now().replace(minute=0, second=0, microsecond=0))
    lowest = highest = last = 7
    pushes = 1
