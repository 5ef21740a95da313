"""The wire below core.http: httpcore's connections, with every single wait cut to what is left of the call's deadline.

httpx's own timeouts are per operation, so a far side that sends one byte now and then would hold a call for ever.
"""

import contextlib
import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextvars import ContextVar
from typing import Any, cast
from urllib.request import getproxies, proxy_bypass

import httpcore
import httpx

# The moment (time.monotonic) by which the call of this thread must be over.
_until: ContextVar[float | None] = ContextVar("holdpoint_call_until", default=None)
CONNECT, READ, WRITE, POOL = 3.0, 10.0, 10.0, 3.0
PIECE = 16_384


@contextlib.contextmanager
def call_until(moment: float) -> Iterator[None]:
    """End every call made inside by `moment` (time.monotonic) at the latest; the earlier of two nested ones holds."""
    outer = _until.get()
    token = _until.set(moment if outer is None else min(moment, outer))
    try:
        yield
    finally:
        _until.reset(token)


def time_left() -> float | None:
    """Seconds until the calls of this context must be over; None without a limit."""
    moment = _until.get()
    return None if moment is None else moment - time.monotonic()


def _cut(timeout: float | None, error: type[Exception]) -> float:
    left = time_left()
    seconds = min(value for value in (timeout, left, 3600.0) if value is not None)
    if seconds <= 0:
        message = "the deadline of the call is over"
        raise error(message)
    return seconds


class _Stream(httpcore.NetworkStream):
    """A connection whose every wait ends with the call."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _cut(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        # In pieces: the inner stream would start the time anew for every part that the far side takes.
        for start in range(0, len(buffer), PIECE):
            self._inner.write(buffer[start : start + PIECE], _cut(timeout, httpcore.WriteTimeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, _cut(timeout, httpcore.ConnectTimeout)))

    def close(self) -> None:
        self._inner.close()

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    """Opens connections; looking up the name counts against the deadline, which the system's own resolver ignores."""

    def __init__(self) -> None:
        self._inner = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        until = time.monotonic() + _cut(timeout, httpcore.ConnectTimeout)
        problem: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port, until):
            left = until - time.monotonic()
            if left <= 0:
                break
            try:
                return _Stream(self._inner.connect_tcp(address, port, left, local_address, socket_options))
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem


def _addresses(host: str, port: int, until: float) -> list[str]:
    with contextlib.suppress(ValueError):
        return [str(ipaddress.ip_address(host.strip("[]")))]
    found: list[str] = []
    problems: list[Exception] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
        except OSError as error:
            problems.append(error)

    thread = threading.Thread(target=look_up, daemon=True)
    thread.start()
    thread.join(max(0.0, until - time.monotonic()))
    if problems:
        raise httpcore.ConnectError(str(problems[0])) from problems[0]
    if not found:
        message = f"the address of {host} could not be found in time"
        raise httpcore.ConnectTimeout(message)
    return found


# From the special to the general: the first that fits names the error.
_ERRORS: tuple[tuple[type[Exception], type[httpx.TransportError]], ...] = (
    (httpcore.ConnectTimeout, httpx.ConnectTimeout),
    (httpcore.ReadTimeout, httpx.ReadTimeout),
    (httpcore.WriteTimeout, httpx.WriteTimeout),
    (httpcore.PoolTimeout, httpx.PoolTimeout),
    (httpcore.ConnectError, httpx.ConnectError),
    (httpcore.WriteError, httpx.WriteError),
    (httpcore.ProxyError, httpx.ProxyError),
    (httpcore.UnsupportedProtocol, httpx.UnsupportedProtocol),
    (httpcore.LocalProtocolError, httpx.LocalProtocolError),
    (httpcore.ProtocolError, httpx.RemoteProtocolError),
    (httpcore.TimeoutException, httpx.ReadTimeout),
    (httpcore.NetworkError, httpx.ReadError),
)


@contextlib.contextmanager
def _as_httpx() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        for theirs, ours in _ERRORS:
            if isinstance(error, theirs):
                raise ours(str(error)) from error
        raise


class _Body(httpx.SyncByteStream):
    def __init__(self, inner: Iterable[bytes]) -> None:
        self._inner = inner

    def __iter__(self) -> Iterator[bytes]:
        with _as_httpx():
            yield from self._inner

    def close(self) -> None:
        closer = getattr(self._inner, "close", None)
        if closer is not None:
            closer()


class DeadlineTransport(httpx.BaseTransport):
    """An httpx transport on httpcore's pool. Never retries. Honours the proxies of the environment, as httpx does."""

    def __init__(self, base_url: str) -> None:
        url = httpx.URL(base_url)
        proxy = None if proxy_bypass(url.host) else getproxies().get(url.scheme)
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpx.create_ssl_context() if url.scheme == "https" else None,
            proxy=httpcore.Proxy(proxy) if proxy else None,
            max_connections=40,
            max_keepalive_connections=40,
            keepalive_expiry=30.0,
            retries=0,
            network_backend=_Backend(),
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send it and read the head of the answer; the body is read through the answer's stream."""
        assert isinstance(request.stream, httpx.SyncByteStream)
        inner = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions={
                "timeout": {"connect": CONNECT, "read": READ, "write": WRITE, "pool": _cut(POOL, httpx.PoolTimeout)}
            },
        )
        with _as_httpx():
            answer = self._pool.handle_request(inner)
        body = _Body(cast("Iterable[bytes]", answer.stream))
        return httpx.Response(status_code=answer.status, headers=answer.headers, stream=body)

    def close(self) -> None:
        """Give the connections back."""
        self._pool.close()
