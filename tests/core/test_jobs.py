"""Runs of jobs: one at a time, each slot once, every failure on record."""

from collections.abc import Callable, Iterator
from unittest.mock import patch

import pytest
from django.db import connection
from django_q.exceptions import TimeoutException

from core import jobs
from core.jobs import Counts, Job, JobContext, Scope, UnknownJobError, run_job, sync_periodics
from core.models import CallLog, JobRun, Periodic
from core.upkeep import CALLS_KEPT
from core.upkeep import JOB as UPKEEP
from tests.core.conftest import DbClock

pytestmark = pytest.mark.django_db


@pytest.fixture
def install() -> Iterator[Callable[..., None]]:
    """Make these the only jobs there are."""
    with patch.object(jobs, "registry") as registry:

        def use(*made: Job) -> None:
            registry.return_value = {job.name: job for job in made}
            sync_periodics()

        yield use


def _job(run: Callable[[JobContext], Counts], **more: object) -> Job:
    return Job(name="test", every_seconds=10, run=run, queue="watch", **more)  # type: ignore[arg-type]


def test_a_slot_is_worked_on_once_however_often_it_is_called(install: Callable[..., None]) -> None:
    ran: list[str] = []

    def run(context: JobContext) -> Counts:
        ran.append(context.owner)
        return {"rows": 1}

    install(_job(run))

    first, second = run_job("test", epoch=1), run_job("test", epoch=1)

    assert first is not None
    assert first.counts == {"rows": 1}
    assert second is None
    assert len(ran) == 1


def test_a_run_under_way_keeps_others_out_until_its_lease_is_over(install: Callable[..., None], clock: DbClock) -> None:
    inner: list[JobRun | None] = []

    is_first = [True]

    def run(_context: JobContext) -> Counts:
        if is_first.pop() if is_first else False:
            inner.append(run_job("test", epoch=2))
            clock.advance(31)
            inner.append(run_job("test", epoch=2))
        return {"rows": 1}

    install(_job(run))

    run_job("test", epoch=1)

    assert inner[0] is None
    assert inner[1] is not None
    assert Periodic.objects.get().done_epoch == 2


def test_a_run_that_calls_its_heartbeat_keeps_its_lease(install: Callable[..., None], clock: DbClock) -> None:
    inner: list[JobRun | None] = []

    def run(context: JobContext) -> Counts:
        for _ in range(5):
            clock.advance(20)
            context.heartbeat()
        inner.append(run_job("test", epoch=2))
        return {}

    install(_job(run))

    run_job("test", epoch=1)

    assert inner == [None]


def test_whatever_a_job_raises_is_on_its_run_and_the_next_slot_is_free(install: Callable[..., None]) -> None:
    def run(_context: JobContext) -> Counts:
        raise ZeroDivisionError("nul \x00 in it")

    install(_job(run))

    failed = run_job("test", epoch=1)

    assert failed is not None
    assert failed.outcome == "failed"
    assert "ZeroDivisionError" in JobRun.objects.get().error
    assert Periodic.objects.get().lease_until is None
    assert Periodic.objects.get().last_ok_at is None


def test_a_job_that_the_queue_ends_is_on_record_and_gives_its_lease_back(install: Callable[..., None]) -> None:
    def run(_context: JobContext) -> Counts:
        raise TimeoutException("Task exceeded maximum timeout value")

    install(_job(run))

    with pytest.raises(TimeoutException):
        run_job("test", epoch=1)

    assert JobRun.objects.get().outcome == "failed"
    assert Periodic.objects.get().lease_until is None


def test_a_run_that_did_nothing_leaves_its_beat_and_no_record(install: Callable[..., None]) -> None:
    install(_job(lambda _context: {"rows": 0}))

    assert run_job("test", epoch=1) is None

    assert JobRun.objects.count() == 0
    assert Periodic.objects.get().last_ok_at is not None


def test_a_person_who_asks_while_it_runs_is_told_so(install: Callable[..., None]) -> None:
    inner: list[JobRun | None] = []

    def run(_context: JobContext) -> Counts:
        inner.append(run_job("test"))
        return {}

    install(_job(run))

    run_job("test")

    assert inner[0] is not None
    assert inner[0].outcome == "skipped"


def test_each_scope_has_a_beat_of_its_own_and_loses_it_when_it_goes(install: Callable[..., None]) -> None:
    scopes = [Scope("ONE", 5), Scope("TWO", 60)]
    install(_job(lambda _context: {}, scopes=lambda: scopes))
    assert dict(Periodic.objects.values_list("name", "every_seconds")) == {"test:ONE": 5, "test:TWO": 60}

    scopes.pop()
    sync_periodics()

    assert dict(Periodic.objects.values_list("name", "enabled")) == {"test:ONE": True, "test:TWO": False}


def test_an_unknown_job_or_scope_is_named_with_what_there_is(install: Callable[..., None]) -> None:
    install(_job(lambda _context: {}))

    with pytest.raises(UnknownJobError, match="There is no job nothing"):
        run_job("nothing")
    with pytest.raises(UnknownJobError, match="is the scope right"):
        run_job("test", scope="NOWHERE")


def test_bulk_work_is_refused_while_the_clocks_differ_and_other_work_goes_on(
    install: Callable[..., None], clock: DbClock
) -> None:
    install(_job(lambda _context: {"rows": 1}, is_bulk=True))
    clock.advance(15)
    refused = run_job("test")
    install(_job(lambda _context: {"rows": 1}))
    done = run_job("test")

    assert refused is not None
    assert done is not None
    assert "ClockSkewError" in refused.error
    assert done.outcome == "ok"


def test_old_calls_are_forgotten_and_new_ones_kept(install: Callable[..., None], clock: DbClock) -> None:
    from core.clock import db_now

    def call() -> CallLog:
        now = db_now()
        row: CallLog = CallLog.objects.create(
            connection="x", operation="T1", method="GET", path="/", started_at=now, elapsed_ms=1
        )
        return row

    call()
    clock.advance(CALLS_KEPT.total_seconds() + 60)
    new = call()
    install(UPKEEP)

    run = run_job(UPKEEP.name)

    assert run is not None
    assert run.counts["calls"] == 1
    assert list(CallLog.objects.values_list("id", flat=True)) == [new.id]


@pytest.mark.django_db(transaction=True)
def test_a_job_whose_connection_is_cut_gives_its_lease_back_on_a_new_one(install: Callable[..., None]) -> None:
    def run(_context: JobContext) -> Counts:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return {"rows": 1}

    install(_job(run))

    failed = run_job("test", epoch=1)

    assert failed is not None
    assert failed.outcome == "failed"
    assert Periodic.objects.get().lease_until is None
