"""Keeps the history of stock for as long as it is of use, and makes what charts read of it; a bounded piece at a time."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connection as database
from django.db.models import F, OuterRef, Subquery

from core.clock import db_now
from integration.models import StockReading, Warehouse
from integration.queries.stock.warehouses_read import warehouses_read
from integration.services.stock.begin_reading import break_off
from integration.services.stock.judge_feed import clear_feed
from integration.services.stock.keep_days import keep_days
from integration.services.stock.roll_up_moves import roll_up_moves

READINGS_KEPT: Final = timedelta(days=30)
PIECE, MOST_PIECES = 20_000, 50
FORGET_HOURS: Final = {
    "item_hours": """DELETE FROM integration_itemstockhour WHERE id IN (
        SELECT id FROM integration_itemstockhour WHERE hour < %(oldest)s ORDER BY hour LIMIT %(piece)s)""",
    "offer_hours": """DELETE FROM integration_offerstockhour WHERE id IN (
        SELECT id FROM integration_offerstockhour WHERE hour < %(oldest)s ORDER BY hour LIMIT %(piece)s)""",
}
# Nobody works these out or asks for them: when the lane is switched on, everything is worked out and read anew.
FORGET_QUEUES: Final = {
    "touches": """DELETE FROM integration_stocktouch WHERE id IN (
        SELECT id FROM integration_stocktouch WHERE NOT warehouse_id = ANY(%(read)s::bigint[]) LIMIT %(piece)s)""",
    "rechecks": """DELETE FROM integration_stockrecheck WHERE id IN (
        SELECT id FROM integration_stockrecheck WHERE NOT warehouse_id = ANY(%(read)s::bigint[]) LIMIT %(piece)s)""",
}
# Rows of readings that ended leave with them; should any be left behind, nobody would ever apply them.
FORGET_INTAKE: Final = """
DELETE FROM integration_stockintake WHERE id IN (
    SELECT i.id FROM integration_stockintake i JOIN integration_stockreading r ON r.id = i.reading_id
    WHERE r.state <> 'running' LIMIT %(piece)s)
"""


def keep_history(
    *, history: timedelta, hours: timedelta, heartbeat: Callable[[], None] = lambda: None
) -> dict[str, int]:
    """Make and drop days, roll up what moved, forget what is old. What is left over waits for the next run.

    `history` is how long single moves and lines are kept, `hours` how long the hourly figures. Returns counts.
    """
    now = db_now()
    counts = keep_days(today=now.astimezone(UTC).date(), kept=history)
    heartbeat()
    read = warehouses_read()
    counts["rolled_up"] = 0
    for warehouse in Warehouse.objects.filter(is_active=True).order_by("code"):
        counts["rolled_up"] += roll_up_moves(warehouse=warehouse, now=now, oldest=now - history)
        heartbeat()
    for warehouse in Warehouse.objects.exclude(id__in=[one.pk for one in read]).order_by("code"):
        _leave(warehouse, now)
    values = {"oldest": now - hours, "read": [warehouse.pk for warehouse in read], "piece": PIECE}
    for name, statement in {**FORGET_HOURS, **FORGET_QUEUES, "intake": FORGET_INTAKE}.items():
        counts[name] = _in_pieces(statement, values, heartbeat)
    counts["readings"] = _forget_readings(now)
    return counts


def _leave(warehouse: Warehouse, now: datetime) -> None:
    """Nobody sells this warehouse's stock any more: what was begun for it ends, and that it is not read is no finding."""
    clear_feed(warehouse=warehouse, now=now)
    for reading in StockReading.objects.filter(warehouse=warehouse, state=StockReading.State.RUNNING):
        break_off(reading=reading, problem="The stock lane was switched off for every shop of this warehouse.")


def _in_pieces(statement: str, values: dict[str, Any], heartbeat: Callable[[], None]) -> int:
    total = 0
    for _ in range(MOST_PIECES):
        with database.cursor() as cursor:
            cursor.execute(statement, values)
            deleted = cursor.rowcount
        total += deleted
        heartbeat()
        if deleted < PIECE:
            break
    return total


def _forget_readings(now: datetime) -> int:
    """All that ended long ago, but for the last that was applied of each kind: it says how old the numbers are."""
    newest = StockReading.objects.filter(
        warehouse=OuterRef("warehouse"), kind=OuterRef("kind"), state=StockReading.State.APPLIED
    ).order_by("-began_at")
    old = StockReading.objects.exclude(state=StockReading.State.RUNNING).filter(finished_at__lt=now - READINGS_KEPT)
    last = old.annotate(newest=Subquery(newest.values("id")[:1])).filter(id=F("newest")).values_list("id", flat=True)
    ids = list(old.exclude(id__in=list(last)).order_by("id").values_list("id", flat=True)[:PIECE])
    deleted, _ = StockReading.objects.filter(id__in=ids).delete()
    return deleted
