"""One case: die, come back, heal, and count what the far side really has."""

import os
import sys
import time
import traceback
from collections.abc import Callable
from copy import copy
from typing import cast

from django.db import connections

from bench.crash_points.cases import FAULT_SECONDS, LATE_COMMIT, LATE_PART, NO_FAULT, READ_POINTS, Result
from bench.crash_points.stage import TENANT, Stage
from core.clock import db_now
from core.effects import run_effects
from core.effects.handler import EffectHandler
from core.models import Effect, EffectAttempt
from integration.models import Order, Parcel
from integration.services.effects import HANDLERS

CRASHED = 9
LEASE_SECONDS = 2
ROUNDS = 40
SANDBOX_TICK_SECONDS = 0.4


def run_case(stage: Stage, effect_id: int, point: str, fault: str) -> Result:
    """Die at `point` while `fault` is armed, go on, and audit."""
    began = time.monotonic()
    problems: list[str] = []
    stage.take_clock()
    Effect.objects.filter(id=effect_id).update(next_attempt_at=db_now())
    stage.far.call("DELETE", "faults")
    seen = int(stage.far.call("GET", "state")["ledger"])
    if point in READ_POINTS:
        problems += die(stage, "after_send")
        stage.leap(LEASE_SECONDS + 1)
        arm(stage, stage.lane.reads, fault)
    else:
        arm(stage, stage.lane.writes, fault)
    problems += die(stage, point)
    stage.leap(LEASE_SECONDS + 1)
    stage.before_fork()
    code = forked(lambda: _heal(stage, effect_id))
    if code != 0:
        problems.append(f"the process that went on ended with {code}")
    stage.catch_up()
    stage.far.call("DELETE", "faults")
    if fault == LATE_COMMIT:
        # What still may come has to come before the books are read.
        stage.leap(_seconds(stage, fault) + 1)
        time.sleep(SANDBOX_TICK_SECONDS)
    problems += audit(stage, effect_id) + _repeats(stage, seen)
    return Result(stage.lane.name, point, fault, tuple(problems), round(time.monotonic() - began, 2))


def arm(stage: Stage, place: tuple[str, str], fault: str) -> None:
    """Let the next call there fail so."""
    if fault == NO_FAULT:
        return
    side, operation = place
    body = {"side": side, "operation": operation, "kind": fault, "seconds": _seconds(stage, fault)}
    stage.far.call("POST", "faults", body)


def _seconds(stage: Stage, fault: str) -> float:
    if fault == LATE_COMMIT:
        return LATE_PART * handler_of(stage).settle_seconds
    return FAULT_SECONDS.get(fault, 0.0)


def die(stage: Stage, point: str, work: Callable[[Stage], None] | None = None) -> list[str]:
    """Let a process die there; a list with what went wrong if it did not."""
    stage.before_fork()
    code = forked(lambda: (work or _work)(stage), crashpoint=f"{point}:{stage.lane.kind}")
    stage.take_clock()
    return [] if code == CRASHED else [f"the process did not die at {point}: it ended with {code}"]


def forked(work: Callable[[], None], *, crashpoint: str = "") -> int:
    """Work in a process of its own, which dies at the point if one is named; how it ended."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            if crashpoint:
                os.environ["HOLDPOINT_CRASHPOINT"] = crashpoint
            work()
            code = 0
        except BaseException:  # noqa: BLE001 -- a child must end here, whatever happened
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def handler_of(stage: Stage) -> EffectHandler:
    """The handler of the lane's write, with a lease short enough to wait for."""
    handler = copy(next(one for one in HANDLERS if one.kind == stage.lane.kind))
    handler.lease_seconds = LEASE_SECONDS
    return cast("EffectHandler", handler)


def _work(stage: Stage) -> None:
    stage.take_clock()
    run_effects(handler_of(stage), owner=f"crash:{os.getpid()}", limit=1)


def _heal(stage: Stage, effect_id: int) -> None:
    """Work as restarted workers do, letting time pass between, until the row is at rest."""
    stage.take_clock()
    for _ in range(ROUNDS):
        run_effects(handler_of(stage), owner=f"heal:{os.getpid()}", limit=1)
        row = Effect.objects.get(id=effect_id)
        if row.state in ("done", "parked", "cancelled"):
            break
        due = max(row.next_attempt_at, row.lease_until or row.next_attempt_at)
        stage.leap(max(0.2, (due - db_now()).total_seconds() + 0.05))
    connections.close_all()


def audit(stage: Stage, effect_id: int) -> list[str]:
    """What is wrong with the outcome, by the far side's own books and by ours."""
    effect = Effect.objects.get(id=effect_id)
    order = Order.objects.get(pk=effect.subject_id or 0)
    parcels = Parcel.objects.filter(id__in=effect.payload.get("parcels", []))
    problems = []
    if effect.state != "done":
        tries = EffectAttempt.objects.filter(effect=effect).order_by("id")
        words = "; ".join(f"{one.phase} {one.outcome_class} {one.code} {one.message[:80]}" for one in tries)
        return [f"the effect is {effect.state} ({effect.parked_code}): {words}"]
    count, what = _count(stage, order, [parcel.tracking_number for parcel in parcels])
    if count != 1:
        problems.append(f"the far side has {count} {what}")
    # Each write leaves its own mark on our rows, however far other readings have brought the order meanwhile.
    marks = {
        "mirakl.accept": order.accepted_at,
        "deposco.create_order": order.in_wms_at,
        "mirakl.confirm_order": order.confirmed_at,
        "mirakl.confirm_parcel": min((parcel.confirmed_at or 0 for parcel in parcels), default=0, key=bool),
    }
    if not marks[effect.kind]:
        problems.append(f"our own row does not show it, at stage {order.stage}")
    return problems


def _count(stage: Stage, order: Order, tracking: list[str]) -> tuple[int, str]:
    """How many times the far side did what was wanted."""
    if stage.lane.kind == "deposco.create_order":
        rows = stage.far.call("GET", "warehouse", tenant=TENANT)["orders"]
        return sum(row["customer"] == order.order_id for row in rows), "warehouse orders"
    rows = stage.far.call("GET", "orders", operator=stage.lane.operator, ids=order.order_id)["orders"]
    (row,) = rows
    match stage.lane.kind:
        case "mirakl.accept":
            return int(row["effective_accepts"]), "effective acceptances"
        case "mirakl.confirm_parcel":
            ours = [one for one in row["shipments"] if one["tracking"].get("tracking_number") in tracking]
            return len(ours), f"shipments of this parcel, of {len(row['shipments'])}"
        case _:
            return int(row["ships"]) if row["tracking"] in tracking else 0, "shipped orders with our tracking"


def _repeats(stage: Stage, seen: int) -> list[str]:
    """Writes that were sent again after one had taken effect: they were not read back first. OR23 may be repeated."""
    _, operation = stage.lane.writes
    calls = stage.far.call("GET", f"ledger?from={seen}")["calls"]
    writes = [call["effective"] for call in calls if call["operation"] == operation != "OR23"]
    repeats = len(writes) - 1 - writes.index(True) if True in writes and operation != "orders.search" else 0
    return [f"{operation} was sent {repeats} times more after it had taken effect"] if repeats else []
