"""Orders at a steady pace through all three lanes, against a sandbox with latency: is every one accepted in time, once?

Run `python -m bench.orders` (5,000 orders in 10 minutes at 100 ms, one OR11 a minute); `--help` says what may differ.
Real processes: the sandbox over TCP, `manage.py workers`, and a database of its own. Figures come from the sandbox's
books, not from ours: when an order was placed, decided, shipped and confirmed, and how often.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from bench.own import HOST, ROOT, environment, manage, own_database, own_sandbox

DONE = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
SKUS = [f"SKU-{number:03d}" for number in range(1, 41)]
LOOK_SECONDS = 5.0
STOP_SECONDS = 30


@dataclass
class Plan:
    """How many orders, in how long, against what."""

    orders: int
    minutes: float
    latency_ms: float
    poll_seconds: int
    drain_minutes: float
    calls_per_second: float


@dataclass
class Books:
    """What the sandbox knows at the end."""

    accept: list[float] = field(default_factory=list)
    confirm: list[float] = field(default_factory=list)
    undecided: int = 0
    accepted_twice: int = 0
    at_warehouse: Counter[str] = field(default_factory=Counter)
    unshipped: int = 0
    calls: dict[str, int] = field(default_factory=dict)


def main() -> int:
    """Run it, print the figures; the exit code says whether all of them hold."""
    plan = _plan()
    with (
        own_database(f"bench_orders_{os.getpid()}") as url,
        own_sandbox() as port,
        tempfile.TemporaryDirectory() as folder,
    ):
        sandbox = f"http://{HOST}:{port}"
        hand = httpx.Client(base_url=f"{sandbox}/sandbox/api", timeout=60)
        _connect(sandbox, hand, plan, Path(folder), environment(url, HOLDPOINT_DATA_DIR=folder))
        hand.post("/world", json={"latency": plan.latency_ms / 1000}).raise_for_status()
        hand.post("/floor", json={"default_script": "one_parcel", "weights": {}, "step_seconds": 1.0})
        with _workers(environment(url, HOLDPOINT_DATA_DIR=folder)):
            placed = _place(hand, plan)
            drained = _drain(hand, plan, len(placed))
        books = _books(hand, placed)
    return _report(plan, placed, books, drained)


def _plan() -> Plan:
    parser = argparse.ArgumentParser(prog="python -m bench.orders", description=__doc__.splitlines()[0])
    parser.add_argument("--orders", type=int, default=5000)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--latency-ms", type=float, default=100.0)
    parser.add_argument(
        "--poll-seconds", type=int, default=60, help="the shops' period; Mirakl publishes one OR11 a minute"
    )
    parser.add_argument("--drain-minutes", type=float, default=4.0, help="how long to wait for the last ones")
    parser.add_argument("--calls-per-second", type=float, default=20.0, help="what the warehouse allows")
    return Plan(**vars(parser.parse_args()))


def _connect(sandbox: str, hand: httpx.Client, plan: Plan, folder: Path, env: dict[str, str]) -> None:
    state = hand.get("/state").json()
    tenant = state["tenants"][0]
    manage(
        "connect_deposco",
        tenant["code"],
        *("--url", f"{sandbox}/deposco", "--tenant-code", tenant["code"], "--business-unit", tenant["business_unit"]),
        *("--username", tenant["username"], "--password-file", _secret(folder / "password", tenant["password"])),
        *("--rate-per-second", str(plan.calls_per_second)),
        environment=env,
    )
    rows = "\n".join(f"{sku},{sku.replace('SKU', 'ITEM')},1" for sku in SKUS)
    sku_map = _secret(folder / "map.csv", f"offer_sku,item_number,units_per_offer\n{rows}\n")
    for operator in state["operators"]:
        for shop in operator["shops"]:
            code = f"{operator['name']}-{shop['id']}".upper()
            manage(
                "connect_mirakl",
                code,
                *("--url", f"{sandbox}/mirakl/{operator['name']}", "--name", shop["name"]),
                *("--api-key-file", _secret(folder / "key", shop["api_key"]), "--shop-id", str(shop["id"])),
                *("--lanes", "acceptance,import,dispatch", "--poll-seconds", str(plan.poll_seconds)),
                environment=env,
            )
            manage("import_sku_map", code, sku_map, environment=env)


@contextmanager
def _workers(env: dict[str, str]) -> Iterator[None]:
    process = subprocess.Popen([sys.executable, "manage.py", "workers"], cwd=ROOT, env=env)
    try:
        yield
    finally:
        process.terminate()
        process.wait(STOP_SECONDS)


def _place(hand: httpx.Client, plan: Plan) -> dict[str, str]:
    """Place the orders evenly over the time and in turn over the shops; each order's operator."""
    shops = [
        (operator["name"], shop["id"])
        for operator in hand.get("/state").json()["operators"]
        for shop in operator["shops"]
    ]
    placed: dict[str, str] = {}
    began, gap = time.monotonic(), plan.minutes * 60 / plan.orders
    for number in range(plan.orders):
        time.sleep(max(0.0, began + number * gap - time.monotonic()))
        operator, shop = shops[number % len(shops)]
        lines = [[SKUS[number % len(SKUS)], 1 + number % 3]]
        answer = hand.post("/orders", json={"operator": operator, "shop_id": shop, "lines": lines}).json()
        placed |= dict.fromkeys(answer["order_ids"], operator)
    return placed


