"""How Mirakl's answers are read: one that is no answer is an unknown outcome, one bad row never costs its page."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from core.http import Reply, UnknownOutcomeError
from core.redaction import storable
from integration.mirakl.offers import Offer, OffersPage, UnreadableOffer, whole
from integration.mirakl.schemas import Order, OrdersPage, UnreadableOrder

Model = TypeVar("Model", bound=BaseModel)
Json = dict[str, Any]
IMPORT_IN_ADDRESS = re.compile(r"/imports/([^/?#]+)")


def orders_page(reply: Reply) -> OrdersPage:
    """One page of OR11. Raises UnknownOutcomeError when the answer holds no list of orders."""
    body = as_object(reply.json())
    readable, unreadable = split_rows(body, "orders", lambda row: Order.model_validate({**row, "raw": row}))
    total = body.get("total_count")
    return OrdersPage(
        orders=tuple(readable),
        unreadable=tuple(
            UnreadableOrder(order_id=_named(row, "order_id"), raw=row, problem=problem) for row, problem in unreadable
        ),
        total_count=total if isinstance(total, int) and not isinstance(total, bool) else None,
        names_next=names_next(reply),
        server_time=server_time(reply),
    )


def offers_page(reply: Reply) -> OffersPage:
    """One page of OF21. Raises UnknownOutcomeError when the answer holds no list of offers."""
    body = as_object(reply.json())
    readable, unreadable = split_rows(body, "offers", Offer.model_validate)
    return OffersPage(
        offers=tuple(readable),
        unreadable=tuple(
            UnreadableOffer(offer_id=_named(row, "offer_id"), raw=row, problem=problem) for row, problem in unreadable
        ),
        total_count=whole(body.get("total_count")),
        names_next=names_next(reply),
        server_time=server_time(reply),
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


def as_text_of(body: Json, key: str) -> str:
    """The id under a key, as text: some answer it as a number. Raises UnknownOutcomeError when there is none."""
    told = body.get(key)
    if isinstance(told, bool) or not isinstance(told, str | int) or told == "":
        message = f"The answer names no {key}"
        raise UnknownOutcomeError(message)
    return storable(str(told))


def import_named(reply: Reply) -> str:
    """The id of the import that a file became: as the body says it, else as its address does.

    Raises UnknownOutcomeError when neither does.
    """
    try:
        return as_text_of(as_object(reply.json()), "import_id")
    except UnknownOutcomeError:
        found = IMPORT_IN_ADDRESS.search(str(reply.headers.get("location") or ""))
        if found is None:
            raise
        return storable(unquote(found.group(1)))


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


def split_rows(body: Json, key: str, build: Callable[[Any], Model]) -> tuple[list[Model], list[tuple[Any, str]]]:
    """The rows of a page that can be read, and the others with what is wrong with them.

    Raises UnknownOutcomeError when the answer holds no list of this name.
    """
    rows = body.get(key)
    if not isinstance(rows, list):
        message = f"The answer holds no list of {key}"
        raise UnknownOutcomeError(message)
    readable, unreadable = list[Model](), list[tuple[Any, str]]()
    for row in clean(rows):
        try:
            readable.append(build(row))
        except (ValidationError, TypeError) as error:
            unreadable.append((row, _why(error)))
    return readable, unreadable


def names_next(reply: Reply) -> bool:
    """Whether the answer names a page after it."""
    return 'rel="next"' in str(reply.headers.get("link") or "")


def server_time(reply: Reply) -> datetime | None:
    """Mirakl's own clock when it answered; None when it did not say."""
    value = reply.headers.get("date")
    try:
        return parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None


def _named(row: Any, key: str) -> str | None:
    told = row.get(key) if isinstance(row, dict) else None
    return None if told is None else str(told)


def _why(error: Exception) -> str:
    """Which fields could not be read, without their values: those may be a buyer's."""
    if not isinstance(error, ValidationError):
        return "The row is no such object"
    problems = (f"{'.'.join(str(part) for part in row['loc'])}: {row['msg']}" for row in error.errors())
    return "; ".join(problems)[:1000]
