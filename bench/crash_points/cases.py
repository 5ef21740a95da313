"""Which cases there are: every lane, every point of it, every fault."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.faults import KINDS

READ_POINTS = ("before_read_back", "after_read_back")
NO_FAULT = "none"
FAULTS = (NO_FAULT, *KINDS)
# Seconds a fault lasts; a hang is longer than a call may take.
FAULT_SECONDS = {"latency": 0.1, "timeout_before": 3.0, "timeout_after": 3.0, "throttle": 1.0}
# A late commit comes well after our side gave up, and still inside the time that the write is given to show itself.
LATE_COMMIT, LATE_PART = "late_commit", 0.7


@dataclass(frozen=True)
class Lane:
    """One outward write, where its faults strike, and the points at which its process may die."""

    name: str
    kind: str
    operator: str
    shop_id: int
    writes: tuple[str, str]
    reads: tuple[str, str]
    points: tuple[str, ...]
    promise: str = "exactly one effect"


COMMON = (
    "after_claim",
    "before_intent",
    "after_intent",
    "before_send",
    "after_send",
    "before_result",
    "in_result",
    "after_result",
    *READ_POINTS,
)
# Between two calls of one write: only where the fault leaves the first of them whole.
WITH_SECOND_CALL = (*COMMON[:4], "in_send", *COMMON[4:])

# A file of numbers is followed to its end after it was sent, and a process may die there as well.
STOCK, NUMBERS = "mirakl.push_stock", "the last numbers, in order"
FOLLOW_POINTS = ("after_status", "in_finish")

LANES = (
    Lane("mirakl.accept", "mirakl.accept", "north", 2001, ("mirakl", "OR21"), ("mirakl", "OR11"), COMMON),
    Lane(
        "deposco.create_order",
        "deposco.create_order",
        "north",
        2001,
        ("deposco", "orders.create"),
        ("deposco", "orders.search"),
        COMMON,
    ),
    Lane(
        "deposco.create_order, fault on the look-up",
        "deposco.create_order",
        "north",
        2001,
        ("deposco", "orders.search"),
        ("deposco", "orders.search"),
        ("in_send", "after_send", "before_result", "in_result", "after_result"),
    ),
    Lane(
        "mirakl.confirm_parcel", "mirakl.confirm_parcel", "north", 2001, ("mirakl", "ST01"), ("mirakl", "ST11"), COMMON
    ),
    Lane(
        "mirakl.confirm_order, fault on OR23",
        "mirakl.confirm_order",
        "harbour",
        3001,
        ("mirakl", "OR23"),
        ("mirakl", "OR11"),
        COMMON,
    ),
    Lane(
        "mirakl.confirm_order, fault on OR24",
        "mirakl.confirm_order",
        "harbour",
        3001,
        ("mirakl", "OR24"),
        ("mirakl", "OR11"),
        WITH_SECOND_CALL,
    ),
    Lane(
        STOCK,
        STOCK,
        "north",
        2001,
        ("mirakl", "STO01"),
        ("mirakl", "STO02"),
        (*COMMON, *FOLLOW_POINTS),
        NUMBERS,
    ),
    Lane(
        "mirakl.push_stock, fault on STO03",
        STOCK,
        "north",
        2001,
        ("mirakl", "STO03"),
        ("mirakl", "STO03"),
        ("after_report", "in_finish"),
        NUMBERS,
    ),
)


def cases(lane: Lane) -> Iterator[tuple[str, str]]:
    """Every point with every fault."""
    return ((point, fault) for point in lane.points for fault in FAULTS)


@dataclass(frozen=True)
class Result:
    """What became of a case. `problems` is empty when it ended as it should."""

    lane: str
    point: str
    fault: str
    problems: tuple[str, ...]
    seconds: float
