"""Makes the tables of the days to come for the history of stock, and drops those of days that are no longer kept."""

from datetime import date, timedelta
from typing import Final

from django.db import OperationalError, transaction
from django.db import connection as database
from psycopg import sql

PARENTS: Final = ("integration_stockmove", "integration_stockpushline")
AHEAD: Final = 3
# A table is only made or dropped in a quiet moment: whoever writes history must not wait behind us.
SET_LIMITS: Final = "SET LOCAL lock_timeout = '2s'"
MAKE: Final = "SELECT stock_history_days(%s, %s)"
DAYS: Final = """
SELECT c.relname, substring(c.relname FROM '_([0-9]{8})$') FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = to_regclass(%s) AND c.relname ~ '_[0-9]{8}$' ORDER BY c.relname
"""


def keep_days(*, today: date, kept: timedelta) -> dict[str, int]:
    """See to the days from today on, and drop those before today minus `kept`. Counts of `made`, `dropped` and `busy`.

    Rows of a day that had no table, after the jobs stood still for days, are moved into it. What is in use by somebody
    else just now waits for the next run.
    """
    counts = {"made": 0, "dropped": 0, "busy": 0}
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(SET_LIMITS)
            strays = [_take_strays(parent, today) for parent in PARENTS]
            cursor.execute(MAKE, [today, AHEAD])
            counts["made"] = cursor.fetchone()[0]
            for parent, count in zip(PARENTS, strays, strict=True):
                _put_strays(parent, count)
    except OperationalError:
        counts["busy"] += 1
    for parent in PARENTS:
        _forget_strays(parent, today - kept)
        for name, day in _days(parent):
            if day < today - kept:
                counts["dropped" if _drop(name) else "busy"] += 1
    return counts


def _days(parent: str) -> list[tuple[str, date]]:
    with database.cursor() as cursor:
        cursor.execute(DAYS, [parent])
        return [(name, date.fromisoformat(f"{day[:4]}-{day[4:6]}-{day[6:]}")) for name, day in cursor.fetchall()]


def _drop(name: str) -> bool:
    try:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute(SET_LIMITS)
            cursor.execute(_query("DROP TABLE {}", name))
    except OperationalError:
        return False
    return True


def _take_strays(parent: str, today: date) -> int:
    """Take rows of the days to be made out of the table for days without one; they would forbid its making."""
    default, aside = f"{parent}_default", f"{parent}_aside"
    with database.cursor() as cursor:
        cursor.execute(_query("SELECT EXISTS (SELECT 1 FROM {} WHERE day >= %s)", default), [today])
        if not cursor.fetchone()[0]:
            return 0
        # Nobody adds another until they are in their own table.
        cursor.execute(_query("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", parent))
        cursor.execute(
            _query("CREATE TEMPORARY TABLE {} ON COMMIT DROP AS SELECT * FROM {} WHERE day >= %s", aside, default),
            [today],
        )
        cursor.execute(_query("DELETE FROM {} WHERE day >= %s", default), [today])
        return int(cursor.rowcount)


def _put_strays(parent: str, count: int) -> None:
    if count:
        with database.cursor() as cursor:
            cursor.execute(_query("INSERT INTO {} SELECT * FROM {}", parent, f"{parent}_aside"))
            cursor.execute(_query("DROP TABLE {}", f"{parent}_aside"))


def _forget_strays(parent: str, oldest: date) -> None:
    with database.cursor() as cursor:
        cursor.execute(_query("DELETE FROM {} WHERE day < %s", f"{parent}_default"), [oldest])


def _query(text: str, *names: str) -> sql.Composed:
    """A statement with the names of tables put in, quoted as names."""
    return sql.SQL(text).format(*(sql.Identifier(name) for name in names))
