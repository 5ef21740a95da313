"""Prepares fulfilment-ready orders for the warehouse."""

from core.jobs import Counts, Job, JobContext
from integration.models import Channel
from integration.services.each_channel import each_channel
from integration.services.prepare_imports import BATCH, prepare_imports

BATCHES = 5


def run(context: JobContext) -> Counts:
    """Each channel with its import lane on, until it has nothing ready; a few batches a run, so that none waits long."""

    def work(channel: Channel) -> Counts:
        prepared = held = 0
        for _ in range(BATCHES):
            result = prepare_imports(channel=channel)
            prepared, held = prepared + result.prepared, held + result.held
            context.heartbeat()
            if result.prepared + result.held < BATCH:
                break
        return {"prepared": prepared, "held": held}

    return each_channel("import", work)


JOB = Job(name="import.prepare", every_seconds=2, run=run, queue="import")
