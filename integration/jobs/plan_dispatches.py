"""Plans the confirmations of parcels that left."""

from core.jobs import Counts, Job, JobContext
from integration.models import Channel
from integration.services.each_channel import each_channel
from integration.services.plan_confirmations import plan_confirmations


def run(context: JobContext) -> Counts:
    """Each channel with its dispatch lane on."""

    def work(channel: Channel) -> Counts:
        result = plan_confirmations(channel=channel)
        context.heartbeat()
        return {"planned": result.planned, "waiting": result.waiting, "held": result.held}

    return each_channel("dispatch", work)


JOB = Job(name="dispatch.plan", every_seconds=2, run=run, queue="dispatch")
