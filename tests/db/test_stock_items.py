from datetime import timedelta
from decimal import Decimal

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError
from core.limits import open_breaker
from core.models import Breaker, CallLog, Effect
from integration.models import FeedCursor, ItemComponent, StockItem, StockTouch
from integration.services.stock.read_items import ItemsRead, read_items
from tests.db.house import House
from tests.db.stock_feed import known, sell_stock, touched

KIT = {"number": "KIT-1", "name": "A set", "kitOrderOnly": True, "upcs": {"upc": ["4006381333931"]}}


def parts(**quantities: int) -> dict[str, object]:
    rows = [{"componentItem": item.replace("_", "-"), "quantity": count} for item, count in quantities.items()]
    return {"components": {"component": rows}}


def read(house: House) -> ItemsRead:
    house.warehouse.refresh_from_db()
    return read_items(warehouse=house.warehouse)


def items_called() -> list[str]:
    return [
        path.rsplit("/", 1)[-1] for path in CallLog.objects.filter(operation="items.get").values_list("path", flat=True)
    ]


def test_a_kit_without_stock_of_its_own_is_read_with_its_parts_and_worked_out_anew(north: House) -> None:
    known(north)
    north.tenant.describe("KIT-1", {**KIT, **parts(ITEM_001=2, ITEM_002=1)})
    north.map("SKU-001", ("KIT-1", 1))
    StockTouch.objects.all().delete()

    result = read(north)

    kit = StockItem.objects.get(number="KIT-1")
    assert (kit.name, kit.is_order_kit, kit.upcs) == ("A set", True, ["4006381333931"])
    assert dict(ItemComponent.objects.values_list("component_number", "quantity")) == {"ITEM-001": 2, "ITEM-002": 1}
    assert (result.read, result.kits_changed, touched()) == (1, 1, ["KIT-1"])


def test_only_items_that_a_map_names_are_read_each_once_a_week(north: House) -> None:
    known(north)
    for number in range(1, 4):
        north.map(f"SKU-00{number}")

    first = read(north)
    north.skip(3600)
    again = read(north)
    north.skip(7 * 24 * 3600)
    next_week = read(north)

    assert (first.read, again.read, next_week.read) == (3, 0, 3)
    assert StockItem.objects.filter(read_at__isnull=False).count() == 3


def test_no_more_than_a_few_are_read_at_a_beat_and_the_rest_at_the_next(north: House) -> None:
    known(north)
    for number in range(1, 16):
        north.map(f"SKU-{number:03d}")

    counts = [read(north).read for _ in range(3)]

    assert counts == [10, 5, 0]


def test_parts_that_changed_replace_those_before_and_the_same_parts_touch_nothing(north: House) -> None:
    known(north)
    north.tenant.describe("KIT-1", {**KIT, **parts(ITEM_001=2, ITEM_002=1)})
    north.map("SKU-001", ("KIT-1", 1))
    read(north)
    StockTouch.objects.all().delete()
    north.skip(8 * 24 * 3600)
    same = read(north)
    untouched = touched()
    north.tenant.describe("KIT-1", {**KIT, **parts(ITEM_001=3)})
    north.skip(8 * 24 * 3600)

    changed = read(north)

    assert (same.kits_changed, untouched) == (0, [])
    assert dict(ItemComponent.objects.values_list("component_number", "quantity")) == {"ITEM-001": 3}
    assert (changed.kits_changed, touched()) == (1, ["KIT-1"])


def test_a_kit_that_no_longer_tells_its_parts_keeps_those_known(north: House) -> None:
    known(north)
    north.tenant.describe("KIT-1", {**KIT, **parts(ITEM_001=2)})
    north.map("SKU-001", ("KIT-1", 1))
    read(north)
    north.tenant.describe("KIT-1", KIT)
    north.skip(8 * 24 * 3600)

    read(north)

    assert dict(ItemComponent.objects.values_list("component_number", "quantity")) == {"ITEM-001": 2}
    assert StockItem.objects.get(number="KIT-1").is_order_kit


def test_an_item_that_the_warehouse_does_not_have_is_not_made_and_not_asked_for_at_every_beat(north: House) -> None:
    known(north)
    north.map("SKU-001", ("NO-SUCH-ITEM", 1))

    read(north)
    north.skip(3600)
    read(north)

    assert items_called() == ["NO-SUCH-ITEM"]
    assert not StockItem.objects.filter(number="NO-SUCH-ITEM").exists()


def test_nothing_is_read_while_something_waits_to_be_written_or_the_connection_rests(north: House) -> None:
    known(north)
    north.map("SKU-001")
    Effect.objects.create(
        kind="wms.create_order",
        connection=north.warehouse.connection,
        business_key="1",
        payload_hash="",
        next_attempt_at=db_now(),
        created_at=db_now(),
    )
    waits = read(north)
    Effect.objects.all().delete()
    open_breaker(f"conn:{north.warehouse.connection}", 60, "a test")

    rests = read(north)

    assert (waits.skipped, rests.skipped) == ("something waits to be written", "the connection is paused")
    assert items_called() == []


def test_items_that_were_not_granted_are_left_alone_for_an_hour_and_stop_nothing_else(north: House) -> None:
    known(north)
    north.map("SKU-001")
    asked: list[str] = []

    def before(request: httpx.Request) -> httpx.Response | None:
        asked.append(request.url.path)
        return httpx.Response(403, text="not granted")

    north.gate.before = before

    with pytest.raises(HttpError):
        read(north)
    north.skip(1800)
    read(north)

    assert len(asked) == 1
    assert not Breaker.objects.filter(name=f"conn:{north.warehouse.connection}", state="open").exists()


def test_over_v2_the_list_is_read_at_first_and_then_what_changed(north_mixed: House) -> None:
    sell_stock(north_mixed)
    north_mixed.tenant.describe("KIT-1", {**KIT, **parts(ITEM_001=2)})

    at_first = read(north_mixed)
    at_once = read(north_mixed)
    north_mixed.skip(24 * 3600)
    read(north_mixed)
    north_mixed.skip(24 * 3600)
    north_mixed.tenant.describe("KIT-1", {**KIT, **parts(ITEM_001=5)})
    changed = read(north_mixed)

    assert (at_first.read, at_once.read, changed.read, changed.kits_changed) == (42, 0, 1, 1)
    assert ItemComponent.objects.get().quantity == Decimal(5)
    assert StockItem.objects.filter(read_at__isnull=False).count() == 42


def test_a_list_that_broke_off_goes_on_where_it_was(north_mixed: House, monkeypatch: pytest.MonkeyPatch) -> None:
    sell_stock(north_mixed)
    north_mixed.warehouse.profile["v2"] = {**north_mixed.warehouse.profile["v2"], "item_page": 10}
    north_mixed.warehouse.save(update_fields=["profile"])
    monkeypatch.setattr("integration.services.stock.list_items.SECONDS_A_BEAT", 1.0)
    calls = 0

    def before(request: httpx.Request) -> httpx.Response | None:
        nonlocal calls
        calls += request.url.path.endswith("/items")
        return httpx.Response(500, text="down") if calls == 3 and request.url.path.endswith("/items") else None

    north_mixed.gate.before = before
    with pytest.raises(HttpError):
        read(north_mixed)
    kept = StockItem.objects.count()
    unfinished = FeedCursor.objects.get(feed="items").watermark

    read(north_mixed)

    assert (kept, unfinished) == (20, None)
    assert StockItem.objects.count() == 41
    assert calls == 3 + 3
    assert db_now() - timedelta(minutes=1) < (FeedCursor.objects.get(feed="items").watermark or db_now()) <= db_now()
