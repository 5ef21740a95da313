"""Makes the hourly figures of an item's stock, which charts read, from its single moves."""

from datetime import datetime, timedelta
from typing import Final

from django.db import connection as database
from django.db import transaction

from integration.models import FeedCursor, StockReading, Warehouse

FEED: Final = "stock hours"
# What was applied in the last moments before the previous roll-up may not have been visible to it.
MARGIN: Final = timedelta(minutes=5)
SET_LIMITS: Final = "SET LOCAL statement_timeout = '200s'; SET LOCAL work_mem = '128MB'"
# From the levels as they are now, move by move backwards: after each move the item had what it has now without all that
# moved since, in whatever facility. What one answer told of several facilities is one move, and each hour knows the
# level that it began with; that of an item that was never told before is none.
ROLL_UP: Final = """
WITH moved AS MATERIALIZED (
    SELECT item_number, at, sum(COALESCE(after, 0) - COALESCE(before, 0)) AS delta, count(*) AS moves,
           bool_and(before IS NULL) AS is_first
    FROM integration_stockmove
    WHERE warehouse_id = %(warehouse)s AND day >= (%(since)s AT TIME ZONE 'UTC')::date AND at >= %(since)s
    GROUP BY item_number, at
), now_there AS (
    SELECT l.item_number, sum(l.atp) AS total FROM integration_stocklevel l
    WHERE l.warehouse_id = %(warehouse)s AND l.item_number IN (SELECT item_number FROM moved)
    GROUP BY l.item_number
), steps AS (
    SELECT m.item_number, m.at, m.moves, m.delta, m.is_first, date_trunc('hour', m.at, 'UTC') AS hour,
           n.total - COALESCE(sum(m.delta) OVER later, 0) AS level
    FROM moved m JOIN now_there n USING (item_number)
    WINDOW later AS (PARTITION BY m.item_number ORDER BY m.at DESC ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
)
INSERT INTO integration_itemstockhour AS h (warehouse_id, item_number, hour, lowest, highest, last, moves)
SELECT %(warehouse)s, item_number, hour,
       min(LEAST(level, CASE WHEN NOT is_first THEN level - delta END)),
       max(GREATEST(level, CASE WHEN NOT is_first THEN level - delta END)),
       (array_agg(level ORDER BY at DESC))[1], sum(moves)
FROM steps GROUP BY item_number, hour
ON CONFLICT (warehouse_id, item_number, hour) DO UPDATE
SET lowest = EXCLUDED.lowest, highest = EXCLUDED.highest, last = EXCLUDED.last, moves = EXCLUDED.moves
WHERE (h.lowest, h.highest, h.last, h.moves) IS DISTINCT FROM
      (EXCLUDED.lowest, EXCLUDED.highest, EXCLUDED.last, EXCLUDED.moves)
"""


def roll_up_moves(*, warehouse: Warehouse, now: datetime, oldest: datetime) -> int:
    """Work out anew each hour that a reading applied since the last time has moves in, whole hours from its moves.

    Moves older than `oldest` are gone. Returns the hours written; a repeat writes none.
    """
    cursor, _ = FeedCursor.objects.get_or_create(connection=warehouse.connection, feed=FEED)
    applied = StockReading.objects.filter(warehouse=warehouse, state=StockReading.State.APPLIED)
    if cursor.watermark is not None:
        applied = applied.filter(finished_at__gte=cursor.watermark - MARGIN)
    # A reading's moves are dated when their page was asked for: never before it began, and by hours before it ended.
    first = applied.order_by("began_at").values_list("began_at", flat=True).first()
    written = 0
    with transaction.atomic(), database.cursor() as sql:
        if first is not None:
            since = max(_hour(first), _hour(oldest) + timedelta(hours=1))
            sql.execute(SET_LIMITS)
            sql.execute(ROLL_UP, {"warehouse": warehouse.pk, "since": since})
            written = sql.rowcount
        FeedCursor.objects.filter(pk=cursor.pk).update(watermark=now, last_read_at=now, last_count=written)
    return written


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
