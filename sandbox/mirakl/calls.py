"""What every marketplace call shares: who calls, filters, paging, error bodies."""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from sandbox.clock import iso, seconds_of
from sandbox.mirakl.state import Json, Key, Operator, SandboxOrder, Shop
from sandbox.wire import Request, Response, json_response

if TYPE_CHECKING:
    from sandbox.world import World

LIST_LIMIT = 100


class RefusedError(Exception):
    """A call that is answered with an error; the message is Mirakl's."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass
class Context:
    """One call of one shop. `effective` is set by calls that changed something; `subjects` by those about several orders."""

    world: "World"
    operator: Operator
    shop: Shop
    key: Key
    request: Request
    parts: dict[str, str]
    now: float
    repeat_page: bool = False
    effective: bool = False
    subjects: list[str] = field(default_factory=list)
    # When the request was sent; `now` is later than that where it takes place late.
    sent: float = 0.0

    def iso(self) -> str:
        """The world's time as Mirakl writes it."""
        return iso(self.now) or ""

    def body(self) -> Json:
        """The body, which must be a JSON object."""
        body = self.request.json()
        if not isinstance(body, dict):
            raise RefusedError("VALIDATION_ERROR: the body is not a JSON object")
        return body

    def rows(self, name: str, largest: int) -> list[Json]:
        """A list of objects in the body, neither empty nor too long."""
        rows = self.body().get(name)
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            raise RefusedError(f"VALIDATION_ERROR: {name} must be a list of objects")
        if len(rows) > largest:
            raise RefusedError(f"Too many {name} given: at most {largest}")
        return rows

    def order(self) -> SandboxOrder:
        """The order named in the path, if it is this shop's."""
        order = self.find(self.parts.get("order_id"))
        if order is None:
            raise RefusedError("ORDER_NOT_FOUND", 404)
        return order

    def find(self, order_id: object) -> SandboxOrder | None:
        """An order of this shop by its id."""
        order = self.operator.orders.get(str(order_id))
        return order if order is not None and order.shop_id == self.shop.id and order.state != "STAGING" else None

    def listed(self, name: str) -> set[str]:
        """The values of a comma list."""
        return _limited(name, set(self.request.listed(name)))

    def many(self, name: str) -> set[str]:
        """The values of a repeated parameter."""
        return _limited(name, set(self.request.many(name)))

    def moment(self, name: str) -> float | None:
        """A date parameter, in seconds."""
        text = self.request.one(name)
        if not text:
            return None
        try:
            return seconds_of(text)
        except ValueError:
            raise RefusedError(f"Invalid value for parameter '{name}'") from None

    def flag(self, name: str) -> bool | None:
        """A boolean parameter; None when it was left out."""
        text = self.request.one(name)
        return None if text not in ("true", "false") else text == "true"


def _limited(name: str, values: set[str]) -> set[str]:
    if len(values) > LIST_LIMIT:
        raise RefusedError(f"The limit of {LIST_LIMIT} is exceeded for the parameter : {name}")
    return values


def bad(message: str, status: int = 400) -> Response:
    """Mirakl's error body."""
    return json_response({"message": message, "status": status}, status)


def offset_page(call: Context, rows: list[Any], name: str, shown: Callable[[Any], Json] = lambda row: row) -> Response:
    """Offset paging: 10 by default, 100 at most, total_count, Link to the pages on both sides."""
    size = min(100, max(1, _number(call.request.one("max"), 10)))
    offset = max(0, _number(call.request.one("offset"), 0))
    if call.repeat_page:
        offset = max(0, offset - size)
    links = []
    if offset + size < len(rows):
        links.append(_link(call, offset + size, size, "next"))
    if offset > 0:
        links.append(_link(call, max(0, offset - size), size, "previous"))
    headers = (("link", ", ".join(links)),) if links else ()
    return json_response(
        {name: [shown(row) for row in rows[offset : offset + size]], "total_count": len(rows)}, headers=headers
    )


def _link(call: Context, offset: int, size: int, side: str) -> str:
    others = [(key, value) for key, value in call.request.query if key not in ("offset", "max")]
    query = urlencode([*others, ("max", size), ("offset", offset)])
    host = call.request.headers.get("host", "sandbox.example.com")
    return f'<{call.request.scheme}://{host}{call.request.path}?{query}>; rel="{side}"'


def seek_page(call: Context, rows: list[Json], *, largest: int = 100) -> Response:
    """Seek paging by opaque tokens; with a token the other parameters are ignored."""
    size, start = min(largest, max(1, _number(call.request.one("limit"), 10))), 0
    token = call.request.one("page_token")
    if token:
        size, start = _position(token)
    if call.repeat_page:
        start = max(0, start - size)
    body: Json = {"data": rows[start : start + size]}
    if start + size < len(rows):
        body["next_page_token"] = _token(call, size, start + size)
    if start > 0:
        body["previous_page_token"] = _token(call, size, max(0, start - size))
    return json_response(body)


def effective_query(request: Request) -> Request:
    """The request a token stands for: the parameters of the first page come back out of the token."""
    token = request.one("page_token")
    if not token:
        return request
    _, _, rest = _decoded(token)
    kept = [(key, value) for key, value in request.query if key in ("page_token", "shop_id")]
    return replace(request, query=(*kept, *rest))


def _token(call: Context, size: int, start: int) -> str:
    first = [(key, value) for key, value in call.request.query if key not in ("page_token", "shop_id", "limit")]
    text = urlencode([("seek", f"{size}:{start}"), *first])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _position(token: str) -> tuple[int, int]:
    size, start, _ = _decoded(token)
    return size, start


def _decoded(token: str) -> tuple[int, int, list[tuple[str, str]]]:
    try:
        (name, position), *rest = parse_qsl(base64.urlsafe_b64decode(token).decode(), strict_parsing=True)
        size, start = (int(part) for part in position.split(":"))
    except ValueError:
        raise RefusedError("Invalid page token") from None
    if name != "seek":
        raise RefusedError("Invalid page token")
    return size, start, rest


def _number(text: str, default: int) -> int:
    return int(text) if re.fullmatch(r"\d{1,9}", text) else default


def page_number(request: Request) -> int:
    """Which page of an offset list is asked for, counted from one."""
    size = min(100, max(1, _number(request.one("max"), 10)))
    return _number(request.one("offset"), 0) // size + 1
