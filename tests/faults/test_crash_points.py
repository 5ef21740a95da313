"""Every write, killed at every step between claim and record, against every fault: exactly one effect in the end."""

import json
import subprocess
import sys
import time

import pytest

from bench.crash_points.cases import LANES, Result, cases
from bench.crash_points.report import failures, table
from bench.own import ROOT
from core.effects.crashpoints import POINTS


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_worker_killed_at_any_step_against_any_fault_leaves_exactly_one_effect(tables: dict[str, list[str]]) -> None:
    command = [sys.executable, "-m", "bench.crash_points", "--json"]
    began = time.monotonic()

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=880)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    results = [Result(**{**row, "problems": tuple(row["problems"])}) for row in rows]
    tables["crash points"] = table(results, time.monotonic() - began)

    assert results, done.stderr
    assert list(failures(results)) == [], done.stderr[-4000:]
    ran = {(row.lane, row.point, row.fault) for row in results}
    assert ran == {(lane.name, point, fault) for lane in LANES for point, fault in cases(lane)}


def test_every_crash_point_of_the_code_is_used_by_the_matrix() -> None:
    used = {point for lane in LANES for point in lane.points}

    assert used == set(POINTS)
