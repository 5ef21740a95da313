"""Keeps the desk equal to what is held."""

from core.jobs import Counts, Job, JobContext
from exceptions.services.refresh_cases import refresh_cases


def run(_context: JobContext) -> Counts:
    """One refresh."""
    return refresh_cases()


JOB = Job(name="watch.cases", every_seconds=3, run=run, queue="watch")
