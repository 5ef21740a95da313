"""Begins, keeps and breaks off a reading of stock. One of a kind is under way at a time; who comes later goes on with it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models import F

from core.clock import db_now
from core.redaction import storable
from integration.deposco.schemas import StockPage
from integration.domain.stock_figure import stock_figure
from integration.models import StockIntake, StockReading, Warehouse

# A reading that takes longer than this tells too much of what was: it is begun anew.
LONGEST: Final = {
    StockReading.Kind.FULL: timedelta(hours=8),
    StockReading.Kind.DELTA: timedelta(hours=1),
    StockReading.Kind.RECHECK: timedelta(0),
}
LONGEST_NUMBER, LONGEST_PROBLEM = 60, 500


class TakenOverError(Exception):
    """Another run has gone on with this reading meanwhile; what this one read is not kept."""


def running_reading(*, warehouse: Warehouse, kind: StockReading.Kind, now: datetime) -> StockReading | None:
    """The reading of this kind that is under way, to be gone on with. One that takes too long is broken off here."""
    reading = StockReading.objects.filter(warehouse=warehouse, kind=kind, state=StockReading.State.RUNNING).first()
    if reading is None or now - reading.began_at <= LONGEST[kind]:
        return reading
    hours = LONGEST[kind].total_seconds() / 3600
    words = f"It was not finished within {hours:g} hours" if hours else "Its run ended before it was finished"
    break_off(reading=reading, problem=f"{words}; page {reading.next_page} was to be next.")
    return None


def begin_reading(
    *, warehouse: Warehouse, kind: StockReading.Kind, now: datetime, since: datetime | None = None
) -> StockReading:
    """A new reading, or the one that another run has begun in this moment."""
    running = {"warehouse": warehouse, "kind": kind, "state": StockReading.State.RUNNING}
    try:
        with transaction.atomic():
            return StockReading.objects.create(**running, began_at=now, since=since)
    except IntegrityError:
        return StockReading.objects.get(**running)


def break_off(*, reading: StockReading, problem: str) -> None:
    """End it without applying anything: the numbers before it stand, and what it read is forgotten."""
    with transaction.atomic():
        ended = StockReading.objects.filter(pk=reading.pk, state=StockReading.State.RUNNING).update(
            state=StockReading.State.FAILED, finished_at=db_now(), problem=storable(problem)[:LONGEST_PROBLEM]
        )
        if ended:
            StockIntake.objects.filter(reading=reading).delete()


def keep_page(*, reading: StockReading, page: StockPage, read_at: datetime) -> None:
    """Put a page aside and move on to the next, both or neither. Raises TakenOverError when another run was here before.

    Rows whose names cannot be one of ours, longer than any item's or facility's, are left out.
    """
    rows = [
        StockIntake(
            reading=reading,
            item_number=row.item_number,
            facility_number=row.facility,
            atp=stock_figure(row.atp),
            on_hand=stock_figure(row.on_hand),
            unallocated=stock_figure(row.unallocated),
            read_at=read_at,
        )
        for row in page.rows
        if _is_name(row.item_number) and _is_name(row.facility)
    ]
    with transaction.atomic():
        moved = StockReading.objects.filter(
            pk=reading.pk, state=StockReading.State.RUNNING, next_page=reading.next_page
        ).update(
            next_page=F("next_page") + 1, last_fingerprint=page.fingerprint, rows=F("rows") + len(rows), problem=""
        )
        if not moved:
            message = f"Page {reading.next_page} of reading {reading.pk} was read by another run"
            raise TakenOverError(message)
        _put_aside(rows)
    reading.next_page += 1
    reading.last_fingerprint, reading.problem = page.fingerprint, ""
    reading.rows += len(rows)


def _put_aside(rows: Sequence[StockIntake]) -> None:
    StockIntake.objects.bulk_create(rows, batch_size=5000)


def _is_name(text: str) -> bool:
    return 0 < len(text) <= LONGEST_NUMBER and storable(text) == text
