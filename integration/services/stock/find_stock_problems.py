"""Looks for what is wrong with stock, channel by channel and warehouse by warehouse, and writes it as findings."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from core.clock import db_now
from core.jobs import Counts
from integration.models import Channel, ChannelStock, FeedCursor, OfferStock, StockFinding, Warehouse
from integration.services.stock.find_double_buffers import offer_buffers, warehouse_buffers
from integration.services.stock.find_offer_problems import discrepancies, inactive_offers, seen_gap, unmapped_offers
from integration.services.stock.find_oversold import oversold_items
from integration.services.stock.record_findings import Finding, record_findings

DISCREPANCY: Final = ("stock.discrepancy",)
OVERSOLD: Final = ("order.oversold",)
# What takes a look at every offer, or at every level: after each proof, while something is open, and now and then.
OF_OFFERS: Final = ("stock.offer_unmapped", "stock.offer_inactive", "stock.double_buffer")
OF_LEVELS: Final = ("stock.double_buffer",)
LOOK_AGAIN: Final = timedelta(minutes=15)
FEED: Final = "stock.problems"


def find_stock_problems(*, heartbeat: Callable[[], None] = lambda: None) -> Counts:
    """Make the open findings equal to what is so now, for everything whose stock lane is on. Returns how many are open.

    What is cheap is looked at every time; every offer only when they were read back since, when one of these findings
    is open (so that a fix closes its case within a minute), or a quarter of an hour passed.
    """
    open_now = 0
    channels = Channel.objects.filter(is_active=True, lanes__contains=["stock"], warehouse__isnull=False)
    rows = list(channels.select_related("warehouse").order_by("code"))
    for channel in rows:
        open_now += _look_at_channel(channel)
        heartbeat()
    warehouses = {channel.warehouse_id: channel.warehouse for channel in rows if channel.warehouse}
    for warehouse in warehouses.values():
        open_now += _look_at_warehouse(warehouse)
        heartbeat()
    _clear_what_is_off(rows, list(warehouses.values()))
    return {"open": open_now}


def _look_at_channel(channel: Channel) -> int:
    now = db_now()
    proved_at = ChannelStock.objects.filter(channel=channel).values_list("proved_at", flat=True).first()
    must_look = _must_look(channel.connection, proved_at, OF_OFFERS, channel=channel, now=now)
    # The gap is of every offer, and explains nothing where none differs.
    gap = seen_gap(channel=channel) if must_look or _some_differ(channel) else None
    opened = _record(DISCREPANCY, channel, "", discrepancies(channel=channel, gap=gap, now=now), now)
    if not must_look:
        return opened
    found = [*unmapped_offers(channel=channel), *inactive_offers(channel=channel), *offer_buffers(channel, gap)]
    opened += _record(OF_OFFERS, channel, "", found, now)
    _looked(channel.connection, proved_at, now)
    return opened


def _look_at_warehouse(warehouse: Warehouse) -> int:
    now = db_now()
    opened = _record(OVERSOLD, None, warehouse.connection, oversold_items(warehouse=warehouse), now)
    if _must_look(warehouse.connection, None, OF_LEVELS, channel=None, now=now):
        opened += _record(OF_LEVELS, None, warehouse.connection, warehouse_buffers(warehouse), now)
        _looked(warehouse.connection, None, now)
    return opened


def _record(
    kinds: Sequence[str], channel: Channel | None, connection: str, found: Sequence[Finding], now: datetime
) -> int:
    return record_findings(kinds=kinds, channel=channel, connection=connection, found=found, now=now)


def _must_look(
    connection: str, proved_at: datetime | None, kinds: Sequence[str], *, channel: Channel | None, now: datetime
) -> bool:
    cursor = FeedCursor.objects.filter(connection=connection, feed=FEED).first()
    if cursor is None or cursor.last_read_at is None or now - cursor.last_read_at >= LOOK_AGAIN:
        return True
    if cursor.watermark != proved_at:
        return True
    at = {"channel": channel} if channel else {"channel": None, "connection": connection}
    return StockFinding.objects.filter(kind__in=kinds, cleared_at=None, **at).exists()


def _some_differ(channel: Channel) -> bool:
    return OfferStock.objects.filter(channel=channel, differs_since__isnull=False).exists()


def _looked(connection: str, proved_at: datetime | None, now: datetime) -> None:
    FeedCursor.objects.update_or_create(
        connection=connection, feed=FEED, defaults={"watermark": proved_at, "last_read_at": now}
    )


def _clear_what_is_off(channels: Sequence[Channel], warehouses: Sequence[Warehouse]) -> None:
    """Where the lane was switched off nobody looks any more, and what was found last is no news."""
    mine = StockFinding.objects.filter(kind__in=(*DISCREPANCY, *OF_OFFERS, *OVERSOLD), cleared_at=None)
    of_channels = mine.filter(channel__isnull=False).exclude(channel__in=channels)
    of_warehouses = mine.filter(channel=None).exclude(connection__in=[one.connection for one in warehouses])
    for rows in (of_channels, of_warehouses):
        rows.update(cleared_at=db_now())
