"""Far sides that keep to the contracts in ways of their own: what they answer must cost neither a number nor an order."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError
from integration.models import FeedCursor, ListedOffer, Order, StockItem, StockLevel, StockRecheck
from integration.services.poll_orders import poll_orders
from integration.services.stock.follow_pushes import follow_push
from integration.services.stock.in_flight import in_flight
from integration.services.stock.read_items import read_items
from integration.services.stock.read_offers import read_offers
from tests.db.house import House
from tests.db.pushing import SKUS, Pushing
from tests.db.stock_feed import INVENTORY, atp, known, put, read, read_all, sell_stock

pytestmark = pytest.mark.django_db

IMPORTS = "/api/offers/stock/imports"
Answer = Callable[[httpx.Request], httpx.Response | None]


def answering(path: str, answer: httpx.Response, *, method: str = "GET") -> Answer:
    """One path of the far side answers so, whatever is asked."""
    return lambda request: answer if request.url.path.endswith(path) and request.method == method else None


def test_a_file_that_is_taken_for_one_that_ended_long_ago_has_not_landed_and_goes_again(pushing: Pushing) -> None:
    gate = pushing.house.gate
    seen: dict[bytes, str] = {}

    def by_content(request: httpx.Request) -> httpx.Response | None:
        """Mirakl knows a file by its content for ever, and answers with the import there was."""
        if request.method != "POST" or not request.url.path.endswith(IMPORTS):
            return None
        content = request.read().partition(b"\r\n\r\n")[2].rpartition(b"\r\n--")[0]
        if content in seen:
            return httpx.Response(201, json={"import_id": seen[content]})
        answer = gate.behind.handle_request(request)
        answer.read()
        seen[content] = answer.json()["import_id"]
        return answer

    gate.before = by_content
    for count in (5, 4, 5, 4, 5):
        pushing.want({SKUS[0]: count})
        pushing.work(250)

        assert pushing.shown(SKUS[0]) == [count]
        assert pushing.offer(SKUS[0]).pushed == count


def test_an_answer_without_a_body_names_its_import_by_its_address(pushing: Pushing) -> None:
    gate = pushing.house.gate

    def without_body(request: httpx.Request) -> httpx.Response | None:
        if request.method != "POST" or not request.url.path.endswith(IMPORTS):
            return None
        answer = gate.behind.handle_request(request)
        answer.read()
        address = f"https://shop.example.com{IMPORTS}/{answer.json()['import_id']}"
        return httpx.Response(201, headers={"Location": address})

    gate.before = without_body
    pushing.want({SKUS[0]: 4})

    pushing.tell()

    assert (pushing.push().state, pushing.push().sends, len(pushing.imports())) == ("done", 1, 1)
    assert pushing.shown(SKUS[0]) == [4]


@pytest.mark.parametrize("status", [403, 429])
def test_orders_are_accepted_while_offers_may_not_be_read(north: House, status: int) -> None:
    north.gate.before = answering("/api/offers", httpx.Response(status, headers={"Retry-After": "600000"}))
    placed = north.place()

    with pytest.raises(HttpError):
        read_offers(channel=north.channel)
    north.poll()
    north.accept()

    assert placed.state != "WAITING_ACCEPTANCE"
    memory = FeedCursor.objects.get(connection=north.channel.connection, feed="offers").memory
    assert db_now() < datetime.fromisoformat(memory["not_before"]) <= db_now() + timedelta(minutes=15)


@pytest.mark.parametrize("status", [403, 404])
def test_many_offers_are_read_by_pages_where_the_key_may_not_export(
    north: House, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    for module in ("read_offers", "read_offer_pages"):
        monkeypatch.setattr(f"integration.services.stock.{module}.MOST_PAGED", 10)
    north.gate.before = answering("/api/offers/export/async", httpx.Response(status), method="POST")

    for _ in range(3):
        read_offers(channel=north.channel)
        north.skip(61)

    assert ListedOffer.objects.filter(channel=north.channel, gone_at=None).count() == len(north.shop.offers)


def test_orders_are_read_while_the_key_may_not_ask_for_imports(pushing: Pushing) -> None:
    pushing.want({SKUS[0]: 4})
    pushing.plan()
    pushing.send()
    path = f"{IMPORTS}/{pushing.push().import_id}/status"
    pushing.house.gate.before = answering(path, httpx.Response(403))
    pushing.house.skip(16)

    with pytest.raises(HttpError):
        follow_push(channel=pushing.channel)

    assert not poll_orders(channel=pushing.channel).skipped


def test_orders_are_read_while_the_key_may_not_tell_stock(pushing: Pushing) -> None:
    pushing.house.gate.before = answering(IMPORTS, httpx.Response(403), method="POST")
    pushing.want({SKUS[0]: 4})
    pushing.plan()

    pushing.send()

    assert not poll_orders(channel=pushing.channel).skipped


def test_a_number_that_moved_is_read_from_a_warehouse_whose_clock_is_behind(north: House) -> None:
    known(north)
    behind = timedelta(minutes=5)
    asked: list[datetime] = []

    def slow_clock(request: httpx.Request) -> httpx.Response | None:
        """Every moment of this tenant, those that it is asked about too, is by a clock that is five minutes behind."""
        if not request.url.path.endswith(INVENTORY):
            return None
        told = datetime.fromisoformat(request.url.params["startActivityTime"])
        asked.append(told)
        ours = (told + behind).strftime("%Y-%m-%dT%H:%M:%SZ")
        moved = request.url.copy_merge_params({"startActivityTime": ours})
        answer = north.gate.behind.handle_request(httpx.Request("GET", moved, headers=request.headers))
        answer.read()
        date = (datetime.now(UTC) - behind).strftime("%a, %d %b %Y %H:%M:%S GMT")
        return httpx.Response(200, content=answer.content, headers={"Date": date, "Content-Type": "application/json"})

    north.gate.before = slow_clock
    put(north, "ITEM-001", "LVL", 7)

    for _ in range(3):
        read(north)
        north.skip(61)

    assert asked
    assert atp("ITEM-001", "LVL") == 7


def sold_to_the_warehouse(house: House, **inventory: object) -> Order:
    """An order of two of ITEM-001 that the warehouse has."""
    sell_stock(house, **inventory)
    house.map("SKU-001")
    house.ready(("SKU-001", 2))
    house.prepare()
    house.create()
    return Order.objects.get()


@pytest.mark.parametrize(("settle", "in_flight_still"), [(5, {}), (20, {"ITEM-001": 2})])
def test_an_order_is_in_flight_for_as_long_as_the_warehouse_takes_to_have_it_out_of_its_numbers(
    north: House, settle: int, in_flight_still: dict[str, int]
) -> None:
    order = sold_to_the_warehouse(north, settle_seconds=settle)
    assert order.in_wms_at is not None
    read_all(north)

    StockLevel.objects.update(read_at=order.in_wms_at + timedelta(seconds=10))

    assert in_flight(warehouse_id=north.warehouse.pk).by_item == in_flight_still
    first = StockRecheck.objects.earliest("not_before")
    assert (first.not_before - first.asked_at).total_seconds() == pytest.approx(settle, abs=0.1)


def test_an_order_that_the_warehouse_counts_late_and_does_not_list_as_moved_is_in_the_number_in_the_end(
    north: House,
) -> None:
    put(north, "ITEM-001", "LVL", 50)
    known(north)
    sold_to_the_warehouse(north)

    def late(request: httpx.Request) -> httpx.Response | None:
        """Asked for one item at once it tells the number from before the order; what moved it never lists."""
        if request.url.path.endswith(INVENTORY):
            return httpx.Response(200, json={"itemInventory": []})
        if "itemNumbers" in request.url.params:
            facilities = [{"facility": "LVL", "atpQty": answers.pop()}]
            return httpx.Response(
                200, json=[{"enterpriseInventory": [{"itemNumber": "ITEM-001", "facilities": facilities}]}]
            )
        return None

    answers = [48, 50]
    north.gate.before = late
    for _ in range(2):
        north.skip(40)
        read(north)

    assert atp("ITEM-001", "LVL") == 48


def test_a_kit_that_no_reading_of_stock_names_is_asked_for_before_items_that_it_names(north: House) -> None:
    sell_stock(north)
    for number in range(1, 30):
        north.map(f"SKU-{number:03d}")
    parts = {"components": {"component": [{"componentItem": "ITEM-001", "quantity": 2}]}}
    north.tenant.describe("ZZ-KIT", {"number": "ZZ-KIT", "kitOrderOnly": True, **parts})
    north.map("SKU-030", ("ZZ-KIT", 1))
    read_items(warehouse=north.warehouse)
    read_all(north)

    read_items(warehouse=north.warehouse)

    assert StockItem.objects.get(number="ZZ-KIT").is_order_kit


def test_a_number_that_was_not_told_for_a_while_is_asked_for_until_it_is_told_again(north: House) -> None:
    known(north)
    north.gate.before = answering(INVENTORY, httpx.Response(200, json={"itemInventory": []}))
    StockLevel.objects.filter(item_number="ITEM-001").update(unknown_since=db_now() - timedelta(minutes=5))

    for _ in range(3):
        read(north)
        north.skip(61)

    assert not StockLevel.objects.filter(unknown_since__isnull=False).exists()


def test_a_drop_does_not_wait_long_for_the_report_of_an_import_that_is_over(pushing: Pushing) -> None:
    pushing.house.gate.before = lambda request: (
        httpx.Response(404, json={}) if request.url.path.endswith("/error_report") else None
    )
    pushing.want({SKUS[0]: 5, "SKU-GONE": 3})
    pushing.plan()
    pushing.send()
    pushing.house.skip(20)

    pushing.want({SKUS[0]: 0}, urgency=0)
    for _ in range(100):
        with suppress(HttpError):
            pushing.work(5)

    assert pushing.shown(SKUS[0]) == [0]
