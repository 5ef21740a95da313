"""Calls over real connections to a server that misbehaves: every one ends in time, and says what may have happened."""

import gzip
import socket
import threading
import time
from collections.abc import Callable
from unittest.mock import patch

import pytest

from core.http import HttpClient, HttpError, NoTimeError, NotSentError, UnknownOutcomeError
from core.wire import call_until
from tests.core.raw_server import HEAD, answer, drip, raw_server, read_request, reset

DEADLINE = 0.8
# What a loaded machine may add; without the deadline each of these would take ten seconds or for ever.
LEEWAY = 5.0


def _call(address: str, *, deadline: float = DEADLINE, max_bytes: int = 1_000_000, body: bytes | None = None) -> bytes:
    client = HttpClient(address, deadline=deadline, max_bytes=max_bytes)
    try:
        return client.request("T1", "PUT" if body else "GET", "/thing", content=body).body
    finally:
        client.close()


def _hang(line: socket.socket) -> None:
    read_request(line)
    time.sleep(20)


def _drip_head(line: socket.socket) -> None:
    read_request(line)
    drip(line, HEAD + b"X-Slow: ")


def _drip_body(line: socket.socket) -> None:
    read_request(line)
    line.sendall(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    while True:
        line.sendall(b"1\r\n \r\n")
        time.sleep(0.05)


def _read_nothing(line: socket.socket) -> None:
    time.sleep(20)


@pytest.mark.parametrize("talk", [_hang, _drip_head, _drip_body])
def test_no_answer_however_slow_holds_a_call_beyond_its_deadline(talk: Callable[[socket.socket], None]) -> None:
    with raw_server(talk) as address:
        began = time.monotonic()

        with pytest.raises(UnknownOutcomeError):
            _call(address)

        assert time.monotonic() - began < DEADLINE + LEEWAY


def test_a_far_side_that_reads_nothing_holds_no_upload_beyond_its_deadline() -> None:
    with raw_server(_read_nothing) as address:
        began = time.monotonic()

        with pytest.raises(UnknownOutcomeError):
            _call(address, body=b"x" * 30_000_000)

        assert time.monotonic() - began < DEADLINE * 2 + LEEWAY


def test_a_hung_tls_handshake_was_not_sent_and_ends_with_the_deadline() -> None:
    with raw_server(_read_nothing) as address:
        began = time.monotonic()

        with pytest.raises(NotSentError):
            _call(address.replace("http://", "https://"))

        assert time.monotonic() - began < DEADLINE + LEEWAY


def test_a_name_server_that_does_not_answer_was_not_sent_and_ends_with_the_deadline() -> None:
    def never(*_: object, **__: object) -> list[object]:
        time.sleep(20)
        return []

    with patch("core.wire.socket.getaddrinfo", never):
        began = time.monotonic()
        with pytest.raises(NotSentError):
            _call("https://shop.example.com")

    assert time.monotonic() - began < DEADLINE + LEEWAY


def test_a_name_that_does_not_exist_was_not_sent() -> None:
    with (
        patch("core.wire.socket.getaddrinfo", side_effect=socket.gaierror(-2, "Name or service not known")),
        pytest.raises(NotSentError, match="Name or service"),
    ):
        _call("https://shop.example.com")


def test_a_refused_connection_was_not_sent() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(NotSentError):
        _call(f"http://127.0.0.1:{port}")


def test_a_reset_before_the_first_byte_of_the_answer_is_unknown() -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        reset(line)

    with raw_server(talk) as address, pytest.raises(UnknownOutcomeError):
        _call(address)


def test_a_kept_connection_that_ends_without_an_answer_is_unknown_and_not_called_again() -> None:
    requests: list[bytes] = []

    def talk(line: socket.socket) -> None:
        requests.append(read_request(line))
        line.sendall(answer(b"{}"))
        requests.append(read_request(line))
        reset(line)

    with raw_server(talk) as address:
        client = HttpClient(address, deadline=DEADLINE)
        client.request("T1", "PUT", "/thing", content=b"x")
        with pytest.raises(UnknownOutcomeError):
            client.request("T1", "PUT", "/thing", content=b"x")
        client.close()

    assert len(requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        answer(b'{"a": 1}')[:-3],
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        answer(gzip.compress(b"x" * 1000)[:-9], b"Content-Encoding: gzip"),
        answer(b"not packed at all", b"Content-Encoding: gzip"),
        answer(b"whatever", b"Content-Encoding: br"),
        b"SSH-2.0-OpenSSH_9.0\r\n",
        b"",
    ],
)
def test_an_answer_that_is_cut_or_no_answer_at_all_is_unknown(reply: bytes) -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(reply)

    with raw_server(talk) as address, pytest.raises(UnknownOutcomeError):
        _call(address)


@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_larger_than_the_cap_is_not_read_on_even_if_it_is_small_on_the_wire(packed: bool) -> None:
    body = b"0" * 3_000_000
    reply = answer(gzip.compress(body), b"Content-Encoding: gzip") if packed else answer(body)

    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(reply)

    with raw_server(talk) as address, pytest.raises(UnknownOutcomeError, match="larger than 100000 bytes"):
        _call(address, max_bytes=100_000, deadline=5)


def test_a_packed_answer_is_unpacked() -> None:
    def talk(line: socket.socket) -> None:
        read_request(line)
        line.sendall(answer(gzip.compress(b'{"a": 1}'), b"Content-Encoding: gzip"))

    with raw_server(talk) as address:
        assert _call(address, deadline=5) == b'{"a": 1}'


def test_a_call_that_has_no_time_left_is_not_begun() -> None:
    connections: list[socket.socket] = []
    with raw_server(connections.append) as address, call_until(time.monotonic() + 0.05), pytest.raises(NoTimeError):
        _call(address)

    assert connections == []


def test_the_deadline_around_calls_cuts_those_inside() -> None:
    with raw_server(_hang) as address:
        began = time.monotonic()
        with call_until(began + 0.5), call_until(began + 60), pytest.raises(UnknownOutcomeError):
            _call(address, deadline=30)

    assert time.monotonic() - began < 0.5 + LEEWAY


def test_one_client_serves_many_threads_each_with_its_own_deadline() -> None:
    def talk(line: socket.socket) -> None:
        while request := read_request(line):
            time.sleep(2 if b"/slow" in request else 0)
            line.sendall(answer(b"{}"))

    outcomes: dict[str, str] = {}

    with raw_server(talk) as address:
        client = HttpClient(address, deadline=5)

        def call(path: str, deadline: float) -> None:
            try:
                client.request("T1", "GET", path, deadline=deadline)
                outcomes[path] = "ok"
            except HttpError as error:
                outcomes[path] = type(error).__name__

        threads = [threading.Thread(target=call, args=one) for one in (("/slow", 0.6), ("/quick", 5.0))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        client.close()

    assert outcomes == {"/slow": "UnknownOutcomeError", "/quick": "ok"}


def test_the_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    def talk(line: socket.socket) -> None:
        seen.append(read_request(line))
        line.sendall(answer(b"{}"))

    with raw_server(talk) as proxy, raw_server(_hang) as address:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")
        _call(address, deadline=5)

    assert seen[0].startswith(f"GET {address}/thing".encode())


def test_plain_http_is_for_this_machine_only() -> None:
    with pytest.raises(ValueError, match="must begin with https"):
        HttpClient("http://shop.example.com")
