from datetime import UTC, timedelta
from decimal import Decimal

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError, StatusError
from core.models import Breaker, Effect
from integration.deposco.schemas import StockPage, StockRow
from integration.jobs import read_full_stock, read_stock
from integration.models import Facility, StockFinding, StockIntake, StockItem, StockLevel, StockMove, StockReading
from integration.services.stock.begin_reading import TakenOverError, begin_reading, keep_page
from tests.db.house import House
from tests.db.stock_feed import (
    INVENTORY,
    answers,
    atp,
    availability,
    known,
    level,
    newest,
    put,
    read,
    read_all,
    sell_stock,
    touched,
)


def test_the_first_reading_takes_every_item_of_every_facility_page_by_page(north: House) -> None:
    sell_stock(north, page_size=10)

    result = read_all(north)

    assert (
        north.calls("deposco", "availability") == 1 + 6
    )  # the test of the connection, and five pages and an empty one
    assert (result.read, result.changed) == (41 * 4, 41 * 4)
    assert StockLevel.objects.filter(atp=100_000).count() == 41 * 4
    assert StockItem.objects.count() == 41
    assert StockMove.objects.filter(before=None, after=100_000).count() == 41 * 4
    assert len(touched()) == 41
    assert not StockIntake.objects.exists()


def test_everything_is_read_once_a_day(north: House) -> None:
    known(north)
    readings = StockReading.objects.filter(kind="full")

    read_all(north)
    within_the_day = readings.count()
    north.skip(24 * 3600)
    read_all(north)

    assert (within_the_day, readings.count()) == (1, 2)


