"""The sandbox over real HTTP: a thin shell that turns bytes into requests, and drops real connections when told to."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qsl

import uvicorn
from uvicorn.protocols.http import h11_impl

from sandbox.control import handle_control
from sandbox.wire import Request, Response
from sandbox.world import World

TICK_SECONDS = 0.2
TRANSPORT = "sandbox.transport"
Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]


class _Cycle(h11_impl.RequestResponseCycle):
    """Lets the application reach the connection, to reset it."""

    def __init__(self, scope: Any, conn: Any, transport: Any, *args: Any, **kwargs: Any) -> None:
        scope[TRANSPORT] = transport
        super().__init__(scope, conn, transport, *args, **kwargs)


h11_impl.RequestResponseCycle = _Cycle  # type: ignore[misc]  # uvicorn offers no other way to a real reset


class SandboxApp:
    """An ASGI application around a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._ticking: asyncio.Task[None] | None = None

    async def __call__(
        self, scope: Scope, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(
        self, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        async with self._clockwork():
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    await send({"type": "lifespan.startup.complete"})
                elif message["type"] == "lifespan.shutdown":
                    await send({"type": "lifespan.shutdown.complete"})
                    return

    @contextlib.asynccontextmanager
    async def _clockwork(self) -> AsyncIterator[None]:
        async def run() -> None:
            while True:
                self.world.tick()
                await asyncio.sleep(TICK_SECONDS)

        task = asyncio.create_task(run())
        try:
            yield
        finally:
            task.cancel()

    async def _answer(
        self, scope: Scope, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]
    ) -> None:
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        request = _request(scope, body)
        if request.path.startswith("/sandbox") or request.path == "/":
            answer = handle_control(self.world, request)
        else:
            answer = self.world.handle(request)
            if self.world.latency:
                await asyncio.sleep(self.world.latency)
        if answer.delay:
            await asyncio.sleep(answer.delay)
        if answer.drop:
            scope[TRANSPORT].abort()
            return
        await _send(scope, send, answer)


def _request(scope: Scope, body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]},
        body=body,
    )


async def _send(scope: Scope, send: Callable[[Message], Awaitable[None]], answer: Response) -> None:
    headers = [(key.encode(), value.encode()) for key, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if answer.truncate:
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        await asyncio.sleep(0.05)
        scope[TRANSPORT].abort()
        return
    await send({"type": "http.response.body", "body": answer.body})


def build_app(world: World) -> SandboxApp:
    """The application of a world."""
    return SandboxApp(world)


def serve(world: World, port: int) -> None:
    """Serve on loopback until told to stop."""
    uvicorn.run(
        build_app(world),
        host="127.0.0.1",
        port=port,
        log_level="warning",
        http="h11",
        access_log=False,
        timeout_graceful_shutdown=1,
    )
