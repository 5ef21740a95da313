"""Deposco's mechanical JSON: everything is a string, one element is no list, nothing is an object."""

import re
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

XSI = 'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
Json = dict[str, Any]


class Empty:
    """An element that is there and holds nothing: null in JSON, where nil is an object."""


EMPTY = Empty()


def mechanical(value: Any) -> Any:
    """A copy as the XML-to-JSON rendering would have it."""
    if value is None:
        return {"@nil": "true"}
    if value is EMPTY:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return {key: mechanical(item) for key, item in value.items()}
    if isinstance(value, list):
        rows = [mechanical(item) for item in value]
        return rows[0] if len(rows) == 1 else rows
    return value


def decimal_text(value: Decimal) -> str:
    """A number as a decimal string, with one place at least."""
    text = f"{value:f}"
    return text if "." in text else f"{text}.0"


def as_xml(name: str, value: Any) -> str:
    """The same value as elements."""
    if isinstance(value, list):
        return "".join(as_xml(name, item) for item in value)
    if value is None:
        return f'<{name} {XSI} xsi:nil="true"/>'
    if value is EMPTY:
        return f"<{name}/>"
    if isinstance(value, dict):
        return f"<{name}>{''.join(as_xml(key, item) for key, item in value.items())}</{name}>"
    return f"<{name}>{escape(str(mechanical(value)))}</{name}>"


def plain(element: ET.Element) -> Any:
    """Elements as nested values; a name that repeats becomes a list."""
    children = list(element)
    if not children:
        return element.text or ""
    result: Json = {}
    for child in children:
        name = child.tag.rsplit("}", 1)[-1]
        value = plain(child)
        if name in result:
            present = result[name]
            result[name] = [*(present if isinstance(present, list) else [present]), value]
        else:
            result[name] = value
    return result


def as_rows(value: Any) -> list[Any]:
    """A list of what may be a list, one element alone, or nothing."""
    if value in (None, ""):
        return []
    return value if isinstance(value, list) else [value]


def number_of(value: Any) -> Decimal | None:
    """A number from a number or its text, as an XML parser would take it."""
    text = str(value).strip()
    return Decimal(text) if re.fullmatch(r"[-+]?\d+(\.\d*)?([eE][-+]?\d+)?", text) else None