def _drain(hand: httpx.Client, plan: Plan, wanted: int) -> float:
    """Wait until the marketplaces have every order shipped; how many seconds that took after the last was placed."""
    began = time.monotonic()
    while time.monotonic() - began < plan.drain_minutes * 60:
        counts: Counter[str] = Counter()
        for operator in hand.get("/state").json()["operators"]:
            counts.update(operator["orders"])
        if sum(counts[state] for state in DONE) >= wanted:
            break
        time.sleep(LOOK_SECONDS)
    return time.monotonic() - began


def _books(hand: httpx.Client, placed: dict[str, str]) -> Books:
    books = Books()
    warehouse = hand.get("/warehouse", params={"tenant": "DEMO"}).json()
    books.at_warehouse.update(row["customer"] for row in warehouse["orders"])
    left = {row["customer"]: row["shipped_at"] for row in warehouse["shipments"] if row["shipped_at"]}
    for operator in sorted(set(placed.values())):
        for row in hand.get("/orders", params={"operator": operator}).json()["orders"]:
            _enter(books, row, left.get(row["order_id"]))
    counts = hand.get("/ledger/counts").json()["operations"]
    books.calls = {name: row["calls"] for name, row in counts.items()}
    return books


def _enter(books: Books, row: dict[str, Any], shipped_at: float | None) -> None:
    if row["decided"] is None:
        books.undecided += 1
    else:
        books.accept.append(datetime.fromisoformat(row["decided"]).timestamp() - row["created"])
    books.accepted_twice += row["effective_accepts"] > 1
    if row["state"] not in DONE or shipped_at is None:
        books.unshipped += 1
    else:
        # The last thing that happened to the order at its marketplace was our confirmation.
        books.confirm.append(row["updated"] - shipped_at)


def _report(plan: Plan, placed: dict[str, str], books: Books, drained: float) -> int:
    limit = plan.poll_seconds + 2
    missing = sum(1 for order_id in placed if books.at_warehouse[order_id] == 0)
    doubled = sum(1 for order_id in placed if books.at_warehouse[order_id] > 1)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = children.ru_utime + children.ru_stime
    print(
        f"{len(placed)} orders in {plan.minutes:g} min, {plan.latency_ms:g} ms latency, one OR11 in {plan.poll_seconds} s"
    )
    print(f"  placed to accepted    {_spread(books.accept)}   (p95 within {limit} s)")
    print(f"  shipped to confirmed  {_spread(books.confirm)}   (p95 within 30 s)")
    print(f"  not accepted {books.undecided}, accepted twice {books.accepted_twice}")
    print(f"  in the warehouse: missing {missing}, doubled {doubled}; not confirmed {books.unshipped}")
    print(f"  drained {drained:.0f} s after the last order; processor time of all {used:.0f} s")
    print(f"  calls: {', '.join(f'{name} {count}' for name, count in sorted(books.calls.items()))}")
    holds = (
        not any((books.undecided, books.accepted_twice, missing, doubled, books.unshipped))
        and _percentile(books.accept, 95) <= limit
        and _percentile(books.confirm, 95) <= 30  # noqa: PLR2004 -- seconds, as printed above
    )
    print("holds" if holds else "DOES NOT HOLD")
    return 0 if holds else 1


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    return f"p50 {_percentile(values, 50):.1f} s, p95 {_percentile(values, 95):.1f} s, longest {max(values):.1f} s"


def _percentile(values: Sequence[float], percent: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] if ordered else float("inf")


def _secret(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


if __name__ == "__main__":
    sys.exit(main())
