"""Every periodic job of the project on one screen, with how often it runs."""

from core.jobs import Job

JOBS: tuple[Job, ...] = ()
