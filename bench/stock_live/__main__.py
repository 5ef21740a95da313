"""Stock over real processes while everything moves: does every offer end at its right number, and was none ever older?

Run `python -m bench.stock_live` (20,000 items, 4 facilities, 3 channels with different rules, 200 changes a second, buyers
all the while, imports that are slow, fail, refuse lines or whose answer is lost); `--help` says what may differ. The sandbox
over TCP, `manage.py workers`, a database of its own. What is judged comes from the sandbox's books, and from the rules
worked out offer by offer by the domain; nothing is taken from what the lane itself thinks it has done.
"""

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import httpx

from bench.own import HOST, environment, own_database, own_sandbox
from bench.stock_live.audit import Verdict, drain, judge
from bench.stock_live.drive import Book, Driver
from bench.stock_live.plan import Plan, read_plan
from bench.stock_live.world import connect, seed, workers

SHOWN = 10


def main() -> int:
    """Run it, print the figures; the exit code says whether all of them hold."""
    plan = read_plan()
    with (
        own_database(f"bench_stock_live_{os.getpid()}") as url,
        own_sandbox() as port,
        tempfile.TemporaryDirectory() as folder,
        httpx.Client(base_url=f"http://{HOST}:{port}/sandbox/api", timeout=120) as hand,
    ):
        env = environment(url, HOLDPOINT_DATA_DIR=folder)
        seed(hand, plan)
        connect(port, hand, plan, Path(folder), env)
        with workers(env):
            first, told = drain(hand, plan)
            print(f"every offer told for the first time after {told:.0f} s; differing {len(first)}", flush=True)
            book = Driver(hand, plan).run()
            wrong, drained = drain(hand, plan)
        verdict = judge(hand, plan, book, wrong, drained)
    _report(plan, book, verdict)
    return 0 if verdict.holds else 1


def _report(plan: Plan, book: Book, verdict: Verdict) -> None:
    bought = sum(tried["bought"] for tried in book.tries)
    print(
        f"{plan.items:,} items, 4 facilities, 3 channels; {plan.minutes:g} min; {book.changes:,} numbers changed; "
        f"{len(book.tries)} tries to buy, {bought} bought"
    )
    print(f"  troubles: {'; '.join(book.troubles) or 'none'}")
    print(f"  imports: {', '.join(f'{count} {state}' for state, count in sorted(verdict.imports.items()))}")
    print(f"  all right again {verdict.drained:.0f} s after the last change")
    print(
        f"  from a change to its number in the shop: {_spread(verdict.delays)}; overtaken by the next "
        f"{verdict.overtaken}, never landed {verdict.unlanded}"
    )
    print(
        f"  offers that differ from the rules' answer for the final stock: {len(verdict.wrong)} of {verdict.offers:,}"
    )
    print(f"  older numbers landed after newer: {len(verdict.backwards)}")
    print(f"  files sent while one ran: {len(verdict.overlapping)}")
    throttled = ", ".join(f"{name} {count}" for name, count in verdict.throttled.items()) or "none"
    print(f"  calls above a published frequency: {len(verdict.too_often)}; answered 429: {throttled}")
    print(f"  oversold: {verdict.oversold}, of which a fresh number would have prevented: {len(verdict.preventable)}")
    for rows in (verdict.wrong, verdict.backwards, verdict.too_often, verdict.overlapping, verdict.preventable):
        for row in rows[:SHOWN]:
            print(f"    {row}")
    print("holds" if verdict.holds else "DOES NOT HOLD")


def _spread(values: Sequence[float]) -> str:
    if not values:
        return "none"
    ordered = sorted(values)
    middle, late = ordered[len(ordered) // 2], ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"p50 {middle:.0f} s, p95 {late:.0f} s, longest {ordered[-1]:.0f} s"


if __name__ == "__main__":
    sys.exit(main())
