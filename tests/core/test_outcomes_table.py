"""The one table of outcomes, all of it; what a Retry-After says; how long is waited."""

import random
import socket
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backoff import backoff_seconds
from core.classify import classify
from core.http import (
    AuthError,
    HttpClient,
    HttpError,
    NoTimeError,
    NotSentError,
    Reply,
    StatusError,
    ThrottledError,
    UnknownOutcomeError,
    parse_retry_after,
)
from core.outcomes import OutcomeClass
from integration.mirakl.client import MiraklClient
from tests.core.raw_server import answer, raw_server, read_request

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
BY_STATUS = {
    **dict.fromkeys(range(300, 400), OutcomeClass.UNKNOWN),
    **dict.fromkeys(range(400, 500), OutcomeClass.PERMANENT),
    **dict.fromkeys(range(500, 600), OutcomeClass.UNKNOWN),
    **dict.fromkeys((408, 409, 423, 425), OutcomeClass.UNKNOWN),
    **dict.fromkeys((401, 403), OutcomeClass.AUTH),
    429: OutcomeClass.THROTTLED,
}


@pytest.mark.parametrize(
    ("error", "cls", "code"),
    [
        (NotSentError("refused"), OutcomeClass.NOT_SENT, "not_sent"),
        (NoTimeError("late"), OutcomeClass.NOT_SENT, "no_time"),
        (UnknownOutcomeError("reset"), OutcomeClass.UNKNOWN, "no_answer"),
        (HttpError("other"), OutcomeClass.UNKNOWN, "no_answer"),
        (ThrottledError(429, "", {}, 3.0), OutcomeClass.THROTTLED, "throttled"),
        (ThrottledError(503, "", {}, 3.0), OutcomeClass.THROTTLED, "throttled.maybe"),
        (AuthError(401, "", {}), OutcomeClass.AUTH, "http.401"),
        (AuthError(403, "", {}), OutcomeClass.AUTH, "http.403"),
        (StatusError(404, "", {}), OutcomeClass.PERMANENT, "http.404"),
        (StatusError(500, "", {}), OutcomeClass.UNKNOWN, "http.500"),
        (KeyError("x"), OutcomeClass.BUG, "KeyError"),
    ],
)
def test_every_error_has_its_class(error: Exception, cls: OutcomeClass, code: str) -> None:
    outcome = classify(error)

    assert (outcome.cls, outcome.code) == (cls, code)


def test_every_status_a_server_can_send_has_its_class_over_the_wire() -> None:
    statuses = iter(BY_STATUS)
    found = {}

    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(f"HTTP/1.1 {current} Words\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    with raw_server(talk) as address:
        client = HttpClient(address, deadline=5)
        for current in statuses:
            with pytest.raises(HttpError) as raised:
                client.request("T1", "PUT", "/", content=b"x")
            found[current] = classify(raised.value).cls
        client.close()

    assert found == BY_STATUS


def test_a_503_that_says_when_to_come_back_is_throttling_and_may_have_been_sent() -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(b"HTTP/1.1 503 Busy\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n")

    with raw_server(talk) as address:
        client = HttpClient(address, deadline=5)
        with pytest.raises(ThrottledError) as raised:
            client.request("T1", "PUT", "/", content=b"x")
        client.close()

    outcome = classify(raised.value)
    assert (outcome.cls, outcome.code, outcome.retry_after) == (OutcomeClass.THROTTLED, "throttled.maybe", 7.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("30", 30.0),
        ("0.5", 0.5),
        ("0", 1.0),
        ("-5", 1.0),
        ("soon", 1.0),
        ("", 1.0),
        ("nan", 1.0),
        ("inf", 1.0),
        ("1e99", 1.0),
        ("99999999", 1.0),
        ("Tue, 24 Nov 2026 12:01:30 GMT", 90.0),
        ("Tue, 24 Nov 2026 12:01:30", 90.0),
        ("Tue, 24 Nov 2026 11:00:00 GMT", 1.0),
        ("Tue, 99 Nov 2026 11:00:00 GMT", 1.0),
    ],
)
def test_a_retry_after_is_read_in_every_form(value: str | None, seconds: float | None) -> None:
    assert parse_retry_after(value, NOW) == seconds


def test_a_date_to_wait_for_is_measured_by_the_clock_that_wrote_it() -> None:
    """The far side's clock is years behind: by ours its date would be long over."""
    headers = {"Date": "Thu, 24 Nov 2016 12:00:00 GMT", "Retry-After": "Thu, 24 Nov 2016 12:00:40 GMT"}
    refusing = httpx.MockTransport(lambda _: httpx.Response(429, headers=headers))
    client = HttpClient("http://127.0.0.1", transport=refusing)

    with pytest.raises(ThrottledError) as raised:
        client.request("read", "GET", "/")

    client.close()
    assert raised.value.retry_after == 40.0


@given(st.text())
def test_no_retry_after_is_ever_raised_on_or_waited_for_without_end(value: str) -> None:
    seconds = parse_retry_after(value, NOW)

    assert seconds is not None
    assert 0 < seconds <= 86_400 * 7


@given(st.integers(min_value=-5, max_value=10_000), st.integers())
def test_the_wait_lies_between_nothing_and_its_ceiling(attempt: int, seed: int) -> None:
    seconds = backoff_seconds(attempt, rng=random.Random(seed))  # noqa: S311 -- no secret

    assert 0 <= seconds <= min(900.0, 2.0 ** min(max(attempt, 0), 30))


def test_an_answer_that_is_not_json_is_unknown_and_is_not_quoted_with_its_buyer() -> None:
    reply = Reply(200, {}, b'{"orders": [{"customer": {"lastname": "Sample", "email": "a@example.com"')

    with pytest.raises(UnknownOutcomeError) as raised:
        reply.json()

    assert "Sample" not in str(raised.value)
    assert "example.com" not in str(raised.value)


@pytest.mark.parametrize("reply", [b"", b"<html>Maintenance</html>", b"{}"])
@pytest.mark.parametrize(
    "write",
    [
        lambda client: client.accept("A-1", {"A-1-1": True}),
        lambda client: client.set_tracking("A-1", carrier_code="DHL", tracking_number="T1"),
        lambda client: client.ship("A-1"),
    ],
)
def test_a_write_that_is_answered_by_a_page_of_somebody_in_between_is_unknown(
    write: Callable[[MiraklClient], None], reply: bytes
) -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(answer(reply))

    with raw_server(talk) as address:
        client = MiraklClient(address, "key", deadline=5)
        with pytest.raises(UnknownOutcomeError):
            write(client)
        client.close()
