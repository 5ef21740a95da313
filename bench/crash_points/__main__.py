"""Runs the matrix: every lane in a process, a database and a sandbox of its own, side by side."""

import argparse
import dataclasses
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from bench.crash_points.cases import LANES, STOCK, Lane, Result, cases
from bench.crash_points.report import failures, table
from bench.own import ROOT, database_name, environment, own_database, own_sandbox


def main() -> int:
    """Print the table; 1 when a case failed."""
    parser = argparse.ArgumentParser(prog="python -m bench.crash_points", description=__doc__)
    parser.add_argument("--lane", action="append", help="only lanes whose name contains this")
    parser.add_argument("--point", default="", help="only this point")
    parser.add_argument("--fault", default="", help="only this fault")
    parser.add_argument("--json", action="store_true", help="print one JSON line a case instead of the table")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        return _run_lane(LANES[options.one], options)
    wanted = [n for n, lane in enumerate(LANES) if any(part in lane.name for part in options.lane or [""])]
    began = time.monotonic()
    results = _run_all(wanted, options)
    if options.json:
        print("\n".join(json.dumps(dataclasses.asdict(result)) for result in results))
    else:
        print("\n".join(table(results, time.monotonic() - began)))
    return 1 if not results or any(failures(results)) else 0


def _run_all(wanted: list[int], options: argparse.Namespace) -> list[Result]:
    with own_database(f"holdpoint_crash_{os.getpid()}") as base, ThreadPoolExecutor(len(wanted) or 1) as pool:
        lanes = pool.map(lambda number: list(_lane_process(number, database_name(base), options)), wanted)
        return [result for rows in lanes for result in rows]


def _lane_process(number: int, base: str, options: argparse.Namespace) -> Iterator[Result]:
    with own_database(f"{base}_{number}", template=base) as url, own_sandbox(seed=number + 1) as port:
        command = [sys.executable, "-m", "bench.crash_points", "--one", str(number), "--port", str(port)]
        command += ["--point", options.point, "--fault", options.fault]
        done = subprocess.run(command, cwd=ROOT, env=environment(url), stdout=subprocess.PIPE, text=True, check=False)  # noqa: S603
        for line in done.stdout.splitlines():
            row = json.loads(line)
            yield Result(**{**row, "problems": tuple(row["problems"])})
        if done.returncode != 0:
            yield Result(LANES[number].name, "", "", (f"the lane's process ended with {done.returncode}",), 0.0)


def _run_lane(lane: Lane, options: argparse.Namespace) -> int:
    import django  # noqa: PLC0415 -- the environment names the database first

    django.setup()
    from bench.crash_points.case import run_case  # noqa: PLC0415 -- needs Django
    from bench.crash_points.stage import Stage  # noqa: PLC0415 -- needs Django
    from bench.crash_points.stock_case import run_stock_case  # noqa: PLC0415 -- needs Django

    chosen = [
        (point, fault) for point, fault in cases(lane) if options.point in ("", point) and options.fault in ("", fault)
    ]
    stage = Stage(lane, options.port)
    run = run_stock_case if lane.kind == STOCK else run_case
    for number, (point, fault) in zip(stage.prepare(len(chosen)), chosen, strict=True):
        print(json.dumps(dataclasses.asdict(run(stage, number, point, fault))), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
