"""Jobs: plain functions on a beat, each with a lease, a record of its run, and a place in one explicit tuple."""

import socket
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections, transaction
from django.db import connection as database
from django.utils.module_loading import import_string

from core.clock import SKEW_REFUSAL, clock_skew_seconds, db_now
from core.models import JobRun, Periodic
from core.owner import owner_name
from core.redaction import storable

Counts = dict[str, int]
LEASE_SECONDS = 30.0


class ClockSkewError(Exception):
    """This machine's clock is too far from the database's for bulk work."""


class UnknownJobError(Exception):
    """No job of this name is registered."""


@dataclass(frozen=True)
class Scope:
    """One thing a job is run for, such as a channel, on a beat of its own."""

    name: str
    every_seconds: float


@dataclass(frozen=True)
class JobContext:
    """What a run is given. Call `heartbeat` between items, so that the lease outlives long work."""

    scope: str | None
    owner: str
    heartbeat: Callable[[], None]


@dataclass(frozen=True)
class Job:
    """A job and its beat. With `scopes` it runs once for each of them; else once for everything.

    `is_bulk` work, which writes much by one decision, is refused while this machine's clock is wrong.
    """

    name: str
    every_seconds: float
    run: Callable[[JobContext], Counts]
    queue: str
    scopes: Callable[[], Sequence[Scope]] | None = None
    is_bulk: bool = False


@cache
def registry() -> dict[str, Job]:
    """Every job by name, from the tuple that the settings name."""
    jobs: Sequence[Job] = import_string(settings.HOLDPOINT_JOBS)
    return {job.name: job for job in jobs}


def find_job(name: str) -> Job:
    """The job of this name. Raises UnknownJobError with the names there are."""
    try:
        return registry()[name]
    except KeyError as error:
        message = f"There is no job {name}. Jobs: {', '.join(sorted(registry()))}."
        raise UnknownJobError(message) from error


def periodic_name(job: str, scope: str | None) -> str:
    """The key of the beat's row."""
    return f"{job}:{scope}" if scope else job


def sync_periodics() -> int:
    """Make a row for every beat that should be, and switch off those that should not. Returns how many there are."""
    wanted: dict[str, Periodic] = {}
    now = db_now()
    for job in registry().values():
        scopes = [Scope("", job.every_seconds)] if job.scopes is None else job.scopes()
        for scope in scopes:
            name = periodic_name(job.name, scope.name)
            wanted[name] = Periodic(
                name=name,
                job=job.name,
                scope=scope.name,
                queue=job.queue,
                every_seconds=scope.every_seconds,
                next_due=now,
                enabled=True,
            )
    Periodic.objects.bulk_create(
        wanted.values(),
        update_conflicts=True,
        unique_fields=["name"],
        update_fields=["job", "scope", "queue", "every_seconds", "enabled"],
    )
    Periodic.objects.exclude(name__in=wanted).filter(enabled=True).update(enabled=False)
    return len(wanted)


def run_job(name: str, *, scope: str | None = None, epoch: int | None = None) -> JobRun | None:
    """Run a job now. With an `epoch` it is the clock that calls: a slot that is done or being worked on is left alone.

    A run that did nothing leaves only its beat, no JobRun; None then. A run that a person asked for is always kept.
    Whatever the job raises is recorded on the run, and does not leave this function.
    """
    job = find_job(name)
    owner = owner_name(socket.gethostname())
    key = periodic_name(name, scope)
    fence = _take_lease(key, epoch, owner)
    if fence is None:
        return None if epoch is not None else _skipped(job, scope)
    run = JobRun(job=name, scope=scope or "", started_at=db_now())
    context = JobContext(scope=scope, owner=owner, heartbeat=lambda: _extend_lease(key, fence))
    try:
        _refuse_wrong_clock(job)
        run.counts, run.outcome = job.run(context), "ok"
    except Exception as error:  # noqa: BLE001 -- whatever a job raises is a fact about the job, kept on its run
        run.outcome, run.error = "failed", _words(error)
    except SystemExit as error:
        # The queue ends a job that takes too long in this way: kept as a failure, then the worker ends as it must.
        run.outcome, run.error = "failed", f"Ended before it was finished: {error}"
        _finish(key, fence, epoch, run)
        run.save()
        raise
    _finish(key, fence, epoch, run)
    if epoch is None or run.outcome != "ok" or any(run.counts.get(count) for count in run.counts if count != "skipped"):
        run.save()
        return run
    return None


def _take_lease(key: str, epoch: int | None, owner: str) -> int | None:
    with transaction.atomic(), database.cursor() as cursor:
        cursor.execute(
            """UPDATE core_periodic
               SET lease_until = app_now() + make_interval(secs => %(lease)s), lease_owner = %(owner)s,
                   fence = fence + 1, last_started_at = app_now()
               WHERE name = %(name)s AND (lease_until IS NULL OR lease_until < app_now())
                 AND (%(epoch)s::bigint IS NULL OR done_epoch < %(epoch)s)
               RETURNING fence""",
            {"lease": LEASE_SECONDS, "owner": owner[:80], "name": key, "epoch": epoch},
        )
        row = cursor.fetchone()
    if row is not None:
        return int(row[0])
    if epoch is None and not Periodic.objects.filter(name=key).exists():
        sync_periodics()
        if Periodic.objects.filter(name=key).exists():
            return _take_lease(key, epoch, owner)
        message = f"The job has no beat {key}: is the scope right?"
        raise UnknownJobError(message)
    return None


def _extend_lease(key: str, fence: int) -> None:
    with database.cursor() as cursor:
        cursor.execute(
            "UPDATE core_periodic SET lease_until = app_now() + make_interval(secs => %s) WHERE name = %s AND fence = %s",
            [LEASE_SECONDS, key, fence],
        )


def _refuse_wrong_clock(job: Job) -> None:
    if job.is_bulk and abs(skew := clock_skew_seconds()) > SKEW_REFUSAL:
        message = (
            f"This machine's clock differs from the database's by {skew:.0f} s: set it right, then this job goes on."
        )
        raise ClockSkewError(message)


def _finish(key: str, fence: int, epoch: int | None, run: JobRun) -> None:
    run.error = storable(run.error)
    try:
        run.finished_at = db_now()
        _release_lease(key, fence, epoch, run)
    except (OperationalError, InterfaceError):
        # The connection was cut while the job ran: on a new one the lease need not run out by itself.
        close_old_connections()
        run.finished_at = db_now()
        _release_lease(key, fence, epoch, run)


def _release_lease(key: str, fence: int, epoch: int | None, run: JobRun) -> None:
    values = {"lease_until": None, "last_counts": run.counts, "last_error": run.error[:2000]}
    if run.outcome == "ok":
        values["last_ok_at"] = run.finished_at
    if epoch is not None:
        values["done_epoch"] = epoch
    Periodic.objects.filter(name=key, fence=fence).update(**values)


def _skipped(job: Job, scope: str | None) -> JobRun:
    now = db_now()
    return JobRun.objects.create(
        job=job.name,
        scope=scope or "",
        started_at=now,
        finished_at=now,
        outcome="skipped",
        error="Another process is running this job now.",
    )


def _words(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-6000:]
