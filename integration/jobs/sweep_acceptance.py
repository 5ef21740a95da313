"""Decides what waits for acceptance and has no decision yet: the guarantee behind the decision made on arrival."""

from django.db import transaction
from django.db.models import Exists, OuterRef

from core.clock import db_now
from core.jobs import Counts, Job, JobContext
from core.models import Effect
from integration.models import Channel, Order
from integration.services.decide_acceptance import KIND, decide_acceptance
from integration.services.each_channel import each_channel

BATCH = 500


def run(_context: JobContext) -> Counts:
    """Find undecided orders of channels whose acceptance lane is on, such as after the lane was switched on."""
    return each_channel("acceptance", _sweep)


def _sweep(channel: Channel) -> Counts:
    effect = Effect.objects.filter(kind=KIND, connection=channel.connection, business_key=OuterRef("order_id"))
    with transaction.atomic():
        orders = list(
            Order.objects.select_for_update(skip_locked=True)
            # What somebody else ships is not ours to answer, and must not fill the batch.
            .filter(channel=channel, can_shop_ship=True, fulfillment_center="DEFAULT")
            .filter(stage="received", mirakl_state="WAITING_ACCEPTANCE", is_held=False)
            .exclude(Exists(effect))
            .order_by("acceptance_deadline_at", "id")[:BATCH]
        )
        return {"decided": decide_acceptance(channel=channel, orders=orders, now=db_now())}


JOB = Job(name="acceptance.sweep", every_seconds=30, run=run, queue="accept")
