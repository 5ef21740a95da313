"""Import jobs: they wait, run and end as their marketplace's switches and the plans made for them say."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.mirakl.calls import Context
from sandbox.mirakl.plans import Plan
from sandbox.mirakl.state import Operator, Shop

Apply = Callable[[Shop, Any, "ImportJob", float], str]
RECENT = 50
STILL = ("WAITING", "RUNNING")


@dataclass
class ImportJob:
    """One import. `lines` are let go once it is over; `errors` hold line number, reason and the line."""

    id: str
    kind: str
    shop_id: int
    sent: float
    digest: bytes
    lines: list[Any]
    apply: Apply
    plan: Plan
    header: list[str] = field(default_factory=list)
    size: int = 0
    good: int = 0
    errors: list[tuple[int, str, Any]] = field(default_factory=list)
    status: str = "WAITING"
    is_readable: bool = True
    created: float = 0.0
    starts_at: float = 0.0
    ends_at: float = 0.0
    ended_at: float = 0.0


def begin(call: Context, job: ImportJob) -> ImportJob:
    """Put a job into its shop's queue; a request that repeats one that is not over yet finds that one."""
    operator = call.operator
    for known in reversed(operator.recent_imports):
        if known.status in STILL and (known.kind, known.shop_id, known.digest) == (job.kind, job.shop_id, job.digest):
            return known
    job.id, job.size, job.created = str(len(operator.imports) + 1), len(job.lines), call.now
    job.plan = operator.import_plans.take(job.shop_id)
    operator.imports[job.id] = job
    operator.recent_imports = [*operator.recent_imports[-RECENT:], job]
    seconds = job.plan.seconds
    if seconds < 0:
        seconds = operator.import_seconds + operator.import_seconds_per_line * job.size
    queue = (job.kind, job.shop_id)
    start = call.now + job.plan.delay
    is_set_aside = bool(job.plan.stays or job.plan.delay)
    if not operator.imports_concurrent and not is_set_aside:
        start = max(start, operator.busy_until.get(queue, 0.0))
        operator.busy_until[queue] = start + seconds
    job.starts_at, job.ends_at = start + seconds / 2, start + seconds
    if job.plan.stays != "WAITING":
        operator.later(job.starts_at, lambda _at: _start(job))
    if not job.plan.stays:
        operator.later(job.ends_at, lambda at: run(operator, job, at))
    return job


def _start(job: ImportJob) -> None:
    if job.status == "WAITING":
        job.status = "RUNNING"


def run(operator: Operator, job: ImportJob, at: float) -> None:
    """Work on the lines now, unless it was done."""
    if job.status not in STILL:
        return
    fails = job.plan.ends == "FAILED" or not job.is_readable
    shop = operator.shops[job.shop_id]
    lines = job.lines if not fails else job.lines[: job.plan.lines] if job.is_readable else []
    for number, line in enumerate(lines, 2):
        problem = job.apply(shop, line, job, at)
        if problem:
            job.errors.append((number, problem, line))
        else:
            job.good += 1
    job.status, job.lines, job.ended_at = "FAILED" if fails else "COMPLETE", [], at
