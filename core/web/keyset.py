"""Pages of a list that cost the same however far one has read: each page begins behind the last row of the one before."""

from dataclasses import dataclass
from typing import Any, Final

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import models
from django.db.models import F, Q, QuerySet

PAGE_SIZE: Final = 50
NOTHING: Final = "-"


@dataclass(frozen=True)
class Order:
    """How a list is ordered: a column, its direction, and the primary key to break ties. Empty values stand last."""

    field: str
    descending: bool = False
    nullable: bool = False


@dataclass(frozen=True)
class KeysetPage:
    """The rows of one page, and the cursors of its neighbours (None where there is none)."""

    rows: list[Any]
    after: str | None
    before: str | None


def read_page(
    queryset: QuerySet[Any], order: Order, *, after: str = "", before: str = "", size: int = PAGE_SIZE
) -> KeysetPage:
    """Return the page behind `after`, or in front of `before`; the first one when the cursor cannot be read."""
    backward = bool(before) and not after
    cursor = _parse(queryset.model, order, before if backward else after)
    rows = queryset if cursor is None else queryset.filter(_beyond(order, cursor, backward=backward))
    found = list(rows.order_by(*_ordering(order, backward=backward))[: size + 1])
    has_more = len(found) > size
    page = found[:size]
    if backward:
        page.reverse()
    has_next = has_more if not backward else True
    has_previous = has_more if backward else cursor is not None
    return KeysetPage(
        rows=page,
        after=_cursor(page[-1], order) if page and has_next else None,
        before=_cursor(page[0], order) if page and has_previous else None,
    )


def _ordering(order: Order, *, backward: bool) -> list[Any]:
    descending = order.descending is not backward
    column = F(order.field)
    # Where no value is empty the plain order is asked for, since that is the one an index has.
    if not order.nullable:
        return [column.desc() if descending else column.asc(), "-pk" if descending else "pk"]
    nulls = {"nulls_first": True} if backward else {"nulls_last": True}
    return [column.desc(**nulls) if descending else column.asc(**nulls), "-pk" if descending else "pk"]


def _beyond(order: Order, cursor: tuple[Any, Any], *, backward: bool) -> Q:
    value, pk = cursor
    onward = "lt" if order.descending is not backward else "gt"
    past_pk = Q(**{f"pk__{onward}": pk})
    empty = Q(**{f"{order.field}__isnull": True})
    if value is None:
        return (~empty | (empty & past_pk)) if backward else empty & past_pk
    past = Q(**{f"{order.field}__{onward}e": value}) & (Q(**{f"{order.field}__{onward}": value}) | past_pk)
    return past | empty if order.nullable and not backward else past


def _cursor(row: Any, order: Order) -> str:
    value = row
    for part in order.field.split("__"):
        value = getattr(value, part, None)
    if value is None:
        return f"{NOTHING}~{row.pk}"
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    return f"={text}~{row.pk}"


def _parse(model: type[models.Model], order: Order, text: str) -> tuple[Any, Any] | None:
    value, found, pk = text.rpartition("~")
    if not found or not value:
        return None
    try:
        key = model._meta.pk.to_python(pk)
        return (None if value == NOTHING else _field(model, order.field).to_python(value[1:])), key
    except (ValidationError, FieldDoesNotExist, ValueError):
        return None


def _field(model: type[models.Model], path: str) -> Any:
    field: Any = None
    owner: Any = model
    for part in path.split("__"):
        field = owner._meta.get_field(part)
        owner = field.related_model
    return field
