"""The table of cases and results."""

from collections.abc import Iterable, Sequence

from bench.crash_points.cases import LANES, Result


def table(results: Sequence[Result], seconds: float) -> list[str]:
    """A line per write and point with the count of faults that ended as they should; every failure in full."""
    lines = [f"{'write':44}{'killed at':20}{'faults':>8}  result"]
    for lane in LANES:
        for point in lane.points:
            rows = [row for row in results if row.lane == lane.name and row.point == point]
            if rows:
                good = sum(not row.problems for row in rows)
                words = lane.promise if good == len(rows) else f"{len(rows) - good} FAILED"
                lines.append(f"{lane.name:44}{point:20}{good:>4}/{len(rows):<3}  {words}")
    lines += [f"FAILED {row.lane} / {row.point} / {row.fault}: {' | '.join(row.problems)}" for row in failures(results)]
    bad = sum(1 for _ in failures(results))
    lines.append(f"{len(results)} cases, {len(results) - bad} good, {bad} failed, {seconds:.0f} s")
    return lines


def failures(results: Iterable[Result]) -> Iterable[Result]:
    """The cases that did not end as they should."""
    return (row for row in results if row.problems)
