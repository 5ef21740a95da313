"""Deposco's mechanical JSON: everything is a string, one element is no list, nothing is an object."""

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape


def mechanical(value: Any) -> Any:
    """A copy as the XML-to-JSON rendering would have it."""
    if value is None:
        return {"@nil": "true"}
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value:f}" if "." in f"{value:f}" else f"{value:f}.0"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict):
        return {key: mechanical(item) for key, item in value.items()}
    if isinstance(value, list):
        rows = [mechanical(item) for item in value]
        return rows[0] if len(rows) == 1 else rows
    return value


def as_xml(name: str, value: Any) -> str:
    """The same value as elements."""
    if isinstance(value, list):
        return "".join(as_xml(name, item) for item in value)
    if value is None:
        return f'<{name} xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:nil="true"/>'
    if isinstance(value, dict):
        return f"<{name}>{''.join(as_xml(key, item) for key, item in value.items())}</{name}>"
    return f"<{name}>{escape(str(mechanical(value)))}</{name}>"
