import importlib
import re

from django.conf import settings

from config.env import PROJECT_DIR
from config.schedules import JOBS
from core.jobs import Job
from tests.architecture.tracked import tracked_files

APPS = ("core", "integration", "exceptions", "reconciliation")
MAKES_A_JOB = re.compile(r"(?m)^JOBS? = ")


def job_modules() -> dict[str, list[Job]]:
    """Every module in a folder of jobs, and every other one that makes a job, with its jobs."""
    found = {}
    for path in tracked_files(".py"):
        parts = path.relative_to(PROJECT_DIR).with_suffix("").parts
        if parts[0] not in APPS or parts[-1] == "__init__":
            continue
        if (parts[1] == "jobs" and len(parts) > 2) or MAKES_A_JOB.search(path.read_text(encoding="utf-8")):
            module = importlib.import_module(".".join(parts))
            single = [module.JOB] if hasattr(module, "JOB") else []
            found[module.__name__] = [*single, *getattr(module, "JOBS", ())]
    return found


def test_every_job_module_has_a_job_and_every_job_is_scheduled() -> None:
    modules = job_modules()

    assert [name for name, jobs in modules.items() if not jobs] == []
    assert {job.name for jobs in modules.values() for job in jobs} == {job.name for job in JOBS}


def test_every_job_has_one_name_a_beat_and_a_queue_with_workers() -> None:
    names = [job.name for job in JOBS]

    assert len(names) == len(set(names))
    assert {job.queue for job in JOBS} == set(settings.Q_CLUSTER["ALT_CLUSTERS"])
    assert [job.name for job in JOBS if job.every_seconds <= 0] == []
