"""Keeps every exchange that passes through an httpx transport."""

import httpx

from tests.contract.openapi import Exchange


class RecordingTransport(httpx.BaseTransport):
    """Passes calls on and keeps them. `prefix` is what the address has before the published path."""

    def __init__(self, inner: httpx.BaseTransport, prefix: str) -> None:
        self._inner, self._prefix = inner, prefix
        self.exchanges: list[Exchange] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        body = request.read()
        response = self._inner.handle_request(request)
        answer = response.read()
        self.exchanges.append(
            Exchange(
                method=request.method,
                path=request.url.path.removeprefix(self._prefix),
                query=tuple(request.url.params.multi_items()),
                request_headers={key.lower(): value for key, value in request.headers.items()},
                request_body=body,
                status=response.status_code,
                response_headers={key.lower(): value for key, value in response.headers.items()},
                response_body=answer,
            )
        )
        return response
