"""Applies a reading of stock in one transaction: levels, moves, what must be worked out anew, what to ask for again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from core.clock import db_now
from integration.deposco.profile import Profile
from integration.models import Facility, StockReading
from integration.services.stock import applying_sql as sql

# Who applies to a warehouse holds this lock with the warehouse's id until the end of the transaction.
ONE_AT_A_TIME: Final = 6_815_004
# Above this many rows the planner is told anew how many there are, and never to go through them one by one: after a first
# reading it takes full tables for empty ones, and would need hours.
MANY: Final = 5_000
# With each reading of what moved so many items without a number are asked for again: one call more.
UNKNOWN_ASKED: Final = 50


@dataclass(frozen=True)
class Applied:
    """What became of a reading. `is_done` False: another is applied to this warehouse now, or this one was already."""

    is_done: bool = False
    rows: int = 0
    changed: int = 0
    touched: int = 0


def apply_reading(*, reading: StockReading, profile: Profile, asked: Mapping[str, datetime] | None = None) -> Applied:
    """Make the levels equal to what a complete reading told, and end it. Nothing of it is seen before all of it is.

    A row never replaces a newer one. A row without the measure leaves the number and says since when it is unknown.
    What a full reading no longer lists is asked for by number. `asked` are the items that a recheck asked for, each with
    the moment its answer was asked for: a place that the answer does not name is unknown from then on. Rechecks that
    were answered late enough are done. Never waits for another that applies to the same warehouse.
    """
    are_many = reading.rows > MANY
    if are_many:
        _count_anew()
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql.SET_LIMITS_FOR_MANY if are_many else sql.SET_LIMITS)
        cursor.execute(sql.TRY_LOCK, [ONE_AT_A_TIME, reading.warehouse_id])
        if not cursor.fetchone()[0]:
            return Applied()
        held = StockReading.objects.select_for_update().filter(pk=reading.pk, state=StockReading.State.RUNNING).first()
        if held is None:
            return Applied()
        _make_facilities(held)
        values: dict[str, Any] = {
            "warehouse": held.warehouse_id,
            "reading": held.pk,
            "began": held.began_at,
            "now": db_now(),
        }
        cursor.execute(sql.COUNT_INTAKE, values)
        rows = cursor.fetchone()[0]
        cursor.execute(sql.TOLD, values)
        cursor.execute(sql.ANALYZE_TOLD)
        for statement in (sql.NEW_ITEMS, sql.UPDATE_NUMBERS, sql.UPDATE_ABSENT, sql.INSERT_LEVELS):
            cursor.execute(statement, values)
        cursor.execute(sql.MOVES, values)
        changed = cursor.rowcount
        cursor.execute(sql.TOUCH_CHANGED, values)
        touched = cursor.rowcount
        cursor.execute(sql.ANSWERED, values)
        touched += cursor.rowcount
        touched += _follow(held, profile, values, asked)
        cursor.execute(sql.DROP_TOLD)
        cursor.execute(sql.FORGET_INTAKE, values)
        StockReading.objects.filter(pk=held.pk).update(
            state=StockReading.State.APPLIED, finished_at=db_now(), rows=rows, changed=changed, problem=""
        )
    return Applied(is_done=True, rows=rows, changed=changed, touched=touched)


def _count_anew() -> None:
    """Each for itself, and before the transaction: the lock of it is held to the end of whatever it is in."""
    with database.cursor() as cursor:
        for statement in sql.ANALYZE_ALL:
            cursor.execute(statement)


def is_being_applied(*, warehouse_id: int) -> bool:
    """Whether somebody applies a reading to this warehouse right now: pages read meanwhile could not be kept."""
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(sql.TRY_LOCK, [ONE_AT_A_TIME, warehouse_id])
        return not cursor.fetchone()[0]


def _follow(
    reading: StockReading, profile: Profile, values: dict[str, Any], asked: Mapping[str, datetime] | None
) -> int:
    """What each kind of reading says of places that it does not name, and of rechecks. Returns the items touched."""
    can_ask = profile.inventory.recheck != "none"
    is_full = reading.kind == StockReading.Kind.FULL
    if asked:
        values = {"items": list(asked), "asked_at": list(asked.values()), **values}
        statements = [sql.NOT_ANSWERED, sql.ANSWERED_BY_NUMBER]
    elif is_full:
        statements = [sql.ASK_NOT_LISTED if can_ask else sql.UNKNOWN_NOT_LISTED]
    else:
        values = {"few": UNKNOWN_ASKED, **values}
        statements = [sql.ASK_UNKNOWN if can_ask else sql.ANSWERED_BY_MOVES]
    touched = 0
    with database.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
            touched += 0 if statement in (sql.ASK_NOT_LISTED, sql.ASK_UNKNOWN) else cursor.rowcount
    return touched


def _make_facilities(reading: StockReading) -> None:
    """Facilities that nobody knew are made under their number; a test of the connection may learn their names."""
    with database.cursor() as cursor:
        cursor.execute(sql.NEW_FACILITIES, {"reading": reading.pk, "warehouse": reading.warehouse_id})
        numbers = [row[0] for row in cursor.fetchall()]
    Facility.objects.bulk_create(
        [Facility(warehouse_id=reading.warehouse_id, number=number, name=number) for number in numbers],
        ignore_conflicts=True,
    )
