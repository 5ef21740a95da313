"""Reads the list of items where a tenant has one: those that changed every few minutes, all of them once a week."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from core.http import HttpError
from integration.deposco.port import WmsPort
from integration.models import FeedCursor, Warehouse
from integration.services.guard_connection import is_refusal, note_success
from integration.services.stock.store_items import store_items

CHANGED_EVERY, ALL_EVERY = timedelta(minutes=10), timedelta(days=7)
OVERLAP: Final = timedelta(minutes=10)
SECONDS_A_BEAT: Final = 15.0


def list_items(
    *, warehouse: Warehouse, client: WmsPort, cursor: FeedCursor, may_call: Callable[[], bool], now: datetime
) -> tuple[int, int]:
    """Go on with the list that is being read, or begin one when it is due. Items read, and kits that changed.

    The cursor moves when the whole list was stored. A list that a page cannot be had of any more is begun anew.
    """
    state = cursor.memory.get("list") or _due(cursor, now)
    if state is None:
        return 0, 0
    until, read, kits = time.monotonic() + SECONDS_A_BEAT, 0, 0
    since = datetime.fromisoformat(state["since"]) if state["since"] else None
    while time.monotonic() < until and may_call():
        try:
            page = client.items_page(updated_after=since, key=state["key"])
        except HttpError as error:
            if state["key"] and is_refusal(error):
                cursor.memory["list"] = None
                cursor.save(update_fields=["memory"])
            raise
        note_success(warehouse.connection)
        if page is None:
            return read, kits
        kits += store_items(warehouse=warehouse, facts=page.items, now=now)
        read += len(page.items)
        state = {**state, "key": page.next_key}
        cursor.memory["list"] = state if page.next_key else None
        cursor.last_read_at, cursor.last_count = now, len(page.items)
        if not page.next_key:
            began = datetime.fromisoformat(state["began"])
            cursor.watermark = began
            cursor.wide_read_at = cursor.wide_read_at if since else began
        cursor.save()
        if not page.next_key:
            break
    return read, kits


def _due(cursor: FeedCursor, now: datetime) -> dict[str, str] | None:
    if cursor.wide_read_at is None or cursor.watermark is None or now - cursor.wide_read_at >= ALL_EVERY:
        return {"since": "", "began": now.isoformat(), "key": ""}
    if now - cursor.watermark < CHANGED_EVERY:
        return None
    return {"since": (cursor.watermark - OVERLAP).isoformat(), "began": now.isoformat(), "key": ""}
