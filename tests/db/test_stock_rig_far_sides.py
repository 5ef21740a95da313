"""Far sides that keep to the contracts in ways of their own: what they answer must cost neither a number nor an order."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError
from integration.models import FeedCursor, ListedOffer
from integration.services.poll_orders import poll_orders
from integration.services.stock.follow_pushes import follow_push
from integration.services.stock.read_offers import read_offers
from tests.db.house import House
from tests.db.pushing import SKUS, Pushing
from tests.db.stock_feed import INVENTORY, atp, known, put, read

pytestmark = pytest.mark.django_db

IMPORTS = "/api/offers/stock/imports"
Answer = Callable[[httpx.Request], httpx.Response | None]


def answering(path: str, answer: httpx.Response, *, method: str = "GET") -> Answer:
    """One path of the far side answers so, whatever is asked."""
    return lambda request: answer if request.url.path.endswith(path) and request.method == method else None


def test_a_file_that_is_taken_for_one_that_ended_long_ago_has_not_landed_and_goes_again(pushing: Pushing) -> None:
    gate, seen = pushing.house.gate, {}

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
