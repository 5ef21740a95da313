"""Lists of V2: by id downwards, a page at a time, the next one behind an opaque key; nested lists are cut short."""

import base64
import binascii
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sandbox.clock import seconds_of
from sandbox.deposco.calls import Context
from sandbox.deposco.state import Json
from sandbox.wire import Response, json_response

# The host that every link names; calls arrive elsewhere, so that whoever follows a link as it stands gets lost.
HOST = "https://v2.deposco.example.com/latest"
MANY = 50
NESTED = 10
LARGEST = 200
Row = TypeVar("Row")


def problem(words: str | Sequence[str], status: int = 400) -> Response:
    """An error in the envelope of V2."""
    each = [words] if isinstance(words, str) else words
    return json_response({"errors": [{"errorMessage": text} for text in each]}, status)


def is_after(moment: float, text: str | None) -> bool:
    """Whether something took place at a moment that was asked for, or later."""
    return text is None or moment >= seconds_of(text)


@dataclass(frozen=True)
class Listing(Generic[Row]):
    """A list. `names` are the parameters it knows: any other is ignored without a word."""

    path: str
    names: tuple[str, ...]
    size: int
    id_of: Callable[[Row], int]
    fits: Callable[[Row, dict[str, str]], bool]
    document: Callable[[Row], Json]

    def answer(self, call: Context, rows: Iterable[Row]) -> Response:
        """One page. A `searchId` holds the conditions it was made with, and overrides whatever else is asked."""
        key = call.request.one("searchId")
        try:
            asked = _unpacked(key) if key else self._asked(call)
        except (ValueError, binascii.Error):
            return problem("searchId is not valid")
        below = asked["before"] if call.repeat_page and key else asked["below"]
        size = asked["size"]
        all_rows = sorted((row for row in rows if self.fits(row, asked["wanted"])), key=self.id_of, reverse=True)
        left = [row for row in all_rows if below is None or self.id_of(row) < below]
        page, more = left[:size], len(left) > size
        links = []
        if more:
            following = _packed({**asked, "below": self.id_of(page[-1]), "before": below})
            links = [{"rel": "next", "href": f"{HOST}{self.path}?searchId={following}"}]
        data = [self.document(row) for row in page]
        pages = -(-len(all_rows) // size)
        return json_response({"data": data, "links": links, "complete": not more, "pages": pages})

    def _asked(self, call: Context) -> dict[str, Any]:
        wanted = {name: value for name, value in call.request.query if name in self.names and value}
        text = call.request.one("pageSize")
        size = min(LARGEST, int(text)) if text.isdecimal() and int(text) else self.size
        return {"wanted": wanted, "size": size, "below": None, "before": None}


def nested(rows: list[Json]) -> Json:
    """A list inside of another document: ten rows at most, and no link that would lead to the rest."""
    return {"data": rows[:NESTED], "links": [], "complete": len(rows) <= NESTED, "pages": -(-len(rows) // NESTED)}


def _packed(asked: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(asked).encode()).decode().rstrip("=")


def _unpacked(key: str) -> dict[str, Any]:
    asked = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
    if not isinstance(asked, dict) or not {"wanted", "size", "below", "before"} <= set(asked):
        raise ValueError(key)
    return asked
