"""A request and its answer as plain values, so that all logic is sync, in memory, and testable without a socket."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(frozen=True)
class Request:
    """One call. Header names are lower case; `path` is decoded, `raw_path` is what stood on the line, if it is known."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    raw_path: str = ""
    scheme: str = "http"

    def one(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return next((value for key, value in self.query if key == name), default)

    def many(self, name: str) -> list[str]:
        """Every value of a repeated parameter."""
        return [value for key, value in self.query if key == name]

    def listed(self, name: str) -> list[str]:
        """The values of a comma list."""
        return [part for value in self.many(name) for part in value.split(",") if part]

    def json(self) -> Any:
        """The body as JSON; None when it is empty or not JSON."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return None

    def form(self) -> list[tuple[str, str]]:
        """The body as form fields."""
        return parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True)


@dataclass(frozen=True)
class Response:
    """An answer, with what the line does to it: a delay, a reset, or an end too early."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()
    delay: float = 0.0
    drop: bool = False
    truncate: bool = False


def json_response(value: Any, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """An answer in JSON."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Response(status, body, (("content-type", "application/json"), *headers))


def text_response(text: str, status: int = 200, kind: str = "text/plain") -> Response:
    """An answer in words."""
    return Response(status, text.encode(), (("content-type", kind),))
