from datetime import timedelta

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError
from core.limits import open_breaker
from integration.models import ChannelStock, StockFinding, StockLevel
from integration.services.stock.judge_feed import clear_feed
from tests.db.house import House
from tests.db.stock_feed import INVENTORY, answers, known, put, read, sell_stock


def found() -> dict[str, StockFinding]:
    return {row.cause_key: row for row in StockFinding.objects.filter(kind="stock.stale", cleared_at=None)}


def test_a_feed_that_is_overdue_is_found_with_the_moment_and_the_reason_and_clears_itself(north: House) -> None:
    known(north)
    read(north)
    ChannelStock.objects.filter(channel=north.channel).update(stale_minutes=10)
    north.gate.before = answers(*[httpx.Response(404, text="closed")] * 20, path=INVENTORY)
    for _ in range(12):
        north.skip(60)
        with pytest.raises(HttpError):
            read(north)
    stale = found()
    north.gate.before = lambda _request: None
    north.skip(61)

    read(north)

    feed = stale["HOUSE:feed"]
    assert (feed.connection, feed.channel, feed.detail["minutes"]) == ("deposco:HOUSE", None, 12)
    assert "was last read at" in feed.summary
    assert "HTTP 404: closed" in feed.summary
    assert found() == {}


def test_a_feed_is_not_overdue_before_the_strictest_channel_says_so(north: House) -> None:
    known(north)
    read(north)
    north.connect_channel("harbour", 3001, code="OTHER")
    ChannelStock.objects.filter(channel__code="OTHER").update(stale_minutes=1)  # its stock lane is off
    open_breaker(f"conn:{north.warehouse.connection}", 3600, "a test")
    north.skip(29 * 60)

    read(north)
    within = set(found())
    north.skip(120)
    read(north)

    assert (within, set(found())) == (set(), {"HOUSE:feed"})


def test_a_feed_that_was_never_read_is_found_as_well(north: House) -> None:
    sell_stock(north)
    open_breaker(f"conn:{north.warehouse.connection}", 7200, "a test")
    north.skip(3600)

    read(north)

    assert "was never read to its end" in found()["HOUSE:feed"].summary


def test_absent_measures_are_one_finding_for_each_facility_with_how_many_and_since_when(north: House) -> None:
    known(north)
    for item in ("ITEM-001", "ITEM-002"):
        north.tenant.absent_measures[item] = {"LVL": ["availableToPromise"]}
        put(north, item, "LVL", 3)
    north.tenant.absent_measures["ITEM-002"]["DOC"] = ["availableToPromise"]

    read(north)
    absent = found()
    north.tenant.absent_measures.clear()
    for item in ("ITEM-001", "ITEM-002"):
        put(north, item, "LVL", 3)
    north.skip(61)
    read(north)

    assert {key: row.count for key, row in absent.items()} == {"HOUSE:LVL": 2, "HOUSE:DOC": 1}
    since = StockLevel.objects.get(item_number="ITEM-001", facility__number="LVL").changed_at - timedelta(seconds=61)
    assert f"2 items at LVL, since {since:%Y-%m-%d %H}" in absent["HOUSE:LVL"].summary
    assert absent["HOUSE:LVL"].detail["items"] == ["ITEM-001", "ITEM-002"]
    assert found() == {}


def test_a_warehouse_that_nobody_sells_from_has_no_stale_stock(north: House) -> None:
    sell_stock(north)
    open_breaker(f"conn:{north.warehouse.connection}", 7200, "a test")
    north.skip(3600)
    read(north)
    before = len(found())

    clear_feed(warehouse=north.warehouse, now=db_now())

    assert (before, found()) == (1, {})
