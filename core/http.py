"""Outbound HTTP: a total deadline, a size cap, errors that say what may have happened, and a redacted record of each call.

Never retries: what may be repeated, and when, is decided by rows, not here.
"""

import contextlib
import ipaddress
import json
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.redaction import MAX_EXCERPT, excerpt
from core.wire import PIECE, DeadlineTransport, call_until, time_left

# Less time than this is not worth beginning a call: it would only turn "not sent" into "unknown".
LEAST_SECONDS = 0.2
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]


class HttpError(Exception):
    """Anything that is not a good answer."""


class NotSentError(HttpError):
    """The request never reached the far side: it may be repeated without looking."""


class NoTimeError(NotSentError):
    """The call was not begun, since the time for it was over already. Says nothing about the far side."""


class UnknownOutcomeError(HttpError):
    """The request may have taken effect: read before repeating."""


class StatusError(HttpError):
    """The far side answered with a status other than 2xx."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        self.status, self.body, self.headers = status, body, headers
        super().__init__(f"HTTP {status}: {excerpt(body)[:300]}")


class ThrottledError(StatusError):
    """Too many calls. `retry_after` is in seconds; None when the far side did not say."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str], retry_after: float | None) -> None:
        super().__init__(status, body, headers)
        self.retry_after = retry_after


class AuthError(StatusError):
    """The key or password was refused, or lacks the role."""


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


@dataclass(frozen=True)
class Reply:
    """A good answer, read to its end."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON, numbers as Decimal. Raises UnknownOutcomeError when it is not JSON."""
        try:
            return json.loads(self.body, parse_float=Decimal)
        except ValueError as error:
            message = f"The answer ({self.status}, {len(self.body)} bytes) is not JSON: {excerpt(self.body[:120])!r}"
            raise UnknownOutcomeError(message) from error


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
            return _judge(record.status, reply_headers, record.reply)

    def stream(
        self,
        operation: str,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float,
        max_bytes: int = 8_000_000_000,
    ) -> Iterator[bytes]:
        """GET a body in unpacked pieces of bounded size, as they come; nothing is sent before the first is asked for.

        `path` may be a whole address on this far side: credentials go nowhere else (ValueError). The deadline holds for
        all of it, the caller's own time between the pieces included. Errors as of `request`; one that comes after the
        first piece means that the pieces so far are not the whole.
        """
        request = self._client.build_request("GET", path, params=_params(params), headers=headers)
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
                    record.reply = _whole(response, self._max_bytes)
                    _judge(record.status, response.headers, record.reply)
            try:
                for piece in _unpacked(
                    _timed(response, until), response.headers.get("content-encoding", ""), max_bytes
                ):
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
            return response.status_code, response.headers, _whole(response, self._max_bytes)

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


def _whole(response: httpx.Response, max_bytes: int) -> bytes:
    """The whole body, unpacked; never more than `max_bytes` in memory, however small it was on the wire."""
    assert isinstance(response.stream, httpx.SyncByteStream)
    try:
        return b"".join(_unpacked(response.stream, response.headers.get("content-encoding", ""), max_bytes))
    finally:
        response.close()


def _timed(response: httpx.Response, until: float) -> Iterator[bytes]:
    """The packed pieces of a body. The limit binds while one is waited for, and not what is done between two."""
    assert isinstance(response.stream, httpx.SyncByteStream)
    pieces = iter(response.stream)
    while True:
        with call_until(until):
            if (time_left() or 0) <= 0:
                message = "the answer broke off: the time for this call is over"
                raise UnknownOutcomeError(message)
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def _unpacked(stream: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
    """The body in pieces of bounded size. Raises UnknownOutcomeError when it breaks off, or grows past `max_bytes`."""
    unpacker = None
    if encoding.lower() in ("gzip", "x-gzip", "deflate"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    elif encoding.lower() not in ("", "identity"):
        message = f"the answer is packed as {encoding}, which was not asked for"
        raise UnknownOutcomeError(message)
    size = 0
    try:
        for chunk in stream:
            for piece in (chunk,) if unpacker is None else _pieces_of(unpacker, chunk):
                size += len(piece)
                if size > max_bytes:
                    message = f"the answer is larger than {max_bytes} bytes"
                    raise UnknownOutcomeError(message)
                yield piece
    except (httpx.HTTPError, zlib.error) as error:
        message = f"the answer broke off: {type(error).__name__} {error}"
        raise UnknownOutcomeError(message) from error
    if unpacker is not None and not unpacker.eof and size:
        message = "the packed answer ends too early"
        raise UnknownOutcomeError(message)


def _pieces_of(unpacker: "zlib._Decompress", chunk: bytes) -> Iterator[bytes]:
    while chunk and not unpacker.eof:
        yield unpacker.decompress(chunk, PIECE)
        chunk = unpacker.unconsumed_tail


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port


MAX_RETRY_AFTER = 86_400 * 7


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header: seconds or an HTTP date; None without one, 1.0 for anything odd."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            moment = parsedate_to_datetime(value)
        except (ValueError, TypeError, OverflowError):
            return 1.0
        # A date without a zone is UTC, as HTTP says.
        seconds = ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now).total_seconds()
    return seconds if 0 < seconds < MAX_RETRY_AFTER else 1.0


def _their_time(headers: Mapping[str, str]) -> datetime:
    """What the far side's clock said when it answered, which is what its dates are measured by; ours when it says nothing."""
    try:
        told = parsedate_to_datetime(headers["date"])
    except (KeyError, ValueError, TypeError, OverflowError):
        return datetime.now(UTC)
    return told if told.tzinfo else told.replace(tzinfo=UTC)


def _judge(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    if 200 <= status < 300:  # noqa: PLR2004 -- the 2xx range
        return Reply(status, headers, body)
    text = body.decode("utf-8", "replace")
    retry_after = parse_retry_after(headers.get("retry-after"), _their_time(headers))
    if status == 429 or (status == 503 and retry_after is not None):  # noqa: PLR2004 -- RFC 6585, RFC 9110
        raise ThrottledError(status, text, headers, retry_after)
    if status in (401, 403):
        raise AuthError(status, text, headers)
    raise StatusError(status, text, headers)


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
