"""Reads what items are, slowly: their names, barcodes, parts and safety stock. The least urgent of all calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection as database

from core.clock import db_now
from core.http import HttpError
from integration.deposco.port import WmsPort
from integration.gateways import deposco_for, profile_of
from integration.models import FeedCursor, StockItem, StockReading, Warehouse
from integration.services.guard_connection import (
    connection_allows,
    is_not_granted,
    is_refusal,
    note_stock_failure,
    note_success,
)
from integration.services.stock.list_items import list_items
from integration.services.stock.read_pages import USUAL, is_needed_elsewhere
from integration.services.stock.store_items import store_items
from integration.services.take_soon import take_soon

FEED: Final = "items"
ITEMS_A_BEAT: Final = 10
# Each item is asked for once a week at most; one that the warehouse does not have as well.
EVERY: Final = timedelta(days=7)
# Who is to be asked for is looked up for many at once, and not at every beat when nobody is.
AT_ONCE, REST = 200, timedelta(minutes=2)
NOT_GRANTED_REST: Final = timedelta(hours=1)
MOST_ABSENT: Final = 2_000
# Items that a SKU map names: those never read first, then the longest ago. Before all of them those that no reading of
# stock named: as kits, which have no stock of their own, they have no number until they are read.
DUE: Final = """
SELECT m.item_number
FROM (SELECT DISTINCT m.item_number FROM integration_skumapping m JOIN integration_channel c ON c.id = m.channel_id
      WHERE c.warehouse_id = %(warehouse)s AND c.is_active) m
LEFT JOIN integration_stockitem s ON s.warehouse_id = %(warehouse)s AND s.number = m.item_number
WHERE (s.read_at IS NULL OR s.read_at < %(old)s) AND m.item_number <> ALL(%(absent)s::text[])
ORDER BY s.read_at NULLS FIRST, s.id IS NOT NULL, m.item_number LIMIT %(most)s
"""


@dataclass(frozen=True)
class ItemsRead:
    """Items that told of themselves, and kits whose parts are others now."""

    read: int = 0
    kits_changed: int = 0
    skipped: str = ""


def read_items(*, warehouse: Warehouse, heartbeat: Callable[[], None] = lambda: None) -> ItemsRead:
    """A few items, one call each, or pages of their list where the tenant has one. Takes only calls nobody else needs.

    Raises the errors of core.http.
    """
    profile = profile_of(warehouse)
    if profile.speaks("items") is None:
        return ItemsRead(skipped="this tenant tells nothing of items")
    cursor, _ = FeedCursor.objects.get_or_create(connection=warehouse.connection, feed=FEED)
    now = db_now()
    if now < _moment(cursor.memory.get("not_before"), now):
        return ItemsRead()
    if is_needed_elsewhere(warehouse):
        return ItemsRead(skipped="something waits to be written")
    has_list = profile.speaks("items") == "v2"
    if not has_list and not _fill(warehouse, cursor, now):
        return ItemsRead()
    if not connection_allows(warehouse.connection):
        return ItemsRead(skipped="the connection is paused")
    client, recorder = deposco_for(warehouse)
    try:
        if has_list:
            read, kits = list_items(
                warehouse=warehouse, client=client, cursor=cursor, may_call=lambda: _may_call(warehouse), now=now
            )
        else:
            read, kits = _one_by_one(warehouse, client, cursor, heartbeat)
    except HttpError as error:
        note_stock_failure(connection=warehouse.connection, error=error)
        if is_not_granted(error):
            cursor.memory["not_before"] = (now + NOT_GRANTED_REST).isoformat()
            cursor.save(update_fields=["memory"])
        raise
    finally:
        recorder.flush()
    return ItemsRead(read=read, kits_changed=kits)


def _one_by_one(
    warehouse: Warehouse, client: WmsPort, cursor: FeedCursor, heartbeat: Callable[[], None]
) -> tuple[int, int]:
    read = kits = 0
    for number in list(cursor.memory["due"])[:ITEMS_A_BEAT]:
        if not _may_call(warehouse):
            break
        heartbeat()
        now = db_now()
        try:
            facts = client.item_facts(number)
        except HttpError as error:
            if not is_refusal(error):
                raise
            facts = None
        note_success(warehouse.connection)
        if facts is None or facts.number != number:
            # It may be the item with this barcode: not the one that the map means.
            _remember_absent(warehouse, cursor, number, now)
        else:
            kits += store_items(warehouse=warehouse, facts=[facts], now=now)
            read += 1
        cursor.memory["due"] = [one for one in cursor.memory["due"] if one != number]
        cursor.last_read_at = now
        cursor.save(update_fields=["memory", "last_read_at"])
    return read, kits


def _may_call(warehouse: Warehouse) -> bool:
    return take_soon(f"{warehouse.connection}:calls", priority=USUAL, longest=0.0)


def _fill(warehouse: Warehouse, cursor: FeedCursor, now: datetime) -> bool:
    """See to it that somebody is to be asked for; False when nobody is, which is kept for a while."""
    if cursor.memory.get("due"):
        return True
    absent: dict[str, Any] = cursor.memory.get("absent") or {}
    absent = {number: at for number, at in absent.items() if now - _moment(at, now) < EVERY}
    # Before any stock was read nobody knows which items have none: then only a few are settled upon.
    most = AT_ONCE if StockReading.objects.filter(warehouse=warehouse, state="applied").exists() else ITEMS_A_BEAT
    with database.cursor() as sql:
        sql.execute(DUE, {"warehouse": warehouse.pk, "old": now - EVERY, "absent": list(absent), "most": most})
        due = [row[0] for row in sql.fetchall()]
    cursor.memory |= {"due": due, "absent": absent, "not_before": None if due else (now + REST).isoformat()}
    cursor.save(update_fields=["memory"])
    return bool(due)


def _remember_absent(warehouse: Warehouse, cursor: FeedCursor, number: str, now: datetime) -> None:
    absent = {**(cursor.memory.get("absent") or {}), number: now.isoformat()}
    cursor.memory["absent"] = dict(list(absent.items())[-MOST_ABSENT:])
    StockItem.objects.filter(warehouse=warehouse, number=number).update(read_at=now)


def _moment(text: object, default: datetime) -> datetime:
    return datetime.fromisoformat(text) if isinstance(text, str) and text else default
