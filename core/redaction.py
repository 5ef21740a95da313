"""Takes buyers' personal data and credentials out of what is kept of a call."""

import json
import re
from typing import Any

MAX_EXCERPT = 4000
# Longer bodies are not parsed to be redacted: hiding by pattern on what is kept is enough, and quick.
MAX_PARSED = 65_536
HIDDEN = "[redacted]"
# Names of fields whose value says who or where the buyer is, or opens a door.
PERSONAL = re.compile(
    r"(first_?name|last_?name|contact_?name|attention|street|address_?line|^line[1-4]$|phone|e?mail|zip_?code|postal"
    r"|civility|company|additional_info|password|api_?key|token|secret|authorization|iban|account_holder)",
    re.IGNORECASE,
)
ADDRESS_PARENT = re.compile(r"(address|contact|customer)$", re.IGNORECASE)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")


# The same names in text that is not, or no longer, JSON: a cut answer must hide as much as a whole one.
IN_JSON_TEXT = re.compile(r'("([\w.-]+)"\s*:\s*)("(?:[^"\\]|\\.)*"?|-?\d[\d.eE+-]*|\[[^\[\]{}]*\]?)')
IN_XML = re.compile(r"<((?:\w+:)?([\w-]+))((?:\s[^<>]*)?)>([^<]*)")
ALWAYS_IN_TEXT = frozenset({"name", "city"})
IN_FORM = re.compile(r"\b([\w-]+)=([^&\s\"'<>]+)")
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def excerpt(body: bytes | str) -> str:
    """The body as text with personal data hidden, cut to 4,000 characters, free of what a database cannot hold."""
    text = body.decode("utf-8", "replace") if isinstance(body, bytes) else body
    if not text:
        return ""
    if len(text) <= MAX_PARSED:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            pass
        else:
            return storable(json.dumps(redact(value), ensure_ascii=False)[:MAX_EXCERPT])
    return storable(_redact_text(text[: 2 * MAX_EXCERPT])[:MAX_EXCERPT])


def storable(text: str) -> str:
    """The text without characters that PostgreSQL refuses (NUL and halves of surrogate pairs)."""
    return UNSTORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def redact(value: Any, *, inside_person: bool = False) -> Any:
    """A copy of a JSON value without personal data; the structure stays, so that the shape can still be read."""
    if isinstance(value, dict):
        return {
            key: _hide(item)
            if _is_personal(str(key), inside_person=inside_person)
            else redact(item, inside_person=inside_person or bool(ADDRESS_PARENT.search(str(key))))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item, inside_person=inside_person) for item in value]
    if isinstance(value, str):
        return EMAIL.sub(HIDDEN, value)
    return value


def _hide(item: Any) -> Any:
    """Hides every value below a personal field; an empty one stays, since that it is empty helps."""
    if isinstance(item, dict):
        return {key: _hide(inner) for key, inner in item.items()}
    if isinstance(item, list):
        return [_hide(inner) for inner in item]
    return item if item is None or item == "" or isinstance(item, bool) else HIDDEN


def _is_personal(key: str, *, inside_person: bool) -> bool:
    return bool(PERSONAL.search(key)) or (inside_person and key in {"name", "city"})


def _is_personal_in_text(key: str) -> bool:
    return key in ALWAYS_IN_TEXT or bool(PERSONAL.search(key))


def _redact_text(text: str) -> str:
    text = EMAIL.sub(HIDDEN, text)
    text = IN_JSON_TEXT.sub(lambda m: f'{m[1]}"{HIDDEN}"' if _is_personal_in_text(m[2]) else m[0], text)
    text = IN_XML.sub(
        lambda m: f"<{m[1]}{m[3]}>{HIDDEN}" if m[4].strip() and _is_personal_in_text(m[2]) else m[0], text
    )
    return IN_FORM.sub(lambda m: f"{m[1]}={HIDDEN}" if PERSONAL.search(m[1]) else m[0], text)
