"""Undoes what Deposco's mechanical XML-to-JSON does: strings for numbers, lists of one collapsed, nil as an object."""

import json
from datetime import datetime, tzinfo
from decimal import Decimal, InvalidOperation
from typing import Any
from xml.etree import ElementTree as ET

from core.http import Reply, UnknownOutcomeError
from core.redaction import storable


def body_of(reply: Reply) -> Any:
    """The body as JSON values, whatever the header says: the first character tells JSON from XML.

    Raises UnknownOutcomeError for a blank body (Deposco: failure, retry) and for anything that is neither.
    """
    text = reply.body.decode("utf-8", "replace").strip().removeprefix("\ufeff")
    if not text:
        message = f"The answer ({reply.status}) is blank, which Deposco counts as a failure"
        raise UnknownOutcomeError(message)
    try:
        if text[0] in "[{":
            return without_nil(json.loads(text, parse_float=Decimal))
        if text[0] == "<":
            return _from_xml(text)
    except (ValueError, ET.ParseError) as error:
        message = f"The answer ({reply.status}) breaks off or is damaged: {text[:120]}"
        raise UnknownOutcomeError(message) from error
    message = f"The answer ({reply.status}) is neither JSON nor XML: {text[:120]}"
    raise UnknownOutcomeError(message)


def without_nil(value: Any) -> Any:
    """Turn {"@nil": "true"} into None, everywhere; and drop characters that no database keeps."""
    if isinstance(value, dict):
        if str(value.get("@nil", "")).lower() == "true":
            return None
        return {key: without_nil(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_nil(item) for item in value]
    return storable(value) if isinstance(value, str) else value


def as_list(value: Any) -> list[Any]:
    """A list of what may be a list, one element alone, or nothing."""
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, list) else [value]


def inside(body: Any, *names: str) -> list[dict[str, Any]]:
    """The objects under nested element names, wherever lists were collapsed or left out on the way."""
    found = as_list(body)
    for name in names:
        nested: list[Any] = []
        for item in found:
            if isinstance(item, dict) and name in item:
                nested += as_list(item[name])
        found = nested
    return [item for item in found if isinstance(item, dict)]


def as_decimal(value: Any) -> Decimal | None:
    """A number from a number or a string; None when absent or no number."""
    if value is None or value == "" or isinstance(value, bool):
        return None
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def as_flag(value: Any) -> bool | None:
    """A boolean from a boolean or a word; None when absent or neither."""
    if isinstance(value, bool):
        return value
    return {"true": True, "1": True, "false": False, "0": False}.get(str(value).strip().lower())


def as_text(value: Any) -> str | None:
    """Text without surrounding blanks; None when empty."""
    if value is None or isinstance(value, dict | list):
        return None
    return str(value).strip() or None


def as_moment(value: Any, zone: tzinfo) -> datetime | None:
    """An aware moment; without an offset it is the tenant's own time."""
    text = as_text(value)
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def offset_of(value: Any) -> int | None:
    """The offset from UTC, in minutes, that a time is written with; None when it has none."""
    text = as_text(value)
    try:
        offset = datetime.fromisoformat(text).utcoffset() if text else None
    except ValueError:
        return None
    return None if offset is None else int(offset.total_seconds() // 60)


def _from_xml(text: str) -> dict[str, Any]:
    root = ET.fromstring(text)  # noqa: S314 -- expat resolves no external entity, and the size is capped
    return {_local(root.tag): _element(root)}


def _element(element: ET.Element) -> Any:
    if any(_local(name) == "nil" and value == "true" for name, value in element.attrib.items()):
        return None
    children = list(element)
    if not children:
        return (element.text or "").strip()
    result: dict[str, Any] = {}
    for child in children:
        name, value = _local(child.tag), _element(child)
        if name in result:
            result[name] = [*as_list(result[name]), value]
        else:
            result[name] = value
    return result


def _local(tag: str) -> str:
    return tag.rsplit("}", 1)[-1]
