"""How Mirakl's answers are read: one that is no answer is an unknown outcome, one bad row never costs its page."""

from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from core.http import Reply, UnknownOutcomeError
from core.redaction import storable
from integration.mirakl.schemas import Order, OrdersPage, UnreadableOrder

Model = TypeVar("Model", bound=BaseModel)
Json = dict[str, Any]


def orders_page(reply: Reply) -> OrdersPage:
    """One page of OR11. Raises UnknownOutcomeError when the answer holds no list of orders."""
    body = as_object(reply.json())
    rows = body.get("orders")
    if not isinstance(rows, list):
        message = "The answer to OR11 holds no list of orders"
        raise UnknownOutcomeError(message)
    readable, unreadable = _split(clean(rows))
    total = body.get("total_count")
    return OrdersPage(
        orders=tuple(readable),
        unreadable=tuple(unreadable),
        total_count=total if isinstance(total, int) and not isinstance(total, bool) else None,
        names_next='rel="next"' in str(reply.headers.get("link") or ""),
        server_time=_server_time(reply),
    )


def read(model: type[Model], body: Any) -> Model:
    """The body as the model. Raises UnknownOutcomeError when it is not one."""
    try:
        return model.model_validate(clean(body))
    except ValidationError as error:
        message = f"The answer is not a {model.__name__}: {error}"
        raise UnknownOutcomeError(message) from error


def read_list(model: type[Model], body: Any, key: str) -> list[Model]:
    """The rows under the key that can be read; null and absent are no rows. One bad row never costs the others."""
    found = []
    for row in as_object(body).get(key) or ():
        try:
            found.append(read(model, row))
        except UnknownOutcomeError:
            continue
    return found


def as_object(body: Any) -> Json:
    """The body, which must be a JSON object. Raises UnknownOutcomeError otherwise."""
    if not isinstance(body, dict):
        message = f"The answer is not a JSON object: {str(body)[:120]}"
        raise UnknownOutcomeError(message)
    return body


def clean(value: Any) -> Any:
    """A copy without the characters that the database refuses: they must not cost the record they stand in."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(str(key)): clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [clean(item) for item in value]
    return value


def as_iso(moment: datetime | None) -> str | None:
    """Mirakl's form of a moment."""
    return None if moment is None else moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _split(rows: Iterable[Any]) -> tuple[list[Order], list[UnreadableOrder]]:
    readable, unreadable = [], []
    for row in rows:
        try:
            readable.append(Order.model_validate({**row, "raw": row}))
        except (ValidationError, TypeError) as error:
            order_id = row.get("order_id") if isinstance(row, dict) else None
            name = str(order_id) if order_id is not None else None
            unreadable.append(UnreadableOrder(order_id=name, raw=row, problem=_why(error)))
    return readable, unreadable


def _why(error: Exception) -> str:
    """Which fields could not be read, without their values: those may be a buyer's."""
    if not isinstance(error, ValidationError):
        return "The row is not an order"
    problems = (f"{'.'.join(str(part) for part in row['loc'])}: {row['msg']}" for row in error.errors())
    return "; ".join(problems)[:1000]


def _server_time(reply: Reply) -> datetime | None:
    value = reply.headers.get("date")
    try:
        return parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None
