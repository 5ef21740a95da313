from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError
from integration.deposco.schemas import StockPage, StockRow
from integration.gateways import profile_of
from integration.models import StockLevel, StockReading, StockRecheck, StockTouch
from integration.services.stock.apply_reading import apply_reading
from integration.services.stock.begin_reading import begin_reading, keep_page
from integration.services.stock.touch_stock import recheck_items
from tests.db.house import House
from tests.db.stock_feed import (
    AVAILABILITY,
    answers,
    atp,
    known,
    level,
    newest,
    put,
    read,
    read_all,
    touched,
)


def ask(house: House, *numbers: str, reason: str = "order") -> None:
    recheck_items(warehouse_id=house.warehouse.pk, item_numbers=numbers, reason=reason)


def tell(house: House, *places: str) -> None:
    """A reading of what moved that names these places of one item."""
    reading = begin_reading(warehouse=house.warehouse, kind=StockReading.Kind.DELTA, now=db_now())
    rows = tuple(StockRow("ITEM-001", place, Decimal(7), Decimal(7)) for place in places)
    page = StockPage(rows=rows, items=("ITEM-001",), is_last=False)
    keep_page(reading=reading, page=page, read_at=db_now())
    apply_reading(reading=reading, profile=profile_of(house.warehouse))


def asked_for(house: House) -> list[list[str]]:
    """The numbers of each call, from now on."""
    calls: list[list[str]] = []

    def before(request: httpx.Request) -> None:
        if request.url.path.endswith(AVAILABILITY):
            calls.append(request.url.params.get("itemNumbers", "").split(","))

    house.gate.before = before
    return calls


def test_items_that_wait_are_asked_for_in_one_call_each_once_and_worked_out_anew(north: House) -> None:
    known(north)
    ask(north, "ITEM-001", "ITEM-002")
    ask(north, "ITEM-001")
    put(north, "ITEM-001", "LVL", 7)
    north.skip(6)
    calls = asked_for(north)

    result = read(north)

    assert [sorted(numbers) for numbers in calls] == [["ITEM-001", "ITEM-002"]]
    assert (atp("ITEM-001", "LVL"), StockRecheck.objects.count(), result.rechecked) == (Decimal(7), 0, 8)
    # The number of ITEM-002 stayed, but it is known to hold what reached the warehouse before.
    assert touched() == ["ITEM-001", "ITEM-002"]


def test_an_item_is_not_asked_for_before_its_time(north: House) -> None:
    known(north)
    ask(north, "ITEM-001")
    calls = asked_for(north)

    read(north)
    too_soon = len(calls)
    north.skip(6)
    read(north)

    assert (too_soon, len(calls)) == (0, 1)


def test_more_items_than_a_call_takes_are_asked_for_in_several(north: House) -> None:
    known(north)
    ask(north, *(f"ITEM-{number:03d}" for number in range(1, 42)), *(f"X-{number}" for number in range(20)))
    north.skip(6)
    calls = asked_for(north)

    read(north)

    assert [len(numbers) for numbers in calls] == [50, 11]
    assert not StockRecheck.objects.exists()
    assert StockReading.objects.filter(kind="recheck").count() == 1


def test_a_recheck_of_an_answer_that_was_asked_for_too_early_stays(north: House) -> None:
    known(north)
    ask(north, "ITEM-001")
    north.skip(6)
    later = db_now() + timedelta(seconds=30)
    recheck_items(warehouse_id=north.warehouse.pk, item_numbers=["ITEM-001"], reason="order", not_before=later)

    read(north)

    assert StockRecheck.objects.get().not_before == later


def test_a_reading_of_everything_answers_what_waited_when_its_page_was_asked_for(north: House) -> None:
    known(north)
    north.skip(24 * 3600)
    ask(north, "ITEM-001", "ITEM-002")
    StockRecheck.objects.filter(item_number="ITEM-001").update(not_before=db_now())

    read_all(north)

    assert list(StockRecheck.objects.values_list("item_number", flat=True)) == ["ITEM-002"]
    assert touched() == ["ITEM-001"]


def test_what_moved_at_one_place_answers_nothing_while_the_number_of_another_is_older(north: House) -> None:
    known(north)
    ask(north, "ITEM-001")
    north.skip(6)
    others = StockLevel.objects.filter(item_number="ITEM-001").exclude(facility__number="LVL")

    tell(north, "LVL")
    after_one = StockRecheck.objects.filter(item_number="ITEM-001").count()
    tell(north, "LVL", *others.values_list("facility__number", flat=True))

    assert (after_one, StockRecheck.objects.count()) == (1, 0)
    assert touched() == ["ITEM-001"]


def test_where_no_item_can_be_asked_for_what_moved_answers_for_all_of_them(north: House) -> None:
    known(north, recheck="none")
    ask(north, "ITEM-001")
    ask(north, "ITEM-002")
    StockRecheck.objects.filter(item_number="ITEM-002").update(not_before=db_now() + timedelta(seconds=60))
    north.skip(6)
    calls = asked_for(north)

    read(north)

    assert calls == []
    assert list(StockRecheck.objects.values_list("item_number", flat=True)) == ["ITEM-002"]
    assert touched() == ["ITEM-001"]


