"""The sandbox over real HTTP: a thin shell that turns bytes into requests, and drops real connections when told to."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import replace
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
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
logger = logging.getLogger("sandbox")


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

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or follow the server's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
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
        task = asyncio.create_task(self._tick())
        try:
            yield
        finally:
            task.cancel()

    async def _tick(self) -> None:
        while True:
            try:
                self.world.tick()
            except Exception:  # one bad order must not stop the floor, but it must be seen
                logger.exception("The floor stumbled")
            await asyncio.sleep(TICK_SECONDS)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        parts = []
        while True:
            message = await receive()
            parts.append(message.get("body", b""))
            if not message.get("more_body"):
                break
        request = _request(scope, b"".join(parts))
        if request.path.startswith("/sandbox") or request.path == "/":
            answer = handle_control(self.world, request)
        else:
            answer = self.world.handle(request)
            answer = replace(answer, delay=answer.delay + self.world.latency) if self.world.latency else answer
        if answer.delay and await _gives_up(receive, answer.delay):
            return
        if answer.drop:
            await _reset(scope)
        else:
            await _send(scope, send, answer)


async def _gives_up(receive: Receive, seconds: float) -> bool:
    """Wait; say whether the caller went away meanwhile."""
    try:
        async with asyncio.timeout(seconds):
            while (await receive())["type"] != "http.disconnect":
                pass
    except TimeoutError:
        return False
    return True


async def _reset(scope: Scope) -> None:
    """End the connection as a crash would: with a reset, not with a farewell."""
    transport = scope[TRANSPORT]
    line = transport.get_extra_info("socket")
    if line is not None:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
    # Let the server notice, so that it does not miss an answer.
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _request(scope: Scope, body: bytes) -> Request:
    return Request(
        method=scope["method"],
        path=scope["path"],
        query=tuple(parse_qsl(scope["query_string"].decode(), keep_blank_values=True)),
        headers={key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]},
        body=body,
        raw_path=scope.get("raw_path", b"").decode("ascii"),
        scheme=scope.get("scheme", "http"),
    )


async def _send(scope: Scope, send: Send, answer: Response) -> None:
    headers = [(key.encode(), value.encode()) for key, value in answer.headers]
    headers.append((b"content-length", str(len(answer.body)).encode()))
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    if not answer.truncate:
        await send({"type": "http.response.body", "body": answer.body})
        return
    await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
    scope[TRANSPORT].close()
    await asyncio.sleep(0)
    await asyncio.sleep(0)


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
