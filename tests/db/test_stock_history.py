from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection as database

from core.clock import db_now
from integration.models import (
    Channel,
    Facility,
    ItemStockHour,
    OfferStockHour,
    StockIntake,
    StockLevel,
    StockMove,
    StockReading,
    StockRecheck,
    StockTouch,
    Warehouse,
)
from integration.services.stock.keep_days import keep_days
from integration.services.stock.keep_history import keep_history
from integration.services.stock.roll_up_moves import roll_up_moves
from tests.db.house import House
from tests.db.stock_feed import known, put, read, read_all, sell_stock
from tests.factories.lanes import WarehouseFactory

HISTORY, HOURS = timedelta(days=35), timedelta(days=400)


def keep() -> dict[str, int]:
    return keep_history(history=HISTORY, hours=HOURS)


def hours(item: str) -> list[tuple[int, int, int, int]]:
    """The item's hours as (lowest, highest, last, moves), oldest first."""
    rows = ItemStockHour.objects.filter(item_number=item).order_by("hour")
    return [(int(row.lowest), int(row.highest), int(row.last), row.moves) for row in rows]


def to_next_hour(house: House) -> None:
    now = db_now()
    house.skip((now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1) - now).total_seconds() + 60)


def tables(parent: str = "integration_stockmove") -> set[str]:
    with database.cursor() as cursor:
        cursor.execute("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [parent])
        return {row[0].removeprefix(f"{parent}_") for row in cursor.fetchall()}


def test_an_hour_knows_the_levels_of_all_facilities_together_before_and_after_each_move(north: House) -> None:
    known(north)
    to_next_hour(north)
    put(north, "ITEM-001", "LVL", 0)
    read(north)
    north.skip(61)
    put(north, "ITEM-001", "DOC", 100_500)
    put(north, "ITEM-001", "LVL", 10)
    read(north)
    to_next_hour(north)
    put(north, "ITEM-001", "HIL", 99_000)
    read(north)

    keep()

    # 100,000 in each of four: 0 in one of them, then 10 and 500 more, then 1,000 less in a third.
    assert hours("ITEM-001") == [
        (400_000, 400_000, 400_000, 4),
        (300_000, 400_000, 300_510, 3),
        (299_510, 300_510, 299_510, 1),
    ]
    assert len(hours("ITEM-002")) == 1


def test_rolling_up_again_writes_nothing_and_later_moves_of_the_hour_are_added(north: House) -> None:
    known(north)
    to_next_hour(north)
    put(north, "ITEM-001", "LVL", 0)
    read(north)
    keep()

    again = keep()["rolled_up"]
    north.skip(61)
    put(north, "ITEM-001", "LVL", 50)
    read(north)
    after = keep()["rolled_up"]

    assert (again, after) == (0, 1)
    assert hours("ITEM-001")[-1] == (300_000, 400_000, 300_050, 2)


def test_moves_of_a_reading_that_took_hours_count_in_the_hours_in_which_they_were_told(
    north: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_stock(north, page_size=10)
    monkeypatch.setattr("integration.services.stock.read_full_stock.SECONDS_A_BEAT", 0.0)
    for _ in range(5):
        read_all(north)
        to_next_hour(north)
        keep()
    read_all(north)

    keep()

    told = StockMove.objects.get(item_number="ITEM-015", facility_id=Facility.objects.get(number="LVL").pk).at
    hour = ItemStockHour.objects.get(item_number="ITEM-015").hour
    assert hour == told.replace(minute=0, second=0, microsecond=0)
    assert db_now() - hour > timedelta(hours=3)
    assert ItemStockHour.objects.count() == 41


def test_days_to_come_have_tables_and_days_that_are_over_lose_theirs(db: None) -> None:
    today = db_now().astimezone(UTC).date()
    long_ago = today - timedelta(days=60)
    with database.cursor() as cursor:
        cursor.execute("SELECT stock_history_days(%s, 1)", [long_ago])
        cursor.execute("SELECT stock_history_days(%s, 0)", [today - HISTORY])

    counts = keep()

    assert {f"{today + timedelta(days=ahead):%Y%m%d}" for ahead in range(4)} <= tables()
    assert (f"{long_ago:%Y%m%d}" in tables(), f"{today - HISTORY:%Y%m%d}" in tables()) == (False, True)
    assert counts["dropped"] == 4  # two days of each of two histories


def test_moves_of_a_day_without_a_table_get_one_and_none_is_lost(db: None) -> None:
    day = date(2031, 5, 20)
    for offset in (-50, 0, 1):
        StockMove.objects.create(
            day=day + timedelta(days=offset),
            at=datetime(2031, 5, 20, tzinfo=UTC),
            warehouse_id=1,
            item_number="ITEM-001",
            facility_id=1,
            after=Decimal(offset),
        )

    counts = keep_days(today=day, kept=HISTORY)

    assert counts["made"] == 8
    assert set(StockMove.objects.filter(day__gte=date(2031, 1, 1)).values_list("after", flat=True)) == {
        Decimal(0),
        Decimal(1),
    }
    with database.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM integration_stockmove_20310520")
        assert cursor.fetchone()[0] == 1


def test_hours_and_readings_are_forgotten_when_they_are_old_but_the_last_of_each_kind_stays(north: House) -> None:
    known(north)
    read(north)
    now = db_now()
    for age in (365, 401):
        at = now - timedelta(days=age)
        ItemStockHour.objects.create(warehouse_id=1, item_number="OLD", hour=at, lowest=1, highest=1, last=1, moves=1)
        OfferStockHour.objects.create(channel_id=1, offer_sku="OLD", hour=at, lowest=1, highest=1, last=1, pushes=1)
    north.skip(61)
    read(north)
    north.skip(31 * 24 * 3600)
    failed = StockReading.objects.create(
        warehouse=north.warehouse, kind="delta", state="failed", began_at=now, finished_at=now
    )

    counts = keep()

    assert (ItemStockHour.objects.filter(item_number="OLD").count(), OfferStockHour.objects.count()) == (1, 1)
    assert sorted(StockReading.objects.values_list("kind", flat=True)) == ["delta", "full"]
    assert (counts["readings"], StockReading.objects.filter(pk=failed.pk).exists()) == (2, False)


def test_queues_of_warehouses_that_nobody_sells_from_are_emptied_and_others_are_left(north: House) -> None:
    sell_stock(north)
    other = WarehouseFactory()
    for warehouse in (north.warehouse, other):
        StockTouch.objects.create(warehouse=warehouse, item_number="ITEM-001")
        StockRecheck.objects.create(
            warehouse=warehouse, item_number="ITEM-001", reason="order", asked_at=db_now(), not_before=db_now()
        )

    keep()

    assert list(StockTouch.objects.values_list("warehouse_id", flat=True)) == [north.warehouse.pk]
    assert list(StockRecheck.objects.values_list("warehouse_id", flat=True)) == [north.warehouse.pk]


def test_a_reading_of_a_warehouse_that_is_no_longer_sold_from_ends_with_what_it_put_aside(north: House) -> None:
    sell_stock(north)
    reading = StockReading.objects.create(warehouse=north.warehouse, kind="full", began_at=db_now())
    StockIntake.objects.create(reading=reading, item_number="ITEM-001", facility_number="LVL", read_at=db_now())
    keep()
    still_sold = StockReading.objects.get().state

    Channel.objects.update(lanes=["acceptance"])
    keep()

    assert (still_sold, StockReading.objects.get().state) == ("running", "failed")
    assert not StockIntake.objects.exists()


def test_rows_that_a_reading_left_behind_are_forgotten_and_those_of_one_under_way_are_not(north: House) -> None:
    sell_stock(north)
    now = db_now()
    for kind, state in (("full", "running"), ("delta", "failed")):
        reading = StockReading.objects.create(warehouse=north.warehouse, kind=kind, state=state, began_at=now)
        StockIntake.objects.create(reading=reading, item_number=kind, facility_number="LVL", read_at=now)

    keep()

    assert list(StockIntake.objects.values_list("item_number", flat=True)) == ["full"]


def test_a_warehouse_without_moves_is_rolled_up_to_nothing(north: House) -> None:
    warehouse = Warehouse.objects.get(pk=north.warehouse.pk)

    written = roll_up_moves(warehouse=warehouse, now=db_now(), oldest=db_now() - HISTORY)

    assert (written, StockLevel.objects.count()) == (0, 0)
