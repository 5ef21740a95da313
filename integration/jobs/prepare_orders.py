"""Prepares fulfilment-ready orders for the warehouse."""

from core.jobs import Counts, Job, JobContext
from integration.models import Channel
from integration.services.prepare_imports import BATCH, prepare_imports


def run(context: JobContext) -> Counts:
    """Each channel with its import lane on, until it has nothing ready; a few batches a run, so that none waits long."""
    prepared = held = 0
    for channel in Channel.objects.filter(is_active=True, lanes__contains=["import"]).select_related("warehouse"):
        for _ in range(5):
            result = prepare_imports(channel=channel)
            prepared, held = prepared + result.prepared, held + result.held
            context.heartbeat()
            if result.prepared + result.held < BATCH:
                break
    return {"prepared": prepared, "held": held}


JOB = Job(name="import.prepare", every_seconds=2, run=run, queue="import")
