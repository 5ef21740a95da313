"""Bodies in pieces, over real connections: bounded, in time, never mistaken for whole, and with credentials for one host."""

import gzip
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

import pytest

from core.http import AuthError, Call, HttpClient, UnknownOutcomeError
from core.wire import PIECE, time_left
from tests.core.raw_server import HEAD, answer, raw_server, read_request

DEADLINE = 0.8
LEEWAY = 5.0


@contextmanager
def _client(address: str, calls: list[Call] | None = None) -> Iterator[HttpClient]:
    kept = calls if calls is not None else []
    client = HttpClient(address, headers={"Authorization": "a-key"}, on_call=kept.append)
    try:
        yield client
    finally:
        client.close()


def _says(data: bytes) -> Callable[[socket.socket], None]:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(data)

    return talk


def _read(pieces: Iterable[bytes], into: list[bytes]) -> None:
    for piece in pieces:
        into.append(piece)  # noqa: PERF402 -- an error between two pieces must leave those before it


def _drip(line: socket.socket) -> None:
    read_request(line)
    line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        line.sendall(b"1\r\nx\r\n")
        time.sleep(0.05)


def test_a_body_that_never_ends_is_given_up_when_the_time_for_all_of_it_is_over() -> None:
    calls: list[Call] = []
    with raw_server(_drip) as address, _client(address, calls) as client:
        began, seen = time.monotonic(), list[bytes]()

        with pytest.raises(UnknownOutcomeError):
            _read(client.stream("T1", "/thing", deadline=DEADLINE), seen)

        assert seen
        assert time.monotonic() - began < DEADLINE + LEEWAY
    assert [(call.status, call.error is not None) for call in calls] == [(200, True)]


def test_the_time_the_caller_takes_between_pieces_counts_and_his_own_calls_are_not_cut() -> None:
    with raw_server(_says(answer(b"x" * 300_000))) as address, _client(address) as client:
        pieces = client.stream("T1", "/thing", deadline=DEADLINE)
        next(pieces)

        left = time_left()
        time.sleep(DEADLINE)

        assert left is None
        with pytest.raises(UnknownOutcomeError, match="time"):
            list(pieces)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 200000\r\n\r\n" + b"x" * 100_000,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n400\r\n" + b"x" * 1024 + b"\r\n",
        answer(gzip.compress(b"x" * 500_000)[:-9], b"Content-Encoding: gzip"),
    ],
    ids=["length", "chunked", "packed"],
)
def test_a_body_that_breaks_off_gives_what_came_and_then_an_error(data: bytes) -> None:
    with raw_server(_says(data)) as address, _client(address) as client:
        seen: list[bytes] = []

        with pytest.raises(UnknownOutcomeError):
            _read(client.stream("T1", "/thing", deadline=30), seen)

        assert seen


def test_a_packed_body_is_unpacked_in_small_pieces_and_only_up_to_its_limit() -> None:
    packed = answer(gzip.compress(b"x" * 40_000_000), b"Content-Encoding: gzip")
    with raw_server(_says(packed)) as address, _client(address) as client:
        sizes = [len(piece) for piece in client.stream("T1", "/thing", deadline=30)]

        assert sum(sizes) == 40_000_000
        assert max(sizes) <= PIECE
        with pytest.raises(UnknownOutcomeError, match="larger"):
            list(client.stream("T1", "/thing", deadline=30, max_bytes=1_000_000))


def test_a_refusal_is_judged_as_that_of_any_call_and_is_recorded() -> None:
    calls: list[Call] = []
    refusal = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"
    with raw_server(_says(refusal)) as address, _client(address, calls) as client:
        with pytest.raises(AuthError) as refused:
            list(client.stream("T1", "/thing", deadline=30))

        assert refused.value.body == "no"
    assert [(call.operation, call.status) for call in calls] == [("T1", 403)]


def test_an_iterator_that_is_closed_early_is_recorded_and_gives_its_connection_back() -> None:
    calls: list[Call] = []
    with raw_server(_says(answer(b"x" * 300_000))) as address, _client(address, calls) as client:
        pieces = client.stream("T1", "/thing", deadline=30)
        next(pieces)

        assert isinstance(pieces, Iterator)
        pieces.close()  # type: ignore[attr-defined]

        assert [(call.status, call.error) for call in calls] == [(200, None)]


@pytest.mark.parametrize("host", ["https://127.0.0.1", "http://localhost", "http://127.0.0.1:1"])
def test_an_address_elsewhere_is_refused_before_anything_is_sent(host: str) -> None:
    calls: list[Call] = []
    with raw_server(_says(answer(b"secret"))) as address, _client(address, calls) as client:
        whole = list(client.stream("T1", f"{address}/thing?a=1", deadline=30))

        with pytest.raises(ValueError, match="credentials"):
            client.stream("T1", f"{host}/thing", deadline=30)

        assert whole == [b"secret"]
    assert [call.path for call in calls] == ["/thing?a=1"]
