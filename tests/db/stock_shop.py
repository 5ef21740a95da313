"""A small shop whose stock is told, and how its rows change."""

from typing import Any

from django.db import connection as database

from integration.models import Channel, OfferStock, StockLevel, Warehouse
from integration.services.stock.compute_numbers import Computed, compute_warehouse
from integration.services.stock.touch_stock import touch_items
from tests.factories.lanes import ChannelFactory, SkuMappingFactory, WarehouseFactory
from tests.factories.stock import (
    FacilityFactory,
    StockLevelFactory,
)


class Shop:
    """A warehouse of one facility, a channel that tells its stock, and an offer of each item."""

    def __init__(self, **atp: int | None) -> None:
        self.warehouse: Warehouse = WarehouseFactory()
        self.facility = FacilityFactory(warehouse=self.warehouse)
        self.channel = self.open_channel()
        for item, units in atp.items():
            self.level(item, units)
            SkuMappingFactory(channel=self.channel, offer_sku=f"OFFER-{item}", item_number=item)
        self.work()

    def open_channel(self) -> Channel:
        channel: Channel = ChannelFactory(warehouse=self.warehouse, lanes=["stock"])
        return channel

    def level(self, item: str, atp: int | None, facility: Any = None) -> StockLevel:
        row: StockLevel = StockLevelFactory(
            warehouse=self.warehouse, item_number=item, facility=facility or self.facility, atp=atp
        )
        return row

    def work(self) -> Computed:
        return compute_warehouse(warehouse=self.warehouse)

    def set(self, item: str, atp: int | None) -> None:
        StockLevel.objects.filter(warehouse=self.warehouse, item_number=item).update(atp=atp)
        touch_items(warehouse_id=self.warehouse.pk, item_numbers=[item])

    def offer(self, item: str) -> OfferStock:
        return OfferStock.objects.get(channel=self.channel, offer_sku=f"OFFER-{item}")

    def land(self) -> None:
        """Everything that waits was told and landed."""
        for row in OfferStock.objects.filter(channel=self.channel):
            row.pushed, row.pushed_seq = row.wanted, row.wanted_seq
            row.save(update_fields=["pushed", "pushed_seq"])


def versions() -> dict[str, str]:
    """Each offer's row version: another one as soon as anything is written, even the same values."""
    with database.cursor() as cursor:
        cursor.execute("SELECT offer_sku, ctid::text || xmin::text || xmax::text FROM integration_offerstock")
        return dict(cursor.fetchall())
