from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection as database

from core.jobs import run_job
from integration.models import StockLevel, StockReading
from integration.services.stock.apply_reading import ONE_AT_A_TIME
from integration.services.stock.read_full_stock import ONE_READER
from tests.db.house import House
from tests.db.stock_feed import known, level, newest, put, read, read_all, sell_stock

ONE, TWO = "SELECT pg_advisory_lock(%s)", "SELECT pg_advisory_lock(%s::int, %s::int)"


@contextmanager
def another_holds(*key: int) -> Iterator[None]:
    """Another session holds this advisory lock meanwhile."""
    other = database.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute(TWO if len(key) > 1 else ONE, key)
        yield
    finally:
        other.close()


def test_while_another_reading_is_applied_to_the_warehouse_nothing_is_asked(north: House) -> None:
    sell_stock(north)
    calls = len(north.world.ledger)

    with another_holds(ONE_AT_A_TIME, north.warehouse.pk):
        meanwhile = [read(north).skipped, read_all(north).skipped]

    assert meanwhile == ["another reading is being applied"] * 2
    assert len(north.world.ledger) == calls


def test_a_whole_reading_that_may_not_be_applied_yet_is_applied_at_the_next_beat(
    north: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_stock(north)
    # The other began to apply after the beat had looked.
    monkeypatch.setattr("integration.services.stock.read_full_stock.is_being_applied", lambda **_: False)

    with another_holds(ONE_AT_A_TIME, north.warehouse.pk):
        read_all(north)
    kept, before = newest("full"), StockLevel.objects.count()
    read_all(north)

    assert (kept.state, kept.next_page, before) == ("running", 2, 0)
    assert (newest("full").pk, newest("full").state, StockLevel.objects.count()) == (kept.pk, "applied", 164)


def test_one_warehouse_is_read_from_end_to_end_at_a_time_and_its_place_is_given_back(north: House) -> None:
    sell_stock(north)

    with another_holds(ONE_READER):
        meanwhile = read_all(north)
    read_all(north)

    assert meanwhile.skipped == "another warehouse is being read"
    assert newest("full").state == "applied"


def test_a_number_older_than_the_last_listing_without_one_is_kept_and_stays_unknown(
    north: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(north, page_size=10)
    monkeypatch.setattr("integration.services.stock.read_full_stock.SECONDS_A_BEAT", 0.0)
    north.skip(24 * 3600)
    put(north, "ITEM-001", "LVL", 9)
    read_all(north)
    north.skip(61)
    north.tenant.absent_measures["ITEM-001"] = {"LVL": ["availableToPromise"]}
    put(north, "ITEM-001", "LVL", 3)
    read(north)
    monkeypatch.undo()

    read_all(north)

    row = level("ITEM-001", "LVL")
    assert (newest("full").state, row.atp) == ("applied", Decimal(9))
    assert (row.unknown_since or row.read_at) > row.read_at


def test_what_is_unallocated_is_never_shown_beside_an_atp_of_another_reading(north: House) -> None:
    known(north, full="inventory_full")
    known_before = level("ITEM-001", "LVL").unallocated
    for item, count in (("ITEM-001", 100_000), ("ITEM-002", 5)):
        put(north, item, "LVL", count)
    north.skip(24 * 3600)
    sell_again = {**north.warehouse.profile["inventory"], "full": "availability", "delta": "none"}
    north.warehouse.profile["inventory"] = sell_again
    north.warehouse.save(update_fields=["profile"])

    read_all(north)

    assert known_before == Decimal(100_000)
    assert (level("ITEM-001", "LVL").unallocated, level("ITEM-002", "LVL").unallocated) == (Decimal(100_000), None)


def test_without_a_reading_of_what_moved_everything_is_read_every_few_minutes(north: House) -> None:
    sell_stock(north, delta="none")
    read_all(north)
    north.skip(300)
    read_all(north)
    soon = StockReading.objects.count()
    north.skip(300)

    read(north)
    read_all(north)

    assert (soon, StockReading.objects.count()) == (1, 2)
    assert not StockReading.objects.filter(kind="delta").exists()


def test_the_jobs_read_a_warehouse_by_its_code_and_keep_what_they_did(north: House) -> None:
    sell_stock(north)

    full, moved = run_job("stock.read_full", scope="HOUSE"), run_job("stock.read", scope="HOUSE")

    assert full is not None
    assert moved is not None
    assert (full.outcome, full.counts) == ("ok", {"read": 164, "changed": 164, "skipped": 0})
    assert (moved.outcome, moved.counts["skipped"]) == ("ok", 0)
    assert StockLevel.objects.count() == 164
    assert newest("delta").began_at - newest("full").began_at < timedelta(minutes=1)
