"""What every marketplace call shares: who calls, paging, error bodies."""

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.clock import iso
from sandbox.mirakl.state import CARRIERS, SHIPPING_TYPES, Json, Operator, SandboxOrder, Shop
from sandbox.wire import Request, Response, json_response

if TYPE_CHECKING:
    from sandbox.world import World


@dataclass
class Context:
    """One call of one shop. `effective` is set by calls that changed something."""

    world: "World"
    operator: Operator
    shop: Shop
    request: Request
    parts: dict[str, str]
    repeat_page: bool = False
    effective: bool = False

    @property
    def now(self) -> float:
        """The world's time in seconds."""
        return self.world.clock.seconds()

    def iso(self) -> str:
        """The world's time as Mirakl writes it."""
        return iso(self.now) or ""

    def json(self) -> Json | None:
        """The body, if it is a JSON object."""
        body = self.request.json()
        return body if isinstance(body, dict) else None

    def order(self) -> SandboxOrder | None:
        """The order named in the path, if it is this shop's."""
        order = self.operator.orders.get(self.parts.get("order_id", ""))
        if order is None or order.shop_id != self.shop.id:
            return None
        self.operator.settle(order, self.now)
        return order

    def operator_carriers(self) -> tuple[Json, ...]:
        """The operator's carriers."""
        return CARRIERS

    def shipping_types(self) -> tuple[Json, ...]:
        """The operator's shipping types."""
        return SHIPPING_TYPES


def bad(message: str, status: int = 400) -> Response:
    """Mirakl's error body."""
    return json_response({"message": message, "status": status}, status)


def gone(message: str) -> Response:
    """A 404."""
    return bad(message, 404)


def created_page(call: Context, rows: list[Json], name: str) -> Response:
    """Offset paging: 10 by default, 100 at most, total_count, Link."""
    size = min(100, max(1, _number(call.request.one("max"), 10)))
    offset = max(0, _number(call.request.one("offset"), 0))
    if call.repeat_page:
        offset = max(0, offset - size)
    links = []
    if offset + size < len(rows):
        links.append(f'<{call.request.path}?offset={offset + size}&max={size}>; rel="next"')
    headers = (("link", ", ".join(links)),) if links else ()
    return json_response({name: rows[offset : offset + size], "total_count": len(rows)}, headers=headers)


def seek_page(call: Context, rows: list[Json], *, largest: int = 100) -> Response:
    """Seek paging by an opaque token; with a token the other parameters are ignored."""
    size, start = min(largest, max(1, _number(call.request.one("limit"), 10))), 0
    token = call.request.one("page_token")
    if token:
        try:
            _, size_text, start_text = base64.urlsafe_b64decode(token).decode().split(":")
            size, start = int(size_text), int(start_text)
        except ValueError:
            return bad("Invalid page token")
    body: Json = {"data": rows[start : start + size]}
    if start + size < len(rows):
        body["next_page_token"] = base64.urlsafe_b64encode(f"seek:{size}:{start + size}".encode()).decode()
    return json_response(body)


def _number(text: str, default: int) -> int:
    return int(text) if text.isdigit() else default
