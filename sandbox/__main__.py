"""Starts the sandbox: python -m sandbox --port 8901 --demo --orders-per-minute 12."""

import argparse
import random
import threading
import time
from collections.abc import Callable

from sandbox.app import serve
from sandbox.demo import build_world, liven_floor, random_order
from sandbox.demo_stock import liven_stock, move_stock
from sandbox.world import World


def main() -> None:
    """Build the world and serve it until told to stop."""
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A marketplace and a warehouse to play with."
    )
    parser.add_argument("--port", type=int, default=8901)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--demo", action="store_true", help="let orders arrive, stock move, and the floor do a bit of everything"
    )
    parser.add_argument("--latency-ms", type=float, default=0.0)
    parser.add_argument("--orders-per-minute", type=float, default=12.0)
    parser.add_argument("--moves-per-minute", type=float, default=6.0, help="receipts and adjustments of a demo")
    parser.add_argument("--first-number", type=int, default=None, help="count orders and shipments from here")
    parser.add_argument("--strict-rates", action="store_true", help="answer 429 above Mirakl's published frequencies")
    options = parser.parse_args()
    world = build_world(options.seed, strict_rates=options.strict_rates, first_number=options.first_number)
    world.latency = options.latency_ms / 1000
    if options.demo:
        liven_floor(world)
        liven_stock(world)
        _now_and_then(world, random_order, options.orders_per_minute)
        _now_and_then(world, move_stock, options.moves_per_minute)
    print(f"Sandbox: http://127.0.0.1:{options.port}/sandbox/", flush=True)  # noqa: T201 -- a command line's answer
    serve(world, options.port)


def _now_and_then(world: World, act: Callable[[World, random.Random], object], per_minute: float) -> None:
    """Let something happen by itself, so often on average, in a thread of its own."""
    rng = random.Random(world.seed)  # noqa: S311 -- a repeatable world, no secret

    def go_on() -> None:
        while True:
            time.sleep(rng.expovariate(per_minute / 60))
            with world.lock:
                act(world, rng)

    if per_minute > 0:
        threading.Thread(target=go_on, daemon=True).start()


if __name__ == "__main__":
    main()
