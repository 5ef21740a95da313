"""Outbound HTTP: a total deadline, a size cap, errors that say what may have happened, and a redacted record of each call.

Never retries: what may be repeated, and when, is decided by rows, not here.
"""

import ipaddress
import json
import time
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.redaction import excerpt
from core.wire import DeadlineTransport, call_until, time_left

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
        started_at, began = datetime.now(UTC), time.monotonic()
        status: int | None = None
        reply_body, error = b"", None
        try:
            status, reply_headers, reply_body = self._exchange(request, began + (deadline or self._deadline))
            return _judge(status, reply_headers, reply_body)
        except HttpError as problem:
            error = f"{type(problem).__name__}: {problem}"[:500]
            raise
        finally:
            if self._on_call is not None:
                self._on_call(
                    Call(
                        operation=operation,
                        method=method,
                        path=excerpt(request.url.raw_path.decode("ascii", "replace")),
                        status=status,
                        started_at=started_at,
                        elapsed_ms=int((time.monotonic() - began) * 1000),
                        request_excerpt=excerpt(body or ""),
                        response_excerpt=excerpt(reply_body),
                        error=error,
                    )
                )

    def close(self) -> None:
        """Give the connections back."""
        self._client.close()

    def _exchange(self, request: httpx.Request, until: float) -> tuple[int, Mapping[str, str], bytes]:
        with call_until(until):
            left = time_left()
            if left is not None and left < LEAST_SECONDS:
                message = "not sent: the time for this call is over"
                raise NoTimeError(message)
            try:
                response = self._client.send(request, stream=True)
            except NOT_SENT as error:
                message = f"not sent: {type(error).__name__} {error}"
                raise NotSentError(message) from error
            except httpx.HTTPError as error:
                message = f"no answer: {type(error).__name__} {error}"
                raise UnknownOutcomeError(message) from error
            try:
                assert isinstance(response.stream, httpx.SyncByteStream)
                body = _read(response.stream, response.headers.get("content-encoding", ""), self._max_bytes)
            except (httpx.HTTPError, zlib.error) as error:
                message = f"the answer broke off: {type(error).__name__} {error}"
                raise UnknownOutcomeError(message) from error
            finally:
                response.close()
        return response.status_code, response.headers, body


# Errors that can only come before the first byte of the request left. A connection that the far side had closed
# meanwhile is none of them: it looks the same whether it was read before or after the request had arrived.
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError, httpx.UnsupportedProtocol)


def _read(stream: Iterable[bytes], encoding: str, max_bytes: int) -> bytes:
    """The whole body, unpacked; never more than `max_bytes` in memory, however small it was on the wire."""
    body = bytearray()
    unpacker = None
    if encoding.lower() in ("gzip", "x-gzip", "deflate"):
        unpacker = zlib.decompressobj(zlib.MAX_WBITS | 32)
    elif encoding.lower() not in ("", "identity"):
        message = f"the answer is packed as {encoding}, which was not asked for"
        raise UnknownOutcomeError(message)
    for chunk in stream:
        if unpacker is None:
            body += chunk
        elif not unpacker.eof:
            body += unpacker.decompress(chunk, max_bytes + 1 - len(body))
        if len(body) > max_bytes:
            message = f"the answer is larger than {max_bytes} bytes"
            raise UnknownOutcomeError(message)
    if unpacker is not None and not unpacker.eof and body:
        message = "the packed answer ends too early"
        raise UnknownOutcomeError(message)
    return bytes(body)


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
