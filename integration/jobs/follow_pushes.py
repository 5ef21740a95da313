"""Follows the files of numbers that shops work on, and keeps what is wrong with them as findings."""

from core.jobs import Counts, Job, JobContext
from integration.jobs.plan_pushes import stock_scopes
from integration.models import Channel
from integration.services.stock.find_push_problems import find_push_problems
from integration.services.stock.follow_pushes import follow_push

FOLLOW_SECONDS, PROBLEM_SECONDS = 3.0, 30.0


def follow(context: JobContext) -> Counts:
    """Ask for the file of the channel named by the scope, if it is time."""
    followed = follow_push(channel=Channel.objects.get(code=context.scope))
    ended = followed.state in ("done", "failed", "given_up")
    return {"ended": int(ended), "skipped": int(bool(followed.skipped))}


def find_problems(context: JobContext) -> Counts:
    """Look at every channel: what stands in its rows is enough."""
    found = 0
    for channel in Channel.objects.filter(warehouse__isnull=False).order_by("code"):
        found += find_push_problems(channel=channel)
        context.heartbeat()
    return {"found": found}


JOBS = (
    Job(
        name="stock.follow",
        every_seconds=FOLLOW_SECONDS,
        run=follow,
        queue="stock",
        scopes=lambda: stock_scopes(FOLLOW_SECONDS),
    ),
    Job(name="stock.push_problems", every_seconds=PROBLEM_SECONDS, run=find_problems, queue="stock"),
)
