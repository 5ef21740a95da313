"""kill -9 of every kind of process, under load: it heals by itself, nothing is done twice, nothing runs on unguarded."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.faults.processes import kill, unreaped
from tests.faults.rig import SKUS, Rig, rig, wait_for
from tests.faults.stock_books import StockBooks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found through /proc"),
]
HEAL_SECONDS = 60
# A file whose answer died with its worker goes again after a minute, and the warehouse is read each minute.
NUMBERS_SECONDS = 240
KINDS = ("hp-worker", "hp-monitor", "hp-pusher", "hp-sentinel", "hp-queue", "hp-ticker", "hp-launcher", "all of them")


def test_whatever_is_killed_heals_within_a_minute_and_doubles_nothing(
    tmp_path: Path, tables: dict[str, list[str]]
) -> None:
    lines = tables.setdefault(
        "kill -9", [f"{'killed':24}{'processes':>10}{'healed after':>14}{'doubled':>9}{'orphans':>9}"]
    )

    with rig(tmp_path, "kills", stock=True) as one:
        stock = StockBooks(one.far, {sku: sku.replace("SKU", "ITEM") for sku in SKUS}, one.load_over)
        threading.Thread(target=one.load, daemon=True).start()
        threading.Thread(target=stock.move, daemon=True).start()
        for kind in KINDS:
            victims = one.processes("" if kind == "all of them" else kind)
            assert victims, f"there is no {kind}"
            kill(victims)
            healed = _heals(one, {victim.pid for victim in victims})
            doubled, orphans = one.doubled(), one.orphans()
            lines.append(f"{kind:24}{len(victims):>10}{healed:>12.1f} s{len(doubled):>9}{len(orphans):>9}")
            assert doubled == []
            assert orphans == []
        for words, lose in (("database connections", one.cut_connections), ("the queue's rows", one.empty_queue)):
            lost = lose()
            healed = _heals(one, set())
            lines.append(f"{words:24}{lost:>10}{healed:>12.1f} s{len(one.doubled()):>9}{len(one.orphans()):>9}")
            assert one.doubled() == []
            assert one.orphans() == []
        wait_for(lambda: unreaped(one.launcher) == 0, 10, lambda: f"{unreaped(one.launcher)} were not reaped")
        pushed = list(one.pushed)
        caught_up = wait_for(lambda: not set(pushed) & set(one.unfinished()), 120, lambda: _left(one, pushed))
        one.load_over.set()
        settled = wait_for(
            lambda: not one.unfinished() and not stock.wrong(), NUMBERS_SECONDS, lambda: _numbers(one, stock)
        )
        lines.append(
            f"{stock.moves} moves of stock meanwhile, {len(stock.imports())} files, {len(stock.overlaps())} at once,"
            f" {stock.backwards()} older numbers after newer; all {len(SKUS)} right {settled:.1f} s after the last move"
        )
        assert stock.overlaps() == []
        assert stock.backwards() == 0
        one.load_over.clear()
        threading.Thread(target=one.load, daemon=True).start()
        wait_for(lambda: bool(one.unfinished()), 10, lambda: "no order came in")
        code, took = one.stop()
        left = one.processes()
        lines.append(
            f"{len(pushed)} orders came in meanwhile, all shipped {caught_up:.1f} s after the last kill healed"
        )
        lines.append(f"SIGTERM under load: ended with {code} after {took:.1f} s, {len(left)} processes left")

        assert one.doubled() == []
        assert code == 0
        assert left == []


def test_a_queue_whose_acknowledger_hangs_is_killed_and_started_again(
    tmp_path: Path, tables: dict[str, list[str]]
) -> None:
    with rig(tmp_path, "hangs") as one:
        (monitor,) = [process for process in one.processes("hp-monitor") if process.queue == "accept"]
        began = time.monotonic()

        os.kill(monitor.pid, signal.SIGSTOP)
        wait_for(lambda: monitor.pid not in {process.pid for process in one.processes()}, 120, lambda: "it still hangs")
        replaced = time.monotonic() - began
        healed = _heals(one, {monitor.pid})

        tables["a queue that hangs"] = [
            f"the group was killed {replaced:.0f} s after it hung, and well {healed:.1f} s later"
        ]
        assert one.doubled() == []


def _heals(one: Rig, dead: set[int]) -> float:
    """Seconds until every process is there again and an order that came after the kill is in the warehouse."""
    probe = one.push()

    def is_well() -> bool:
        pids = {process.pid for process in one.processes()}
        return not pids & dead and one.is_complete() and one.reached(probe)

    return wait_for(is_well, HEAL_SECONDS, lambda: f"{len(one.processes())} processes, probe: {one.reached(probe)}")


def _numbers(one: Rig, stock: StockBooks) -> str:
    return f"{stock.wrong()[:5]} of {len(stock.wrong())}; {len(one.unfinished())} unfinished; {one.manage('status')}"


def _left(one: Rig, pushed: list[str]) -> str:
    return f"{sorted(set(pushed) & set(one.unfinished()))[:5]} are left; {one.manage('status', '--json')}"
