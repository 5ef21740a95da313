"""Reads each shop's offers back and proves its numbers; looks for what is wrong with stock."""

from collections.abc import Sequence
from typing import Final

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Channel
from integration.services.stock.find_stock_problems import find_stock_problems
from integration.services.stock.read_offers import read_offers

NAME: Final = "stock.prove"
EVERY_SECONDS: Final = 10.0


def scopes() -> Sequence[Scope]:
    """One beat per active channel with its stock lane on."""
    channels = Channel.objects.filter(is_active=True, lanes__contains=["stock"]).order_by("code")
    return [Scope(name=channel.code, every_seconds=EVERY_SECONDS) for channel in channels]


def run(context: JobContext) -> Counts:
    """Do what is due for the channel named by the scope."""
    result = read_offers(channel=Channel.objects.get(code=context.scope), heartbeat=context.heartbeat)
    return {
        "read": result.read,
        "changed": result.changed,
        "gone": result.gone,
        "different": result.different,
        "unreadable": result.unreadable,
        "skipped": int(bool(result.skipped)),
    }


def find(context: JobContext) -> Counts:
    """Look at every channel and warehouse once."""
    return find_stock_problems(heartbeat=context.heartbeat)


JOB = Job(name=NAME, every_seconds=EVERY_SECONDS, run=run, queue="stock", scopes=scopes)
FIND = Job(name="stock.find_problems", every_seconds=60, run=find, queue="stock")
JOBS = (JOB, FIND)
