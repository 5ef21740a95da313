"""Outbound HTTP: a total deadline, a size cap, errors that say what may have happened, and a redacted record of each call.

Never retries: what may be repeated, and when, is decided by rows, not here.
"""

import contextlib
import ipaddress
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from core.answers import (
    AuthError,
    HttpError,
    NoTimeError,
    NotSentError,
    Reply,
    StatusError,
    ThrottledError,
    UnknownOutcomeError,
    judge,
    parse_retry_after,
    timed,
    unpacked,
    whole_body,
)
from core.redaction import MAX_EXCERPT, excerpt
from core.wire import DeadlineTransport, call_until, time_left

__all__ = [
    "AuthError",
    "Call",
    "HttpClient",
    "HttpError",
    "NoTimeError",
    "NotSentError",
    "Reply",
    "StatusError",
    "ThrottledError",
    "UnknownOutcomeError",
    "parse_retry_after",
]

# Less time than this is not worth beginning a call: it would only turn "not sent" into "unknown".
LEAST_SECONDS = 0.2
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]


@dataclass(frozen=True)
class Call:
    """One call as it is kept: no credentials, no personal data."""

    operation: str
    method: str
    path: str
    status: int | None
    started_at: datetime
    elapsed_ms: int
    request_excerpt: str
    response_excerpt: str
    error: str | None


class HttpClient:
    """One far side. Safe to use from several threads; make it after a fork."""

    def __init__(
        self,
        base_url: str,
        *,
        headers: Mapping[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
        deadline: float = 30.0,
        max_bytes: int = 32_000_000,
        on_call: Callable[[Call], None] | None = None,
    ) -> None:
        _refuse_plain_http(base_url)
        self._deadline, self._max_bytes, self._on_call = deadline, max_bytes, on_call
        self._client = httpx.Client(
            base_url=base_url,
            headers={"Accept-Encoding": "gzip", **(headers or {})},
            auth=auth,
            transport=transport or DeadlineTransport(base_url),
            follow_redirects=False,
        )

    def request(
        self,
        operation: str,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: object | None = None,
        form: Mapping[str, Any] | None = None,
        files: Mapping[str, Any] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float | None = None,
    ) -> Reply:
        """Make one call. Raises NotSentError, UnknownOutcomeError, ThrottledError, AuthError or StatusError."""
        body = content if json is None else _encode(json)
        extra = dict(headers or {})
        if json is not None:
            extra.setdefault("Content-Type", "application/json")
        if method in ("PUT", "POST") and body is None and form is None and files is None:
            body = b""
            extra["Content-Length"] = "0"
        request = self._client.build_request(
            method, path, params=_params(params), content=body, data=form, files=files, headers=extra
        )
        with self._recorded(operation, request, body or b"") as record:
            until = record.began + (deadline or self._deadline)
            record.status, reply_headers, record.reply = self._exchange(request, until)
            return judge(record.status, reply_headers, record.reply)

    def stream(
        self,
        operation: str,
        path: str,
        *,
        headers: Mapping[str, str] | None = None,
        deadline: float,
        max_bytes: int = 8_000_000_000,
    ) -> Iterator[bytes]:
        """GET a body in unpacked pieces of bounded size, as they come; nothing is sent before the first is asked for.

        `path` may be a whole address on this far side: credentials go nowhere else (ValueError). The deadline holds for
        all of it, the caller's own time between the pieces included. Errors as of `request`; one that comes after the
        first piece means that the pieces so far are not the whole.
        """
        request = self._client.build_request("GET", path, headers=headers)
        if _origin(request.url) != _origin(self._client.base_url):
            message = f"{request.url.host} is not the far side that these credentials are for"
            raise ValueError(message)
        return self._pieces(operation, request, deadline, max_bytes)

    def _pieces(self, operation: str, request: httpx.Request, deadline: float, max_bytes: int) -> Iterator[bytes]:
        with self._recorded(operation, request, b"") as record:
            until = record.began + deadline
            with call_until(until):
                response = self._begin(request)
                record.status = response.status_code
                if not response.is_success:
                    record.reply = whole_body(response, self._max_bytes)
                    judge(record.status, response.headers, record.reply)
            try:
                for piece in unpacked(timed(response, until), response.headers.get("content-encoding", ""), max_bytes):
                    record.reply = record.reply or piece[:MAX_EXCERPT]
                    yield piece
            finally:
                response.close()

    @contextlib.contextmanager
    def _recorded(self, operation: str, request: httpx.Request, body: bytes) -> Iterator["_Record"]:
        """Tell of the call when it is over, whatever came of it."""
        record = _Record()
        try:
            yield record
        except HttpError as problem:
            record.error = f"{type(problem).__name__}: {problem}"[:500]
            raise
        finally:
            if self._on_call is not None:
                self._on_call(
                    Call(
                        operation=operation,
                        method=request.method,
                        path=excerpt(request.url.raw_path.decode("ascii", "replace")),
                        status=record.status,
                        started_at=record.started_at,
                        elapsed_ms=int((time.monotonic() - record.began) * 1000),
                        request_excerpt=excerpt(body),
                        response_excerpt=excerpt(record.reply),
                        error=record.error,
                    )
                )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _exchange(self, request: httpx.Request, until: float) -> tuple[int, Mapping[str, str], bytes]:
        with call_until(until):
            response = self._begin(request)
            return response.status_code, response.headers, whole_body(response, self._max_bytes)

    def _begin(self, request: httpx.Request) -> httpx.Response:
        """Send it, and read the head of the answer."""
        left = time_left()
        if left is not None and left < LEAST_SECONDS:
            message = "not sent: the time for this call is over"
            raise NoTimeError(message)
        try:
            return self._client.send(request, stream=True)
        except NOT_SENT as error:
            message = f"not sent: {type(error).__name__} {error}"
            raise NotSentError(message) from error
        except httpx.HTTPError as error:
            message = f"no answer: {type(error).__name__} {error}"
            raise UnknownOutcomeError(message) from error


# Errors that can only come before the first byte of the request left. A connection that the far side had closed
# meanwhile is none of them: it looks the same whether it was read before or after the request had arrived.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


@dataclass
class _Record:
    """What is known of a call while it runs."""

    started_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    began: float = field(default_factory=time.monotonic)
    status: int | None = None
    reply: bytes = b""
    error: str | None = None


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


def _encode(value: object) -> bytes:
    return json.dumps(value, default=_plain, ensure_ascii=False).encode()


def _plain(value: object) -> object:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    message = f"{type(value).__name__} cannot be sent as JSON"
    raise TypeError(message)


def _params(params: Params | None) -> list[tuple[str, str | int | float | bool | None]] | None:
    if params is None:
        return None
    pairs = params.items() if isinstance(params, Mapping) else params
    return [
        (key, str(value).lower() if isinstance(value, bool) else str(value))
        for key, value in pairs
        if value is not None
    ]


def _refuse_plain_http(base_url: str) -> None:
    url = httpx.URL(base_url)
    if url.scheme == "https" or url.host == "localhost":
        return
    try:
        if url.scheme == "http" and ipaddress.ip_address(url.host.strip("[]")).is_loopback:
            return
    except ValueError:
        pass
    message = f"{base_url} must begin with https:// (plain http is for this machine only)"
    raise ValueError(message)
