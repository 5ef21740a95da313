"""The sandbox without a socket: an httpx transport that calls the world directly, faults included, without waiting."""

from collections.abc import Iterator

import httpx

from sandbox.wire import Request
from sandbox.world import World

HANG_SECONDS = 10.0


class SandboxTransport(httpx.BaseTransport):
    """Gives real clients the sandbox. A reset, a hang or a cut answer becomes the error httpx would raise."""

    def __init__(self, world: World) -> None:
        self.world = world

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""
        answer = self.world.handle(
            Request(
                method=request.method,
                path=request.url.path,
                query=tuple(request.url.params.multi_items()),
                headers={key.lower(): value for key, value in request.headers.items()},
                body=request.read(),
                raw_path=request.url.raw_path.partition(b"?")[0].decode("ascii"),
                scheme=request.url.scheme,
            )
        )
        if answer.delay >= _patience(request):
            message = "the sandbox hangs"
            raise httpx.ReadTimeout(message, request=request)
        if answer.drop:
            message = "the sandbox reset the connection"
            raise httpx.ReadError(message, request=request)
        headers = [*answer.headers, ("date", self.world.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT"))]
        if answer.truncate:
            headers.append(("content-length", str(len(answer.body))))
            return httpx.Response(answer.status, headers=headers, stream=_Cut(answer.body))
        return httpx.Response(answer.status, headers=headers, content=answer.body)


def _patience(request: httpx.Request) -> float:
    """How long the caller would wait for an answer."""
    read = (request.extensions.get("timeout") or {}).get("read")
    return min(float(read), HANG_SECONDS) if read else HANG_SECONDS


class _Cut(httpx.SyncByteStream):
    """A body that ends too early."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def __iter__(self) -> Iterator[bytes]:
        yield self.body[: len(self.body) // 2]
        message = "peer closed connection without sending complete message body"
        raise httpx.RemoteProtocolError(message)
