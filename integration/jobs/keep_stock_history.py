"""Keeps the history of stock: days made ahead and dropped when they are old, hourly figures for the charts."""

from datetime import timedelta

from django.conf import settings

from core.jobs import Counts, Job, JobContext
from integration.services.stock.keep_history import keep_history


def run(context: JobContext) -> Counts:
    """One round."""
    return keep_history(
        history=timedelta(days=settings.HOLDPOINT_STOCK_HISTORY_DAYS),
        hours=timedelta(days=settings.HOLDPOINT_STOCK_HOURS_DAYS),
        heartbeat=context.heartbeat,
    )


JOB = Job(name="stock.keep_history", every_seconds=3600, run=run, queue="stock")