def test_a_place_that_the_answer_does_not_name_is_unknown_and_keeps_its_number(north: House) -> None:
    known(north)
    del north.tenant.stock["ITEM-001"]["LVL"]
    ask(north, "ITEM-001")
    north.skip(6)

    read(north)

    assert level("ITEM-001", "LVL").unknown_since is not None
    assert atp("ITEM-001", "LVL") == 100_000
    assert level("ITEM-001", "DOC").unknown_since is None


def test_what_everything_no_longer_lists_is_asked_for_and_never_taken_for_zero(north: House) -> None:
    known(north)
    north.skip(24 * 3600)
    del north.tenant.stock["ITEM-001"]
    whole = north.tenant.stock.pop("ITEM-002")

    read_all(north)
    not_listed = set(StockRecheck.objects.values_list("item_number", "reason"))
    unknown_before = StockLevel.objects.filter(unknown_since__isnull=False).count()
    StockTouch.objects.all().delete()
    north.tenant.stock["ITEM-002"] = whole  # it had only moved from one page to another
    north.tenant._ids = {}
    read(north)

    assert not_listed == {("ITEM-001", "not listed"), ("ITEM-002", "not listed")}
    assert unknown_before == 0
    unknown = StockLevel.objects.filter(unknown_since__isnull=False)
    assert sorted(unknown.values_list("item_number", "atp")) == [("ITEM-001", Decimal(100_000))] * 4
    assert "ITEM-001" in touched()
    assert not StockRecheck.objects.exists()


def test_what_is_unknown_already_is_not_asked_for_every_day(north: House) -> None:
    known(north)
    StockLevel.objects.filter(item_number="ITEM-001").update(unknown_since=db_now())
    del north.tenant.stock["ITEM-001"]
    north.skip(24 * 3600)

    read_all(north)

    assert newest("full").state == "applied"
    assert not StockRecheck.objects.exists()


def test_without_a_call_for_single_items_what_is_not_listed_is_unknown(north: House) -> None:
    known(north, recheck="none")
    north.skip(24 * 3600)
    del north.tenant.stock["ITEM-001"]

    read_all(north)

    unknown = StockLevel.objects.filter(unknown_since__isnull=False)
    assert sorted(unknown.values_list("item_number", "atp")) == [("ITEM-001", Decimal(100_000))] * 4
    assert "ITEM-001" in touched()


def test_a_number_that_spoils_its_call_is_found_and_costs_no_other(north: House) -> None:
    known(north)
    ask(north, "ITEM-001", "ITEM-002", "ITEM-003", "BAD")
    put(north, "ITEM-003", "LVL", 3)
    north.skip(6)

    def before(request: httpx.Request) -> httpx.Response | None:
        is_bad = "BAD" in request.url.params.get("itemNumbers", "").split(",")
        return httpx.Response(400, text="bad number") if is_bad else None

    north.gate.before = before

    read(north)

    assert atp("ITEM-003", "LVL") == 3
    assert list(StockRecheck.objects.values_list("item_number", flat=True)) == ["BAD"]
    assert StockRecheck.objects.get().not_before > db_now() + timedelta(minutes=50)


def test_an_endpoint_that_was_not_granted_costs_a_few_calls_and_leaves_what_moved(north: House) -> None:
    known(north)
    ask(north, *(f"ITEM-{number:03d}" for number in range(1, 42)))
    put(north, "ITEM-001", "LVL", 7)
    north.skip(6)
    refused: list[httpx.Request] = []

    def before(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith(AVAILABILITY):
            refused.append(request)
            return httpx.Response(403, text="not granted")
        return None

    north.gate.before = before

    with pytest.raises(HttpError):
        read(north)
    calls = len(refused)
    north.skip(10)
    read(north)

    assert atp("ITEM-001", "LVL") == 7
    assert (0 < calls < 10, len(refused)) == (True, calls)
    assert StockRecheck.objects.count() == 41


def test_answers_before_a_failure_are_kept(north: House) -> None:
    known(north)
    ask(north, *(f"ITEM-{number:03d}" for number in range(1, 42)), *(f"X-{number}" for number in range(20)))
    put(north, "ITEM-001", "LVL", 7)
    north.skip(6)
    north.gate.before = answers(None, *[httpx.Response(500, text="down")] * 3)

    with pytest.raises(HttpError):
        read(north)

    assert atp("ITEM-001", "LVL") == 7
    assert StockRecheck.objects.count() == 11


def test_a_recheck_whose_run_died_is_asked_for_again(north: House) -> None:
    known(north)
    ask(north, "ITEM-001")
    north.skip(6)
    died = StockReading.objects.create(warehouse=north.warehouse, kind="recheck", began_at=db_now())
    north.skip(1)

    read(north)

    died.refresh_from_db()
    assert (died.state, newest("recheck").state) == ("failed", "applied")
    assert not StockRecheck.objects.exists()


def test_orders_are_asked_for_before_a_long_list_of_what_was_not_listed(north: House) -> None:
    known(north)
    ask(north, *(f"X-{number:04d}" for number in range(2000)), reason="not listed")
    north.skip(1)
    ask(north, "ITEM-001")
    north.skip(6)
    calls = asked_for(north)

    read(north)

    assert calls[0][0] == "ITEM-001"
