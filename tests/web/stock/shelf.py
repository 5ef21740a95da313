"""An item with its stock and its offers, in one call; and how the tests read the lists."""

import re
from typing import Any

from django.test import Client

from integration.models import Channel, OfferStock, StockItem
from tests.factories.lanes import ChannelFactory, SkuMappingFactory
from tests.factories.stock import FacilityFactory, OfferStockFactory, StockItemFactory, StockLevelFactory

ITEM = re.compile(r'class="row-link mono"\s+href="/stock/items/\d+/">([^<]+)<')
WORDS = re.compile(r"<[^>]*>|\s+")
STOCK_LANES = ["acceptance", "import", "dispatch", "stock"]


def stock_channel(code: str = "HARBOUR", **values: Any) -> Channel:
    channel: Channel = ChannelFactory(code=code, name=values.pop("name", code.title()), lanes=STOCK_LANES, **values)
    return channel


def item_on(channel: Channel, number: str, **values: Any) -> StockItem:
    """An item of the channel's warehouse, nowhere in stock and not offered."""
    item: StockItem = StockItemFactory(warehouse=channel.warehouse, number=number, **values)
    return item


def offer_of(item: StockItem, channel: Channel, offer_sku: str, *, units: int = 1, **values: Any) -> OfferStock:
    """An offer that stands for the item."""
    SkuMappingFactory(channel=channel, offer_sku=offer_sku, item_number=item.number, units_per_offer=units)
    offer: OfferStock = OfferStockFactory(channel=channel, offer_sku=offer_sku, **values)
    return offer


def level_of(item: StockItem, atp: int | None, name: str, **values: Any) -> Any:
    """What a facility of that name has of the item."""
    facility = FacilityFactory(warehouse=item.warehouse, name=name, number=name[:3].upper())
    return StockLevelFactory(warehouse=item.warehouse, item_number=item.number, facility=facility, atp=atp, **values)


def items_in(client: Client, address: str) -> list[str]:
    answer = client.get(address)
    assert answer.status_code == 200
    return ITEM.findall(answer.content.decode())


def words_of(client: Client, address: str) -> str:
    """The text of a page, every gap a single space."""
    answer = client.get(address)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def text_of(html: str) -> str:
    return " ".join(WORDS.sub(" ", html).split()).replace("\u2212", "-")
