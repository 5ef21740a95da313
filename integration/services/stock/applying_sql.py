"""The statements that apply a reading of stock, each one for all of its rows. Run in the order of `apply_reading`."""

from typing import Final

# A first reading of everything writes millions of rows: the usual minute is for single pages. The sort fits in memory.
SET_LIMITS: Final = "SET LOCAL statement_timeout = '200s'; SET LOCAL work_mem = '128MB'"
SET_LIMITS_FOR_MANY: Final = SET_LIMITS + "; SET LOCAL enable_nestloop = off"
TRY_LOCK: Final = "SELECT pg_try_advisory_xact_lock(%s::int, %s::int)"
COUNT_INTAKE: Final = "SELECT count(*) FROM integration_stockintake WHERE reading_id = %(reading)s"
ANALYZE_ALL: Final = (
    "ANALYZE integration_stockintake (reading_id, item_number, facility_number)",
    "ANALYZE integration_stocklevel (warehouse_id, item_number, facility_id)",
    "ANALYZE integration_stockitem (warehouse_id, number)",
)
# Small ones as well: for a handful of rows it would otherwise read every level there is.
ANALYZE_TOLD: Final = "ANALYZE stock_told"
NEW_FACILITIES: Final = """
SELECT DISTINCT i.facility_number FROM integration_stockintake i
WHERE i.reading_id = %(reading)s AND NOT EXISTS (
    SELECT 1 FROM integration_facility f WHERE f.warehouse_id = %(warehouse)s AND f.number = i.facility_number)
"""
# A list that moves while it is read tells some rows twice: the one asked for last counts. Beside each row stands what
# was known before, so that every later statement sees the same before and after.
TOLD: Final = """
CREATE TEMPORARY TABLE stock_told ON COMMIT DROP AS
SELECT t.*, l.id AS level_id, l.atp AS atp_before, l.unknown_since AS unknown_before,
       -- A place without a number takes any; else only what was asked for later than what is there.
       l.id IS NULL OR l.atp IS NULL OR l.read_at < t.read_at AS is_newer
FROM (
    SELECT DISTINCT ON (i.item_number, f.id) i.item_number, f.id AS facility_id, i.atp, i.on_hand, i.unallocated, i.read_at
    FROM integration_stockintake i
    JOIN integration_facility f ON f.warehouse_id = %(warehouse)s AND f.number = i.facility_number
    WHERE i.reading_id = %(reading)s
    ORDER BY i.item_number, f.id, i.read_at DESC, i.id DESC
) t
LEFT JOIN integration_stocklevel l
    ON l.warehouse_id = %(warehouse)s AND l.item_number = t.item_number AND l.facility_id = t.facility_id
"""
DROP_TOLD: Final = "DROP TABLE stock_told"
FORGET_INTAKE: Final = "DELETE FROM integration_stockintake WHERE reading_id = %(reading)s"

