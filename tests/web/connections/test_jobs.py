import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from core.jobs import sync_periodics
from core.models import AuditEntry, CanaryBeat, JobRun, Periodic
from core.queue.ticker import tick
from tests.factories.lanes import ChannelFactory
from tests.web.conftest import SignIn

pytestmark = pytest.mark.django_db
JOBS = "/jobs/"


def _beat(name: str = "import.prepare", **values: Any) -> Periodic:
    now = timezone.now()
    job, _, scope = name.partition(":")
    made = {
        "job": job,
        "scope": scope,
        "queue": "import",
        "every_seconds": 60,
        "next_due": now + timedelta(seconds=45),
        "last_ok_at": now - timedelta(seconds=15),
    }
    return Periodic.objects.create(name=name, **(made | values))


def _canary(seconds: int) -> None:
    CanaryBeat.objects.create(queue="import", beat_at=timezone.now() - timedelta(seconds=seconds))


def _text(client: Client, address: str = JOBS) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_when_all_is_well_the_page_says_so_first(sign_in: SignIn) -> None:
    _canary(7)
    _beat("acceptance.read:SHOP", last_counts={"read": 12, "new": 0, "changed": 3})

    page = _text(sign_in("Auditor"))

    assert "Every job keeps its beat" in page
    assert "import answered" in page
    assert "12 read, 3 changed" in page
    assert "SHOP" in page
    assert re.search(r"in [1-4]\d s<", page)


def test_a_beat_that_was_missed_is_marked_and_comes_first(sign_in: SignIn) -> None:
    _canary(7)
    _beat("aaa.fine")
    _beat("zzz.late", last_ok_at=timezone.now() - timedelta(minutes=4))

    page = _text(sign_in("Auditor"))

    assert "1 overdue, 0 failed" in page
    assert page.index("zzz.late") < page.index("aaa.fine")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"lease_until": timezone.now() + timedelta(days=1)}, "Running"),
        ({"last_error": "Traceback\nValueError: it broke"}, "Failed"),
        ({"last_ok_at": None, "next_due": timezone.now() - timedelta(days=1)}, "Overdue"),
        ({"last_ok_at": None}, "On time"),
    ],
)
def test_the_state_of_a_beat_is_told_in_a_word(sign_in: SignIn, values: dict[str, Any], words: str) -> None:
    _canary(7)
    _beat(**values)

    page = _text(sign_in("Auditor"))

    assert f"{words}</span>" in page


def test_the_error_of_a_failed_run_can_be_unfolded(sign_in: SignIn) -> None:
    _beat(last_error="Traceback (most recent call last)\nValueError: <it> broke")

    page = _text(sign_in("Auditor"))

    assert "<summary>ValueError: &lt;it&gt; broke</summary>" in page
    assert "Traceback (most recent call last)" in page


def test_a_queue_that_does_not_answer_is_said_first_with_what_to_do(sign_in: SignIn) -> None:
    _canary(400)
    _beat()

    page = _text(sign_in("Auditor"))

    assert "No worker answers for import" in page
    assert "manage.py workers" in page
    assert "6 min ago" in page


def test_run_now_makes_the_job_due_and_leaves_the_work_to_the_clock(sign_in: SignIn) -> None:
    beat = _beat(next_due=timezone.now() + timedelta(hours=5))

    answer = sign_in("Admin").post("/jobs/run/", {"beat": beat.name}, follow=True)
    ran = JobRun.objects.count()
    called = tick()

    beat.refresh_from_db()
    assert "import.prepare is due now" in answer.content.decode()
    assert ran == 0
    assert called == 1
    assert AuditEntry.objects.get(action="job.asked").subject_id == "import.prepare"


@pytest.mark.parametrize("enabled", [True, False])
def test_a_job_that_is_not_on_the_clock_cannot_be_asked_for(sign_in: SignIn, enabled: bool) -> None:
    if not enabled:
        _beat("off.job", enabled=False)

    answer = sign_in("Admin").post("/jobs/run/", {"beat": "off.job"}, follow=True)

    assert "There is no job off.job on the clock" in answer.content.decode()
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("role", ["Warehouse", "Ecommerce", "Finance preparer", "Auditor"])
def test_only_who_may_run_jobs_sees_and_has_the_button(sign_in: SignIn, role: str) -> None:
    client, beat = sign_in(role), _beat(next_due=timezone.now() + timedelta(hours=5))

    page = _text(client)
    answer = client.post("/jobs/run/", {"beat": beat.name})

    due = beat.next_due
    beat.refresh_from_db()
    assert "Run now" not in page
    assert answer.status_code == 403
    assert beat.next_due == due


def test_runs_are_listed_the_newest_first_and_narrowed_by_outcome(sign_in: SignIn) -> None:
    now = timezone.now()
    JobRun.objects.create(
        job="import.prepare",
        started_at=now,
        finished_at=now + timedelta(seconds=1.25),
        outcome="ok",
        counts={"held": 2},
    )
    JobRun.objects.create(
        job="watch.cases", started_at=now, finished_at=now, outcome="failed", error="Traceback\nKeyError: 'x'"
    )
    client = sign_in("Auditor")

    all_runs = _text(client)
    failed = client.get(f"{JOBS}?outcome=failed", headers={"hx-request": "true", "hx-target": "listing"})

    assert all_runs.index("KeyError") < all_runs.index("2 held")
    assert "1.25 s" in all_runs
    assert "2 held" not in failed.content.decode()
    assert "KeyError" in failed.content.decode()


def test_runs_as_csv_hold_words_and_no_marks(sign_in: SignIn) -> None:
    now = timezone.now()
    JobRun.objects.create(job="watch.cases", started_at=now, finished_at=now, outcome="ok", counts={"opened": 1})

    answer: Any = sign_in("Auditor").get(f"{JOBS}?format=csv")

    line = b"".join(answer.streaming_content).decode().splitlines()[1]
    assert line.endswith("watch.cases,,0.00 s,1 opened,Done")


def test_thirty_beats_and_runs_cost_as_many_queries_as_three(sign_in: SignIn) -> None:
    client = sign_in("Admin")

    def queries(rows: range) -> int:
        now = timezone.now()
        for number in rows:
            _beat(f"job.{number}")
            JobRun.objects.create(job="job", started_at=now, finished_at=now, outcome="ok")
            CanaryBeat.objects.create(queue=f"q{number}", beat_at=now)
        client.get(JOBS)
        with CaptureQueriesContext(connection) as captured:
            client.get(JOBS)
        return len(captured)

    few = queries(range(3))
    many = queries(range(3, 30))

    assert many == few


def test_every_registered_job_stands_on_the_page_once_it_is_on_the_clock(sign_in: SignIn) -> None:
    ChannelFactory(code="SHOP-A")
    sync_periodics()

    page = _text(sign_in("Auditor"))

    assert not [name for name in Periodic.objects.values_list("job", flat=True) if name not in page]
    assert "SHOP-A" in page
