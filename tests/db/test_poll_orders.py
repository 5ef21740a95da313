from datetime import timedelta

import httpx
import pytest

from core.clock import db_now
from core.http import HttpError, StatusError
from core.models import Breaker, Bucket
from integration.jobs import read_orders
from integration.models import FeedCursor, Order, OrderMessage, UnreadableRecord
from integration.services.connect_mirakl import connect_mirakl
from integration.services.poll_orders import poll_orders
from tests.db.house import House


def is_later_page(request: httpx.Request) -> bool:
    return str(request.url.params.get("offset", "0")) != "0"


def busy() -> httpx.Response:
    return httpx.Response(429, json={"message": "busy"}, headers={"retry-after": "40"})


def cursor_of(house: House) -> FeedCursor:
    return FeedCursor.objects.get(connection=house.channel.connection, feed="orders")


def test_every_page_is_read_and_the_cursor_moves_only_then(north: House) -> None:
    placed = [north.place() for _ in range(230)]

    result = north.poll()

    assert (result.read, result.new) == (230, 230)
    assert Order.objects.count() == len(placed)
    assert cursor_of(north).watermark is not None


def test_reading_again_changes_nothing(north: House) -> None:
    north.place()
    north.poll()

    again = north.poll()

    assert (again.read, again.new, again.changed) == (1, 0, 0)
    assert OrderMessage.objects.count() == 1


def test_a_page_that_fails_half_way_is_where_the_next_reading_goes_on(north: House) -> None:
    for _ in range(150):
        north.place()
    north.skip(2)
    north.gate.before = lambda request: busy() if is_later_page(request) else None

    with pytest.raises(StatusError):
        poll_orders(channel=north.channel)
    north.gate.before = lambda _request: None
    waiting = poll_orders(channel=north.channel)
    north.skip(41)
    rest = poll_orders(channel=north.channel)

    assert waiting.skipped
    assert rest.read == 50
    assert Order.objects.count() == 150
    assert cursor_of(north).watermark is not None
    assert "walk" not in cursor_of(north).memory


def test_a_later_page_that_breaks_is_asked_for_again_at_once(north: House) -> None:
    for _ in range(120):
        north.place()
    north.skip(2)
    seen: list[httpx.Request] = []

    def break_the_second(request: httpx.Request) -> httpx.Response | None:
        seen.append(request)
        return httpx.Response(500, json={"status": 500}) if len(seen) == 2 else None

    north.gate.before = break_the_second

    result = poll_orders(channel=north.channel)

    assert result.new == 120
    assert [request.url.params["offset"] for request in seen] == ["0", "100", "100"]


def test_the_first_page_is_not_asked_for_twice_in_one_period(north: House) -> None:
    north.place()
    north.skip(2)
    before = north.calls("mirakl", "OR11")
    north.world.faults.arm("mirakl", "OR11", "error_500_before", count=3)

    with pytest.raises(HttpError):
        poll_orders(channel=north.channel)

    assert north.calls("mirakl", "OR11") - before == 1


def test_a_beat_that_comes_a_hair_too_soon_waits_for_its_token_instead_of_a_whole_period(north: House) -> None:
    north.poll()
    Bucket.objects.filter(name=f"{north.channel.connection}:orders").update(tokens=0.9, updated_at=db_now())

    result = poll_orders(channel=north.channel)

    assert not result.skipped


@pytest.mark.parametrize("seconds", [5, 60, 900])
def test_readings_are_planned_a_little_further_apart_than_is_allowed(north: House, seconds: int) -> None:
    connect_mirakl(
        code=north.channel.code,
        name="",
        url=north.channel.url,
        api_key="",
        shop_id=north.channel.shop_id,
        lanes=None,
        poll_seconds=seconds,
        warehouse=None,
        by=None,
    )
    bucket = Bucket.objects.get(name=f"{north.channel.connection}:orders")

    (beat,) = read_orders.scopes()

    assert seconds < beat.every_seconds <= seconds + 0.5
    assert 1 / bucket.rate == pytest.approx(beat.every_seconds)


def test_within_a_period_nothing_is_read_twice(north: House) -> None:
    Bucket.objects.filter(name=f"{north.channel.connection}:orders").update(rate=1 / 60)
    north.poll()

    again = poll_orders(channel=north.channel)

    assert again.skipped == "read less than one period ago"


def test_a_refused_key_opens_the_breaker_and_nothing_is_called_until_it_lets_one_through(north: House) -> None:
    north.skip(2)
    north.operator.keys.clear()

    with pytest.raises(HttpError):
        poll_orders(channel=north.channel)
    calls = len(north.world.ledger)
    north.skip(2)
    after = poll_orders(channel=north.channel)

    assert after.skipped == "the connection is paused"
    assert len(north.world.ledger) == calls
    assert Breaker.objects.get(name=f"conn:{north.channel.connection}").state == "open"


def test_an_order_that_cannot_be_read_or_stored_is_kept_aside_and_the_page_goes_on(north: House) -> None:
    good, unreadable, unstorable = north.place(), north.place(), north.place()
    unreadable.body["order_lines"] = None
    unstorable.body["total_price"] = 10**30

    result = north.poll()

    assert (result.new, result.unreadable) == (1, 2)
    assert list(Order.objects.values_list("order_id", flat=True)) == [good.id]
    assert set(UnreadableRecord.objects.values_list("external_id", flat=True)) == {unreadable.id, unstorable.id}


def test_a_record_that_becomes_readable_is_cleared(north: House) -> None:
    placed = north.place()
    lines = placed.body["order_lines"]
    placed.body["order_lines"] = None
    north.poll()
    placed.body["order_lines"] = lines
    placed.touch(north.world.clock.seconds())

    north.poll()

    assert UnreadableRecord.objects.get().cleared_at is not None


def test_after_an_outage_everything_since_the_last_reading_is_read(north: House) -> None:
    north.poll()
    placed = north.place()
    north.skip(3 * 86_400)
    placed.touch(north.world.clock.seconds() - 2 * 86_400)

    result = north.poll()

    assert result.new == 1


def test_an_order_older_than_the_first_reading_is_found_while_it_is_open(north: House) -> None:
    placed = north.place()
    north.skip(4 * 86_400)

    north.poll()

    assert Order.objects.get().order_id == placed.id


def test_the_cursor_never_runs_ahead_of_our_own_clock(north: House) -> None:
    north.poll()

    watermark = cursor_of(north).watermark

    assert watermark is not None
    assert watermark <= db_now()
    assert db_now() - watermark < timedelta(seconds=10)


def test_a_long_list_is_read_in_pieces_that_follow_at_once(north: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("integration.services.poll_orders.PIECE_SECONDS", 0.0)
    for _ in range(250):
        north.place()
    north.skip(2)

    pieces = [poll_orders(channel=north.channel) for _ in range(3)]

    assert [(piece.read, piece.has_more) for piece in pieces] == [(100, True), (100, True), (50, False)]
    assert Order.objects.count() == 250
    assert cursor_of(north).watermark is not None
