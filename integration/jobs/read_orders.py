"""Reads each shop's orders on its own beat, so that a slow shop delays no other."""

from collections.abc import Sequence

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Channel
from integration.services.poll_orders import poll_orders
from integration.services.prompt_reading import hasten

NAME = "acceptance.read"


def scopes() -> Sequence[Scope]:
    """One beat per active channel, in its own period."""
    channels = Channel.objects.filter(is_active=True).order_by("code")
    return [Scope(name=channel.code, every_seconds=channel.reading_period) for channel in channels]


def run(context: JobContext) -> Counts:
    """Poll the channel named by the scope."""
    result = poll_orders(channel=Channel.objects.get(code=context.scope), heartbeat=context.heartbeat)
    if result.has_more:
        hasten(f"{NAME}:{context.scope}")
    return {
        "read": result.read,
        "new": result.new,
        "changed": result.changed,
        "unreadable": result.unreadable,
        "skipped": int(bool(result.skipped)),
    }


JOB = Job(name=NAME, every_seconds=60, run=run, queue="orders", scopes=scopes)