def test_what_moved_is_read_each_minute_from_before_the_last_reading(north: House) -> None:
    known(north, overlap_seconds=90)
    read(north)
    north.skip(61)
    asked: list[str] = []
    north.gate.before = lambda request: asked.append(request.url.params.get("startActivityTime", ""))
    put(north, "ITEM-001", "LVL", 7)
    began = newest("delta").began_at

    read(north)
    north.skip(10)
    read(north)

    assert atp("ITEM-001", "LVL") == 7
    assert touched() == ["ITEM-001"]
    assert asked == [(began - timedelta(seconds=90)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")] * 2
    move = StockMove.objects.get(item_number="ITEM-001", before=100_000)
    assert (move.after, move.at, move.day) == (
        Decimal(7),
        level("ITEM-001", "LVL").read_at,
        move.at.astimezone(UTC).date(),
    )


def test_the_same_number_again_is_no_move_and_touches_nothing_but_is_known_to_be_newer(north: House) -> None:
    known(north)
    before = level("ITEM-001", "LVL").read_at
    moves = StockMove.objects.count()
    put(north, "ITEM-001", "LVL", 100_000)

    read(north)

    assert (StockMove.objects.count(), touched()) == (moves, [])
    assert level("ITEM-001", "LVL").read_at > before


def test_an_absent_measure_leaves_the_number_and_its_moment_and_says_since_when(north: House) -> None:
    known(north)
    north.tenant.absent_measures["ITEM-001"] = {"LVL": ["availableToPromise"]}
    put(north, "ITEM-001", "LVL", 3)
    before = level("ITEM-001", "LVL")

    read(north)

    after = level("ITEM-001", "LVL")
    assert (after.atp, after.read_at, after.changed_at) == (Decimal(100_000), before.read_at, before.changed_at)
    assert after.unknown_since is not None
    assert touched() == ["ITEM-001"]


def test_a_measure_that_is_told_again_is_known_again_and_worked_out_anew_though_the_number_is_the_same(
    north: House,
) -> None:
    known(north)
    StockLevel.objects.filter(item_number="ITEM-001").update(unknown_since=db_now())
    north.skip(5)
    put(north, "ITEM-001", "LVL", 100_000)

    read(north)

    assert level("ITEM-001", "LVL").unknown_since is None
    assert touched() == ["ITEM-001"]


def test_negative_numbers_and_halves_are_kept_as_they_are_told(north: House) -> None:
    known(north)
    put(north, "ITEM-001", "LVL", -4)
    north.tenant.set_stock("ITEM-001", "DOC", Decimal("2.5"))

    read(north)

    assert (atp("ITEM-001", "LVL"), atp("ITEM-001", "DOC")) == (Decimal(-4), Decimal("2.5"))


def test_a_facility_that_nobody_knew_is_made_with_its_number(north: House) -> None:
    known(north)
    put(north, "ITEM-001", "NEW", 5)

    read(north)

    facility = Facility.objects.get(number="NEW")
    assert (facility.warehouse_id, facility.name, facility.is_active) == (north.warehouse.pk, "NEW", True)
    assert atp("ITEM-001", "NEW") == 5


def test_a_page_that_cannot_be_had_leaves_every_number_as_it_was(north: House) -> None:
    known(north)
    put(north, "ITEM-001", "LVL", 7)
    north.gate.before = answers(*[httpx.Response(500, text="down")] * 3, path=INVENTORY)

    with pytest.raises(StatusError):
        read(north)

    reading = newest("delta")
    assert (reading.state, "500" in reading.problem) == ("failed", True)
    assert atp("ITEM-001", "LVL") == 100_000
    assert (touched(), StockIntake.objects.count()) == ([], 0)


def test_after_a_reading_that_broke_off_the_next_begins_where_the_last_applied_one_did(north: House) -> None:
    known(north)
    put(north, "ITEM-001", "LVL", 7)
    north.gate.before = answers(httpx.Response(404, text="no"), path=INVENTORY)
    with pytest.raises(StatusError):
        read(north)
    north.gate.before = lambda _request: None
    north.skip(61)

    read(north)

    assert atp("ITEM-001", "LVL") == 7
    assert [row.since for row in StockReading.objects.filter(kind="delta")] == [newest("delta").since] * 2


def test_a_refused_endpoint_of_stock_does_not_stop_the_orders_of_the_connection(north: House) -> None:
    known(north)
    north.gate.before = answers(httpx.Response(403, text="not granted"), path=INVENTORY)

    with pytest.raises(HttpError):
        read(north)

    assert newest("delta").state == "failed"
    assert not Breaker.objects.filter(name=f"conn:{north.warehouse.connection}", state="open").exists()


def test_a_page_that_repeats_the_one_before_breaks_the_reading_off_with_nothing_applied(north: House) -> None:
    sell_stock(north)
    page = availability(ITEM_001={"LVL": 3})
    north.gate.before = answers(page, availability(ITEM_001={"LVL": 3}))

    read_all(north)

    reading = newest("full")
    assert (reading.state, reading.problem[:34]) == ("failed", "Page 2 is the page before it once ")
    assert not StockLevel.objects.exists()
    assert not StockIntake.objects.exists()


def test_a_list_that_suddenly_holds_nothing_changes_nothing(north: House) -> None:
    known(north)
    north.skip(24 * 3600)
    north.gate.before = answers(availability())

    read_all(north)

    assert newest("full").state == "failed"
    assert StockLevel.objects.filter(atp=100_000, unknown_since=None).count() == 41 * 4


def test_everything_is_read_over_several_beats_and_applied_when_it_is_whole(
    north: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_stock(north, page_size=10)
    monkeypatch.setattr("integration.services.stock.read_full_stock.SECONDS_A_BEAT", 0.0)
    pages = []

    for _ in range(5):
        read_all(north)
        pages.append((newest("full").next_page, StockLevel.objects.count()))
        north.skip(45)
    read_all(north)

    assert pages == [(2, 0), (3, 0), (4, 0), (5, 0), (6, 0)]
    assert (newest("full").state, StockLevel.objects.count()) == ("applied", 41 * 4)
    assert StockReading.objects.count() == 1


def test_an_older_row_of_everything_never_replaces_a_newer_one_of_what_moved(
    north: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    sell_stock(north, page_size=10)
    monkeypatch.setattr("integration.services.stock.read_full_stock.SECONDS_A_BEAT", 0.0)
    read_all(north)
    north.skip(61)
    put(north, "ITEM-001", "LVL", 7)

    read(north)
    of_moves = (atp("ITEM-001", "LVL"), level("ITEM-001", "LVL").read_at)
    monkeypatch.undo()
    read_all(north)

    assert newest("full").state == "applied"
    assert of_moves == (Decimal(7), level("ITEM-001", "LVL").read_at)
    assert atp("ITEM-001", "LVL") == 7
    assert atp("ITEM-002", "LVL") == 100_000


def test_one_bad_moment_does_not_cost_the_hours_that_everything_takes(north: House) -> None:
    sell_stock(north, page_size=10)
    down = [httpx.Response(500, text="down")] * 3
    north.gate.before = answers(None, *down)

    with pytest.raises(StatusError):
        read_all(north)
    kept = newest("full")
    north.skip(45)
    read_all(north)

    assert (kept.state, kept.next_page, kept.problem[:6]) == ("running", 2, "Page 2")
    assert (newest("full").pk, newest("full").state, newest("full").problem) == (kept.pk, "applied", "")


def test_a_page_that_fails_at_two_beats_running_breaks_it_off_and_it_is_begun_anew_after_a_rest(north: House) -> None:
    sell_stock(north, page_size=10)
    north.gate.before = answers(None, *[httpx.Response(500, text="down")] * 6)
    for _ in range(2):
        with pytest.raises(StatusError):
            read_all(north)
        north.skip(45)
    broken = newest("full")

    read_all(north)
    at_once = StockReading.objects.count()
    north.skip(600)
    read_all(north)

    assert (broken.state, at_once) == ("failed", 1)
    assert (newest("full").state, StockLevel.objects.count()) == ("applied", 41 * 4)


def test_a_reading_of_everything_that_takes_too_long_is_begun_anew(north: House) -> None:
    sell_stock(north)
    old = begin_reading(warehouse=north.warehouse, kind=StockReading.Kind.FULL, now=db_now())
    north.skip(8 * 3600 + 1)

    read_all(north)
    north.skip(600)
    read_all(north)

    old.refresh_from_db()
    assert (old.state, old.problem[:32]) == ("failed", "It was not finished within 8 hou")
    assert (newest("full").pk > old.pk, newest("full").state) == (True, "applied")


def test_of_two_runs_that_read_one_page_the_later_keeps_nothing(north: House) -> None:
    sell_stock(north)
    one = begin_reading(warehouse=north.warehouse, kind=StockReading.Kind.FULL, now=db_now())
    other = begin_reading(warehouse=north.warehouse, kind=StockReading.Kind.FULL, now=db_now())
    page = StockPage(rows=(engine_row("ITEM-001"),), items=("ITEM-001",), is_last=False, fingerprint="a")
    keep_page(reading=one, page=page, read_at=db_now())

    with pytest.raises(TakenOverError):
        keep_page(reading=other, page=page, read_at=db_now())

    assert (one.pk, StockIntake.objects.count()) == (other.pk, 1)


def engine_row(item: str) -> StockRow:
    return StockRow(item_number=item, facility="LVL", atp=Decimal(1))


def test_everything_gives_way_to_what_waits_to_be_written_and_still_moves_on(north: House) -> None:
    sell_stock(north, page_size=10)
    Effect.objects.create(
        kind="wms.create_order",
        connection=north.warehouse.connection,
        business_key="1",
        payload_hash="",
        next_attempt_at=db_now(),
        created_at=db_now(),
    )

    read_all(north)
    read_all(north)

    assert newest("full").next_page == 3


def test_nothing_is_read_of_a_warehouse_whose_stock_nobody_sells(north: House) -> None:
    before = [*read_stock.scopes(), *read_full_stock.scopes()]

    sell_stock(north)

    assert before == []
    assert [scope.name for scope in read_stock.scopes()] == ["HOUSE"]


def test_a_tenant_of_v2_alone_is_told_in_words_and_never_called(north_v2: House) -> None:
    sell_stock(north_v2)
    calls = len(north_v2.world.ledger)

    results = [read(north_v2), read_all(north_v2)]

    assert ["V2 alone" in result.skipped for result in results] == [True, True]
    assert len(north_v2.world.ledger) == calls
    assert "Choose mixed" in StockFinding.objects.get(kind="stock.stale", cleared_at=None).summary


def test_what_was_written_down_by_a_slow_clock_is_found_by_a_look_further_back(north: House) -> None:
    known(north)
    read(north)
    north.skip(61)
    put(north, "ITEM-001", "LVL", 7)
    north.tenant.stock_changed["ITEM-001"] -= 300
    read(north)
    at_once = atp("ITEM-001", "LVL")

    north.skip(601)
    read(north)

    assert at_once != 7
    assert atp("ITEM-001", "LVL") == 7
