"""Plans the confirmations of parcels that left."""

from core.jobs import Counts, Job, JobContext
from integration.models import Channel
from integration.services.plan_confirmations import plan_confirmations


def run(context: JobContext) -> Counts:
    """Each channel with its dispatch lane on."""
    planned = waiting = held = 0
    for channel in Channel.objects.filter(is_active=True, lanes__contains=["dispatch"]):
        result = plan_confirmations(channel=channel)
        planned, waiting, held = planned + result.planned, waiting + result.waiting, held + result.held
        context.heartbeat()
    return {"planned": planned, "waiting": waiting, "held": held}


JOB = Job(name="dispatch.plan", every_seconds=2, run=run, queue="dispatch")
