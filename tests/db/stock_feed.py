"""A house whose stock lane is on, read beat by beat; pages of stock that the tests write themselves."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import httpx

from integration.models import Channel, StockLevel, StockReading, StockTouch, Warehouse
from integration.services.stock.read_full_stock import read_full_stock
from integration.services.stock.read_stock import StockRead, read_stock
from tests.db.house import House

AVAILABILITY, INVENTORY = "/availability", "/inventory/full"


def sell_stock(house: House, **inventory: Any) -> None:
    """Switch the stock lane on, and set what the tenant's profile says of stock."""
    Channel.objects.filter(pk=house.channel.pk).update(lanes=[*house.channel.lanes, "stock"])
    house.warehouse.profile["inventory"] = {**house.warehouse.profile["inventory"], **inventory}
    house.warehouse.save(update_fields=["profile"])


def read(house: House) -> StockRead:
    """One beat of what moved and of single items."""
    return read_stock(warehouse=Warehouse.objects.get(pk=house.warehouse.pk))


def read_all(house: House) -> StockRead:
    """One beat of the reading of everything."""
    return read_full_stock(warehouse=Warehouse.objects.get(pk=house.warehouse.pk))


def known(house: House, **inventory: Any) -> None:
    """The stock is sold, and was read once; what that touched is out of the way."""
    sell_stock(house, **inventory)
    read_all(house)
    StockTouch.objects.all().delete()
    house.skip(61)


def put(house: House, item: str, facility: str, count: int) -> None:
    """Say in the warehouse how many there are."""
    house.tenant.set_stock(item, facility, Decimal(count))


def atp(item: str, facility: str) -> Decimal | None:
    """The number as we have it."""
    return StockLevel.objects.get(item_number=item, facility__number=facility).atp


def level(item: str, facility: str) -> StockLevel:
    """The whole row of it."""
    return StockLevel.objects.get(item_number=item, facility__number=facility)


def newest(kind: str) -> StockReading:
    """The reading of this kind that began last."""
    return StockReading.objects.filter(kind=kind).order_by("-id")[0]


def touched() -> list[str]:
    """Items whose numbers must be worked out anew, each once."""
    return sorted(set(StockTouch.objects.values_list("item_number", flat=True)))


def answers(
    *pages: httpx.Response | None, path: str = AVAILABILITY
) -> Callable[[httpx.Request], httpx.Response | None]:
    """Answer calls to a path in turn; None lets one through, and so does whatever comes after."""
    waiting = list(pages)

    def before(request: httpx.Request) -> httpx.Response | None:
        return waiting.pop(0) if waiting and request.url.path.endswith(path) else None

    return before


def availability(**items: dict[str, int | None]) -> httpx.Response:
    """A page of items, each with its facilities; None is a measure that is not told."""
    rows = [
        {
            "itemNumber": item.replace("_", "-"),
            "facilities": [
                {"facility": facility, **({} if count is None else {"atpQty": count})}
                for facility, count in places.items()
            ],
        }
        for item, places in items.items()
    ]
    return httpx.Response(200, json={"enterpriseInventory": rows})
