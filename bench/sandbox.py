"""How many simple requests the sandbox answers over real HTTP, beside a bare Starlette handler on the same server.

    python -m bench.sandbox [--seconds 5] [--connections 8]

Both run in a process of their own, bound to one core where the system allows it; the client has another. The client is
asyncio streams with one request under way per connection: its own limit is not below the bare handler's figure. Where
others use the machine too, read the requests per second of the server's own core, and the ratios, which are made of them.
"""

import argparse
import asyncio
import base64
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sandbox.demo import build_world

HOST = "127.0.0.1"
START_SECONDS = 15.0


async def _version(_request: Request) -> JSONResponse:
    return JSONResponse({"version": "3.210"})


bare = Starlette(routes=[Route("/api/version", _version)])


@dataclass(frozen=True)
class Figures:
    """What one run of calls came to."""

    per_second: float
    per_core_second: float
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True)
class Server:
    """A server in a process of its own."""

    pid: int
    port: int

    def core_seconds(self) -> float:
        """Time it spent computing so far; 0 where the system does not tell (only Linux does)."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text("ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Measure, and print one line per call."""
    parser = argparse.ArgumentParser(prog="python -m bench.sandbox")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--connections", type=int, default=8)
    options = parser.parse_args()
    with _server(["-m", "uvicorn", "bench.sandbox:bare", "--log-level", "warning", "--no-access-log"]) as server:
        base = _run("a bare Starlette handler", server, "/api/version", "", options)
    with _server(["-m", "sandbox"]) as server:
        _fill(server.port)
        for label, path, key in _calls_of_the_sandbox():
            run = _run(label, server, path, key, options)
            print(f"{'':32}{run.per_core_second / base.per_core_second:8.2f} of the bare handler")


def _calls_of_the_sandbox() -> list[tuple[str, str, str]]:
    world = build_world(7)
    key, tenant = world.operators["north"].shops[2001].api_key, world.tenants["DEMO"]
    basic = "Basic " + base64.b64encode(f"{tenant.username}:{tenant.password}".encode()).decode()
    return [
        ("V01 version", "/mirakl/north/api/version", ""),
        ("A01 account", "/mirakl/north/api/account", key),
        ("OR11 one order by its id", "/mirakl/north/api/orders?order_ids=BENCH-1-A", key),
        ("OR11 ten of a thousand", "/mirakl/north/api/orders?max=10", key),
        ("OR11 a hundred of a thousand", "/mirakl/north/api/orders?max=100", key),
        ("Deposco order by its number", "/deposco/integration/DEMO/search/Order?number=NONE", basic),
        ("Deposco item", "/deposco/integration/DEMO/items/MAIN/ITEM-001", basic),
    ]


def _run(label: str, server: Server, path: str, key: str, options: argparse.Namespace) -> Figures:
    figures = asyncio.run(_load(server, path, key, options.connections, options.seconds))
    print(
        f"{label:32}{figures.per_second:8.0f} requests/s {figures.per_core_second:8.0f} a second of its core   "
        f"p50 {figures.p50_ms:6.2f} ms   p95 {figures.p95_ms:6.2f} ms",
        flush=True,
    )
    return figures


async def _load(server: Server, path: str, key: str, connections: int, seconds: float) -> Figures:
    await _calls(server.port, path, key, time.perf_counter() + 0.5)
    began, used = time.perf_counter(), server.core_seconds()
    runs = await asyncio.gather(*(_calls(server.port, path, key, began + seconds) for _ in range(connections)))
    took, used = time.perf_counter() - began, server.core_seconds() - used
    times = sorted(one for run in runs for one in run)
    cuts = statistics.quantiles(times, n=20)
    return Figures(len(times) / took, len(times) / (used or took), 1000 * cuts[9], 1000 * cuts[18])


async def _calls(port: int, path: str, key: str, until: float) -> list[float]:
    reader, writer = await asyncio.open_connection(HOST, port)
    call = f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: {key}\r\nAccept: application/json\r\n\r\n".encode()
    times = []
    while (began := time.perf_counter()) < until:
        writer.write(call)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        await reader.readexactly(length)
        times.append(time.perf_counter() - began)
    writer.close()
    return times


def _fill(port: int) -> None:
    """Place a thousand orders, one of them with a known id."""
    for body in (
        b'{"operator":"north","shop_id":2001,"order_id":"BENCH-1-A","lines":[["SKU-001",1]]}',
        b'{"operator":"north","shop_id":2001,"count":1000}',
    ):
        head = f"POST /sandbox/api/orders HTTP/1.1\r\nHost: {HOST}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        with socket.create_connection((HOST, port)) as line:
            line.sendall(head.encode() + body)
            answer = b"".join(iter(lambda: line.recv(65536), b""))
        if b" 201 " not in answer[:20]:
            raise RuntimeError(answer.decode())


@contextmanager
def _server(arguments: list[str]) -> Iterator[Server]:
    with socket.socket() as free:
        free.bind((HOST, 0))
        port = free.getsockname()[1]
    process = subprocess.Popen([sys.executable, *arguments, "--port", str(port)], stdout=subprocess.DEVNULL)  # noqa: S603 -- our own
    try:
        _bind_to_core(process.pid, 0)
        _bind_to_core(os.getpid(), 1)
        _wait(port, process)
        yield Server(process.pid, port)
    finally:
        process.terminate()
        process.wait()


def _bind_to_core(pid: int, core: int) -> None:
    """Only Linux can; elsewhere the figures are for whatever cores the system gives."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(pid, {core})


def _wait(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection((HOST, port), timeout=0.2):
            return
    message = "the server did not start"
    raise RuntimeError(message)


if __name__ == "__main__":
    main()