NEW_ITEMS: Final = """
INSERT INTO integration_stockitem (warehouse_id, number, name, upcs, tags, is_order_kit, first_seen_at)
SELECT %(warehouse)s, t.item_number, '', '{}', '{}', false, min(t.read_at)
FROM stock_told t
WHERE NOT EXISTS (
    SELECT 1 FROM integration_stockitem s WHERE s.warehouse_id = %(warehouse)s AND s.number = t.item_number)
GROUP BY t.item_number
ON CONFLICT (warehouse_id, number) DO NOTHING
"""
# Not every reading tells what is unallocated: beside another ATP the one known before would show a gap that never was.
# A number that is older than the last listing without one is kept, and stays unknown.
UPDATE_NUMBERS: Final = """
UPDATE integration_stocklevel l
SET atp = t.atp, on_hand = COALESCE(t.on_hand, l.on_hand),
    unallocated = COALESCE(t.unallocated, CASE WHEN l.atp = t.atp THEN l.unallocated END),
    read_at = t.read_at,
    changed_at = CASE WHEN l.atp IS DISTINCT FROM t.atp THEN t.read_at ELSE l.changed_at END,
    unknown_since = CASE WHEN l.unknown_since > t.read_at THEN l.unknown_since END
FROM stock_told t
WHERE l.id = t.level_id AND t.is_newer AND t.atp IS NOT NULL
"""
# The moment of the number stays: what reached the warehouse since is not in it.
UPDATE_ABSENT: Final = """
UPDATE integration_stocklevel l SET unknown_since = t.read_at
FROM stock_told t
WHERE l.id = t.level_id AND t.is_newer AND t.atp IS NULL AND l.unknown_since IS NULL
"""
INSERT_LEVELS: Final = """
INSERT INTO integration_stocklevel
    (warehouse_id, item_number, facility_id, atp, on_hand, unallocated, read_at, changed_at, unknown_since)
SELECT %(warehouse)s, t.item_number, t.facility_id, t.atp, t.on_hand, t.unallocated, t.read_at, t.read_at,
       CASE WHEN t.atp IS NULL THEN t.read_at END
FROM stock_told t WHERE t.level_id IS NULL
"""
# The day is UTC's, as the tables of history are.
MOVES: Final = """
INSERT INTO integration_stockmove (day, at, warehouse_id, item_number, facility_id, before, after, reading_id)
SELECT (t.read_at AT TIME ZONE 'UTC')::date, t.read_at, %(warehouse)s, t.item_number, t.facility_id, t.atp_before, t.atp,
       %(reading)s
FROM stock_told t
WHERE t.is_newer AND t.atp IS NOT NULL AND t.atp IS DISTINCT FROM t.atp_before
"""
TOUCH_CHANGED: Final = """
INSERT INTO integration_stocktouch (warehouse_id, item_number, offer_sku, is_forced)
SELECT DISTINCT %(warehouse)s, t.item_number, '', false
FROM stock_told t
WHERE t.is_newer
  AND CASE WHEN t.atp IS NULL THEN t.unknown_before IS NULL
           ELSE t.atp IS DISTINCT FROM t.atp_before OR t.unknown_before <= t.read_at END
"""
# Rechecks that this reading answered. Their items are touched even where the number stayed: with a later moment of
# reading, orders that reached the warehouse before it are in the number and no longer in flight. A reading that leaves
# out a place whose number is older answers nothing: by that number the orders stay in flight.
ANSWERED: Final = """
WITH told AS (SELECT item_number, min(read_at) AS read_at FROM stock_told GROUP BY item_number),
done AS (
    DELETE FROM integration_stockrecheck r USING told t
    WHERE r.warehouse_id = %(warehouse)s AND r.item_number = t.item_number AND r.not_before <= t.read_at
      AND NOT EXISTS (
        SELECT 1 FROM integration_stocklevel l
        WHERE l.warehouse_id = %(warehouse)s AND l.item_number = r.item_number AND l.atp IS NOT NULL
          AND l.unknown_since IS NULL AND l.read_at < r.not_before)
    RETURNING r.item_number)
INSERT INTO integration_stocktouch (warehouse_id, item_number, offer_sku, is_forced)
SELECT DISTINCT %(warehouse)s, item_number, '', false FROM done
"""
ANSWERED_BY_NUMBER: Final = """
WITH asked AS (SELECT * FROM unnest(%(items)s::text[], %(asked_at)s::timestamptz[]) AS a(item_number, asked_at)),
done AS (
    DELETE FROM integration_stockrecheck r USING asked a
    WHERE r.warehouse_id = %(warehouse)s AND r.item_number = a.item_number AND r.not_before <= a.asked_at
    RETURNING r.item_number)
INSERT INTO integration_stocktouch (warehouse_id, item_number, offer_sku, is_forced)
SELECT DISTINCT %(warehouse)s, item_number, '', false FROM done
"""
# Where no item can be asked for by number, a reading of what moved says of every item it leaves out that it did not.
ANSWERED_BY_MOVES: Final = """
WITH done AS (
    DELETE FROM integration_stockrecheck r WHERE r.warehouse_id = %(warehouse)s AND r.not_before <= %(began)s
    RETURNING r.item_number)
INSERT INTO integration_stocktouch (warehouse_id, item_number, offer_sku, is_forced)
SELECT DISTINCT %(warehouse)s, item_number, '', false FROM done
"""
# Places of items that were asked for, and that the answer does not name.
NOT_ANSWERED: Final = """
WITH asked AS (SELECT * FROM unnest(%(items)s::text[], %(asked_at)s::timestamptz[]) AS a(item_number, asked_at)),
lost AS (
    UPDATE integration_stocklevel l SET unknown_since = a.asked_at
    FROM asked a
    WHERE l.warehouse_id = %(warehouse)s AND l.item_number = a.item_number AND l.unknown_since IS NULL
      AND l.read_at < a.asked_at
      AND NOT EXISTS (SELECT 1 FROM stock_told t WHERE t.level_id = l.id)
    RETURNING l.item_number)
INSERT INTO integration_stocktouch (warehouse_id, item_number, offer_sku, is_forced)
SELECT DISTINCT %(warehouse)s, item_number, '', false FROM lost
"""
# A few of those that are unknown, others each time: what told no number once may tell it again without a move.
ASK_UNKNOWN: Final = """
INSERT INTO integration_stockrecheck (warehouse_id, item_number, reason, asked_at, not_before)
SELECT %(warehouse)s, u.item_number, 'unknown', %(now)s::timestamptz, %(now)s::timestamptz
FROM (SELECT DISTINCT l.item_number FROM integration_stocklevel l
      WHERE l.warehouse_id = %(warehouse)s AND l.unknown_since < %(began)s) u
WHERE NOT EXISTS (
    SELECT 1 FROM integration_stockrecheck r WHERE r.warehouse_id = %(warehouse)s AND r.item_number = u.item_number)
ORDER BY random() LIMIT %(few)s
"""
# Everything was read and this was not in it, nor told by another reading since: gone, moved between pages, or hidden.
ASK_NOT_LISTED: Final = """
INSERT INTO integration_stockrecheck (warehouse_id, item_number, reason, asked_at, not_before)
SELECT DISTINCT %(warehouse)s, l.item_number, 'not listed', %(now)s::timestamptz, %(now)s::timestamptz
FROM integration_stocklevel l
WHERE l.warehouse_id = %(warehouse)s AND l.read_at < %(began)s AND l.unknown_since IS NULL
  AND NOT EXISTS (
    SELECT 1 FROM integration_stockrecheck r
    WHERE r.warehouse_id = %(warehouse)s AND r.item_number = l.item_number AND r.reason = 'not listed')
"""
UNKNOWN_NOT_LISTED: Final = """
WITH lost AS (
    UPDATE integration_stocklevel l SET unknown_since = %(now)s
    WHERE l.warehouse_id = %(warehouse)s AND l.read_at < %(began)s AND l.unknown_since IS NULL
    RETURNING l.item_number)
INSERT INTO integration_stocktouch (warehouse_id, item_number, offer_sku, is_forced)
SELECT DISTINCT %(warehouse)s, item_number, '', false FROM lost
"""
