"""Outbound HTTP: a total deadline, a size cap, errors that say what may have happened, and a redacted record of each call.

Never retries: what may be repeated, and when, is decided by rows, not here.
"""

import ipaddress
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.redaction import excerpt

Params = Mapping[str, Any] | Sequence[tuple[str, Any]]


class HttpError(Exception):
    """Anything that is not a good answer."""


class NotSentError(HttpError):
    """The request never reached the far side: it may be repeated without looking."""


class UnknownOutcomeError(HttpError):
    """The request may have taken effect: read before repeating."""


class StatusError(HttpError):
    """The far side answered with a status other than 2xx."""

    def __init__(self, status: int, body: str, headers: Mapping[str, str]) -> None:
        self.status, self.body, self.headers = status, body, headers
        super().__init__(f"HTTP {status}: {body[:300]}")


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
            message = f"The answer ({self.status}) is not JSON: {self.body[:120]!r}"
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
            headers=dict(headers or {}),
            auth=auth,
            transport=transport,
            timeout=httpx.Timeout(connect=3.0, read=10.0, write=10.0, pool=3.0),
            limits=httpx.Limits(max_connections=40, max_keepalive_connections=40, keepalive_expiry=30.0),
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
                        path=str(request.url.raw_path.decode("ascii", "replace")),
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
        try:
            response = self._client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol) as error:
            message = f"not sent: {type(error).__name__} {error}"
            raise NotSentError(message) from error
        except httpx.HTTPError as error:
            message = f"no answer: {type(error).__name__} {error}"
            raise UnknownOutcomeError(message) from error
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > self._max_bytes:
                    message = f"the answer is larger than {self._max_bytes} bytes"
                    raise UnknownOutcomeError(message)
                if time.monotonic() > until:
                    message = "the answer was not finished by the deadline"
                    raise UnknownOutcomeError(message)
        except httpx.HTTPError as error:
            message = f"the answer broke off: {type(error).__name__} {error}"
            raise UnknownOutcomeError(message) from error
        finally:
            response.close()
        return response.status_code, response.headers, bytes(body)


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Seconds to wait from a Retry-After header: seconds or an HTTP date; None without one, 1.0 for anything odd."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(value) - now).total_seconds()
        except (ValueError, TypeError):
            return 1.0
    return seconds if 0 < seconds < 86_400 * 7 else 1.0


def _judge(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    if 200 <= status < 300:  # noqa: PLR2004 -- the 2xx range
        return Reply(status, headers, body)
    text = body.decode("utf-8", "replace")
    retry_after = parse_retry_after(headers.get("retry-after"), datetime.now(UTC))
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
