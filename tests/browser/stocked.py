"""Rows of the stock lane put into an installation, so that its pages have something to show whatever the lane does."""

from typing import Final

from tests.browser.installation import Installation

# Run within the installation: an item with everything that its page can show, and a file with refusals.
ROWS: Final = """
from datetime import timedelta
from django.utils import timezone
from integration.models import Channel, OfferStock, StockItem, StockLevel, StockPush, Warehouse
from tests.factories import stock as make
now = timezone.now()
warehouse, channel = Warehouse.objects.first(), Channel.objects.order_by("name").first()
item, is_new = StockItem.objects.get_or_create(
    warehouse=warehouse, number="ITEM-001", defaults={"first_seen_at": now, "name": "Blue jar"}
)
facility = make.FacilityFactory(warehouse=warehouse, number="AXE", name="Reno")
level = make.StockLevelFactory(warehouse=warehouse, item_number=item.number, facility=facility, unknown_since=now)
make.ChannelFacilityFactory(channel=channel, facility=facility, is_eligible=False, words="leaves too late")
make.StockMoveFactory(level=level, at=now - timedelta(hours=2))
rules = make.StockRuleFactory(units=4, note="axe"), make.StockRuleFactory(units=2, item_number=item.number)
OfferStock.objects.filter(channel=channel, offer_sku="SKU-001").delete()
offer = make.OfferStockFactory(
    channel=channel, offer_sku="SKU-001", buffer_rule=rules[1].pk, is_stale=True, differs_since=now, seen=9,
    refused_at=now, refused_words="Offer is closed", wanted_seq=12, pushed_seq=10,
)
for hours in range(1, 60, 7):
    hour = (now - timedelta(hours=hours)).replace(minute=0, second=0, microsecond=0)
    make.ItemStockHourFactory(warehouse_id=warehouse.pk, item_number=item.number, hour=hour, last=20 + hours)
    make.OfferStockHourFactory(channel_id=channel.pk, offer_sku="SKU-001", hour=hour, last=hours % 7)
push = make.StockPushFactory(channel=channel, lines=2, landed=1, refused=1, sha256="0" * 64, problem="One was refused")
make.StockPushLineFactory(push=push, offer_sku="SKU-001", outcome="refused", words="Offer is closed")
make.StockPushLineFactory(push=push, offer_sku="SKU-002", outcome="landed")
make.ListedOfferFactory(channel=channel, offer_sku="SKU-OF-NOBODY")
"""


def put_stock(installation: Installation) -> None:
    """Make the rows."""
    installation.manage("shell", "--no-imports", "--command", ROWS)
