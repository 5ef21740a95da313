"""Answers of far sides: what each may mean, and how a body is read whole or in pieces, in time and within a size."""

import json
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from core.redaction import excerpt
from core.wire import PIECE, call_until, time_left


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


def whole_body(response: httpx.Response, max_bytes: int) -> bytes:
    """The whole body, unpacked; never more than `max_bytes` in memory, however small it was on the wire."""
    assert isinstance(response.stream, httpx.SyncByteStream)
    try:
        return b"".join(unpacked(response.stream, response.headers.get("content-encoding", ""), max_bytes))
    finally:
        response.close()


def timed(response: httpx.Response, until: float) -> Iterator[bytes]:
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


def unpacked(stream: Iterable[bytes], encoding: str, max_bytes: int) -> Iterator[bytes]:
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


def judge(status: int, headers: Mapping[str, str], body: bytes) -> Reply:
    """A good answer as it is; any other raises ThrottledError, AuthError or StatusError."""
    if 200 <= status < 300:  # noqa: PLR2004 -- the 2xx range
        return Reply(status, headers, body)
    text = body.decode("utf-8", "replace")
    retry_after = parse_retry_after(headers.get("retry-after"), _their_time(headers))
    if status == 429 or (status == 503 and retry_after is not None):  # noqa: PLR2004 -- RFC 6585, RFC 9110
        raise ThrottledError(status, text, headers, retry_after)
    if status in (401, 403):
        raise AuthError(status, text, headers)
    raise StatusError(status, text, headers)
