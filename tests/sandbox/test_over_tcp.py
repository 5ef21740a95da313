"""The sandbox as a process of its own, over real connections: faults, the hand on the world, and many calls at once."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.demo import build_world

ROOT = Path(__file__).parents[2]
START_SECONDS = 20.0


def _free_port() -> int:
    with closing(socket.socket()) as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.5):
            return
    pytest.fail("the sandbox did not start")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    port = _free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "sandbox", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        _wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        assert process.wait(timeout=10) is not None


class Far:
    """The far side, and the hand on it."""

    def __init__(self, address: str) -> None:
        key = build_world(7).operators["north"].shops[2001].api_key
        self.shop = httpx.Client(base_url=f"{address}/mirakl/north", headers={"Authorization": key}, timeout=5)
        self.hand = httpx.Client(base_url=f"{address}/sandbox/api", timeout=10)

    def arm(self, kind: str, operation: str = "OR11", **more: Any) -> None:
        """Arm a fault."""
        body = {"side": "mirakl", "operation": operation, "kind": kind, **more}
        assert self.hand.post("/faults", json=body).status_code == 201

    def place(self) -> str:
        """An order."""
        body = {"operator": "north", "shop_id": 2001, "lines": [["SKU-001", 1]]}
        return str(self.hand.post("/orders", json=body).json()["order_ids"][0])

    def accept(self, order_id: str) -> httpx.Response:
        """Decide it."""
        lines = [{"id": f"{order_id}-1", "accepted": True}]
        return self.shop.put(f"/api/orders/{order_id}/accept", json={"order_lines": lines})

    def accepts(self, order_id: str) -> int:
        """How often that had an effect."""
        rows = self.hand.get("/orders", params={"operator": "north", "ids": order_id}).json()["orders"]
        return int(rows[0]["effective_accepts"])


@pytest.fixture
def far(address: str) -> Iterator[Far]:
    one = Far(address)
    yield one
    one.hand.delete("/faults")
    one.shop.close()
    one.hand.close()


@pytest.mark.parametrize(("kind", "effects"), [("reset_before", 0), ("reset_after", 1)])
def test_a_reset_is_a_real_one_and_the_next_call_is_answered(far: Far, kind: str, effects: int) -> None:
    order = far.place()
    far.arm(kind, "OR21")

    with pytest.raises(httpx.ReadError):
        far.accept(order)

    assert far.accepts(order) == effects
    assert far.shop.get("/api/account").status_code == 200


@pytest.mark.parametrize(("kind", "effects"), [("timeout_before", 0), ("timeout_after", 1)])
def test_a_caller_that_waits_in_vain_gives_up_and_the_effect_is_as_armed(far: Far, kind: str, effects: int) -> None:
    order = far.place()
    far.arm(kind, "OR21", seconds=60)
    lines = {"order_lines": [{"id": f"{order}-1", "accepted": True}]}

    with pytest.raises(httpx.ReadTimeout):
        far.shop.put(f"/api/orders/{order}/accept", json=lines, timeout=0.3)

    assert far.accepts(order) == effects


def test_a_late_commit_takes_place_after_the_reset(far: Far) -> None:
    order = far.place()
    far.arm("late_commit", "OR21", seconds=120)

    with pytest.raises(httpx.ReadError):
        far.accept(order)
    before = far.accepts(order)
    far.hand.post("/advance", json={"seconds": 121})
    far.shop.get("/api/version")

    assert (before, far.accepts(order)) == (0, 1)


def test_a_truncated_answer_breaks_off(far: Far) -> None:
    far.arm("truncate")

    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        far.shop.get("/api/orders")


@pytest.mark.parametrize(
    ("kind", "status", "start"), [("blank", 200, b""), ("wrong_body", 200, b"<html>"), ("error_500_after", 500, b"{")]
)
def test_spoiled_answers_arrive_as_they_are(far: Far, kind: str, status: int, start: bytes) -> None:
    far.arm(kind)

    answer = far.shop.get("/api/orders")

    assert (answer.status_code, answer.content[:6][: len(start)]) == (status, start)
    assert bool(answer.content) == bool(start)


def test_latency_is_real_time(far: Far) -> None:
    far.arm("latency", seconds=0.4)

    quick, slow = (far.shop.get(path).elapsed.total_seconds() for path in ("/api/version", "/api/orders"))

    assert slow >= 0.4 > quick


def test_a_put_without_any_length_is_refused_on_the_wire(far: Far, address: str) -> None:
    order = far.place()
    key = far.shop.headers["authorization"]
    head = f"PUT /mirakl/north/api/orders/{order}/ship HTTP/1.1\r\nHost: x\r\nAuthorization: {key}\r\nConnection: close\r\n\r\n"

    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2])), timeout=5) as line:
        line.sendall(head.encode())
        answer = b"".join(iter(lambda: line.recv(65536), b""))

    assert answer.startswith(b"HTTP/1.1 411")


def test_calls_of_many_at_once_are_each_answered_and_noted(far: Far) -> None:
    start = far.hand.get("/state").json()["ledger"]
    orders = [far.place() for _ in range(40)]

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda order: far.accept(order).status_code, orders * 2))

    noted = far.hand.get("/ledger", params={"from": start, "operation": "OR21", "effective": "true"}).json()["calls"]
    assert sorted(answers) == [204] * 40 + [400] * 40
    assert sorted(call["key"] for call in noted) == sorted(orders)


def test_orders_arrive_and_move_by_themselves_in_the_demo() -> None:
    port = _free_port()
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        str(port),
        "--demo",
        "--orders-per-minute",
        "1200",
        "--latency-ms",
        "1",
    ]
    process = subprocess.Popen([*command, "--strict-rates"], cwd=ROOT, stdout=subprocess.DEVNULL)
    try:
        _wait_for(port, process)
        until, placed = time.monotonic() + START_SECONDS, 0
        while placed < 5 and time.monotonic() < until:
            operators = httpx.get(f"http://127.0.0.1:{port}/sandbox/api/state").json()["operators"]
            placed = sum(sum(operator["orders"].values()) for operator in operators)
    finally:
        process.terminate()
        process.wait(timeout=10)

    assert placed >= 5
