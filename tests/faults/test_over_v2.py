"""The whole of it over V2, by the commands: real workers, real TCP, tokens that run out, a rate, faults, and one kill -9."""

import sys
from pathlib import Path

import psycopg
import pytest

from tests.faults.processes import kill
from tests.faults.rig import rig, wait_for

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(400),
    pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are found through /proc"),
]
ORDERS, RATE = 16, 6
FAULTS = (
    ("v2.orders.save", "reset_after"),
    ("v2.orders.save", "timeout_after"),
    ("v2.orders.save", "error_500_before"),
    ("v2.orders.find", "truncate"),
    ("v2.orders.find", "reset_before"),
    ("v2.shipments.find", "wrong_body"),
    ("v2.token", "error_500_before"),
)


def test_orders_go_there_once_and_come_back_shipped(tmp_path: Path, tables: dict[str, list[str]]) -> None:
    with rig(tmp_path, "v2", api="v2", rate=RATE) as one:
        limits = {"tenant": "DEMO", "rate_per_second": 2 * RATE, "token_seconds": 15}
        one.far.post("/tenant", json=limits).raise_for_status()
        for operation, kind in FAULTS:
            fault = {"side": "deposco", "operation": operation, "kind": kind, "seconds": 25 if "timeout" in kind else 0}
            one.far.post("/faults", json=fault).raise_for_status()
        for _ in range(ORDERS):
            one.push()
        wait_for(lambda: one.reached(one.pushed[ORDERS // 2]), 60, lambda: f"{one.unfinished()} wait")
        kill(one.processes("hp-worker"))

        took = wait_for(lambda: not one.unfinished(), 180, lambda: f"{one.unfinished()} wait: {one.manage('status')}")

        counts = one.far.get("/ledger/counts", params={"side": "deposco"}).json()["operations"]
        armed = one.far.get("/faults").json()["faults"]
        with psycopg.connect(one.url) as database:
            (told,) = database.execute(
                "SELECT count(*) FROM core_calllog WHERE request_excerpt || response_excerpt || path || error"
                " ~ 'sandbox-token|sandbox-password'"
            ).fetchone() or (None,)
        tables["over V2"] = [
            f"{len(one.pushed)} orders shipped {took:.1f} s after the kill, {len(one.doubled())} doubled",
            *(
                f"{name:24}{row['calls']:>6} calls{row['effective']:>6} effective"
                for name, row in sorted(counts.items())
            ),
        ]
        assert one.doubled() == []
        assert counts["v2.orders.save"]["effective"] == len(one.pushed)
        assert counts["v2.token"]["calls"] >= 2
        assert all(name.startswith("v2.") for name in counts)
        assert armed == []
        assert told == 0
