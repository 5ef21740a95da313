"""What every call to a shop shares: its key, its shop, and the four shapes of a call."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import httpx

from core.http import Call, HttpClient, Reply, UnknownOutcomeError
from integration.mirakl.reading import Json, as_object

NO_CONTENT = 204


class ShopCalls:
    """A shop of one operator. The key goes raw into Authorization; `shop_id` goes along with every call."""

    def __init__(
        self,
        base_url: str,
        api_key: str,
        *,
        shop_id: int | None = None,
        transport: httpx.BaseTransport | None = None,
        on_call: Callable[[Call], None] | None = None,
        deadline: float = 20.0,
    ) -> None:
        self._url, self._transport, self._on_call = base_url.rstrip("/"), transport, on_call
        self._shop = {} if shop_id is None else {"shop_id": shop_id}
        self._http = HttpClient(
            self._url,
            headers={"Authorization": api_key, "Accept": "application/json"},
            transport=transport,
            deadline=deadline,
            on_call=on_call,
        )

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()

    # The four shapes of a call

    def _get(self, operation: str, path: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._http.request(operation, "GET", path, params={**(params or {}), **self._shop}).json()

    def _put(self, operation: str, path: str, body: Json | None = None) -> Reply:
        return self._http.request(operation, "PUT", path, params=self._shop, json=body)

    def _put_nothing(self, operation: str, path: str, body: Json | None = None) -> None:
        """A write that is answered by 204 alone: a page of somebody in between may come with a 200."""
        reply = self._put(operation, path, body)
        if reply.status != NO_CONTENT:
            message = f"{operation} is answered by 204, and this was {reply.status} with {len(reply.body)} bytes"
            raise UnknownOutcomeError(message)

    def _put_json(self, operation: str, path: str, body: Json) -> Json:
        return as_object(self._put(operation, path, body).json())

    def _seek(self, operation: str, path: str, params: Sequence[tuple[str, str]]) -> Iterator[Json]:
        """Every row of a seek-paged list. Ends when the server names no next page, or the same page again."""
        shop = [(key, str(value)) for key, value in self._shop.items()]
        query = [*params, *shop] if any(key == "limit" for key, _ in params) else [*params, ("limit", "100"), *shop]
        seen: set[str] = set()
        while True:
            body = as_object(self._http.request(operation, "GET", path, params=query).json())
            yield from body.get("data") or ()
            token = body.get("next_page_token")
            if not token or token in seen:
                return
            seen.add(token)
            query = [("page_token", token), *shop]
