"""Takes buyers' personal data and credentials out of what is kept of a call."""

import json
import re
from typing import Any

MAX_EXCERPT = 4000
HIDDEN = "[redacted]"
# Names of fields whose value says who or where the buyer is, or opens a door.
PERSONAL = re.compile(
    r"(first_?name|last_?name|contact_?name|attention|street|address_?line|^line[1-4]$|phone|e?mail|zip_?code|postal"
    r"|civility|company|additional_info|password|api_?key|token|secret|authorization|iban|account_holder)",
    re.IGNORECASE,
)
ADDRESS_PARENT = re.compile(r"(address|contact|customer)$", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


def excerpt(body: bytes | str) -> str:
    """The body as text with personal data hidden, cut to 4,000 characters."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if not text:
        return ""
    try:
        value = json.loads(text)
    except ValueError:
        return _redact_text(text)[:MAX_EXCERPT]
    return json.dumps(redact(value), ensure_ascii=False)[:MAX_EXCERPT]


def redact(value: Any, *, inside_person: bool = False) -> Any:
    """A copy of a JSON value without personal data; the structure stays, so that the shape can still be read."""
    if isinstance(value, dict):
        return {
            key: HIDDEN
            if isinstance(item, str) and item and _is_personal(str(key), inside_person=inside_person)
            else redact(item, inside_person=inside_person or bool(ADDRESS_PARENT.search(str(key))))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item, inside_person=inside_person) for item in value]
    if isinstance(value, str):
        return EMAIL.sub(HIDDEN, value)
    return value


def _is_personal(key: str, *, inside_person: bool) -> bool:
    return bool(PERSONAL.search(key)) or (inside_person and key in {"name", "city"})


def _redact_text(text: str) -> str:
    text = EMAIL.sub(HIDDEN, text)
    return re.sub(
        r"<((?:\w+:)?(?:name|contactName|attention|addressLine\d|city|postalCode|phone2?|email))>[^<]*</",
        rf"<\1>{HIDDEN}</",
        text,
    )
