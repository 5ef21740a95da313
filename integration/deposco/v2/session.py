"""Calls of V2 with their token, and lists followed to their end by the key inside of their links."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from core.http import AuthError, HttpClient, Reply, UnknownOutcomeError
from integration.deposco.normalise import without_nil
from integration.deposco.v2.tokens import Tokens

Json = dict[str, Any]
UNAUTHORIZED = 401
MOST_PAGES = 400
# How urgent a call is when the account's calls are short: what has left goes before new orders.
URGENT, USUAL = 0, 100


class Session:
    """One tenant. `pace` is called before every call that the caller did not take a token for."""

    def __init__(self, http: HttpClient, tokens: Tokens, pace: Callable[[int], None]) -> None:
        self._http, self._tokens, self._pace = http, tokens, pace

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()
        self._tokens.close()

    def get(
        self, operation: str, path: str, params: Mapping[str, Any] | None = None, *, paid: bool, priority: int = USUAL
    ) -> Json:
        """GET one document. `paid`: the caller took the token of this call."""
        if not paid:
            self._pace(priority)
        return json_of(self._send(operation, "GET", path, params=params))

    def post(self, operation: str, path: str, body: Mapping[str, Any], *, paid: bool, priority: int = USUAL) -> Json:
        """POST one document."""
        if not paid:
            self._pace(priority)
        return json_of(self._send(operation, "POST", path, json=body))

    def pages(
        self, operation: str, path: str, params: Mapping[str, Any], *, paid: bool, priority: int = USUAL
    ) -> Iterator[list[Json]]:
        """GET a list, page by page, until it says that it is complete or names no next page.

        Only the key of a link is used: a link was seen that led elsewhere. Raises UnknownOutcomeError for a list that
        says it goes on and does not say where, or goes round.
        """
        seen: set[str] = set()
        asked: Mapping[str, Any] = params
        for _ in range(MOST_PAGES):
            body = self.get(operation, path, asked, paid=paid and not seen, priority=priority)
            yield rows_of_list(body)
            key = next_key(body)
            if key is None:
                return
            if key in seen:
                message = f"The list {path} leads back to a page that was read before"
                raise UnknownOutcomeError(message)
            seen.add(key)
            asked = {"searchId": key}
        message = f"The list {path} has more than {MOST_PAGES} pages"
        raise UnknownOutcomeError(message)

    def _send(self, operation: str, method: str, path: str, **more: Any) -> Reply:
        """A call that was refused for its token was not carried out: it is made once more with a new one."""
        token = self._tokens.current()
        try:
            return self._http.request(operation, method, path, headers=_bearer(token), **more)
        except AuthError as error:
            if error.status != UNAUTHORIZED:
                raise
        return self._http.request(operation, method, path, headers=_bearer(self._tokens.instead_of(token)), **more)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def json_of(reply: Reply) -> Json:
    """The document of an answer. Raises UnknownOutcomeError for a blank one and for any that is no JSON object."""
    body = without_nil(reply.json())
    if not isinstance(body, dict):
        message = f"The answer ({reply.status}) is no document"
        raise UnknownOutcomeError(message)
    return body


def rows_of_list(body: Json) -> list[Json]:
    """The rows of a list. Raises UnknownOutcomeError when the answer is none."""
    rows = body.get("data")
    if not isinstance(rows, list):
        message = "The answer is no list: it has no data"
        raise UnknownOutcomeError(message)
    return [row for row in rows if isinstance(row, dict)]


def next_key(body: Json) -> str | None:
    """The key of the next page; None at the end. Raises UnknownOutcomeError when a next page has no key."""
    if body.get("complete") is True:
        return None
    links = body.get("links")
    following = [row for row in links if isinstance(row, dict) and row.get("rel") == "next"] if links else []
    if not following:
        return None
    for link in following:
        found = parse_qs(urlsplit(str(link.get("href") or "")).query).get("searchId")
        if found:
            return found[0]
    message = "The list goes on, and its link does not say where"
    raise UnknownOutcomeError(message)
