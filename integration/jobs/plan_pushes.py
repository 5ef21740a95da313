"""Plans each shop's next file of numbers, on its own beat, so that a long plan delays no other shop."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Channel, StockPush
from integration.models.stock_push import OPEN_PUSH
from integration.services.stock.plan_push import plan_push

EVERY_SECONDS = 2.0


def stock_scopes(every_seconds: float) -> Sequence[Scope]:
    """One beat per channel that tells stock, or still has a file under way."""
    open_push = StockPush.objects.filter(channel=OuterRef("pk"), state__in=OPEN_PUSH)
    channels = Channel.objects.filter(Q(is_active=True, lanes__contains=["stock"]) | Q(Exists(open_push)))
    return [
        Scope(name=code, every_seconds=every_seconds)
        for code in channels.order_by("code").values_list("code", flat=True)
    ]


def run(context: JobContext) -> Counts:
    """Plan for the channel named by the scope."""
    planned = plan_push(channel=Channel.objects.get(code=context.scope))
    return {"lines": planned.lines, "withdrawn": int(planned.withdrawn), "skipped": int(bool(planned.skipped))}


JOB = Job(
    name="stock.plan", every_seconds=EVERY_SECONDS, run=run, queue="stock", scopes=lambda: stock_scopes(EVERY_SECONDS)
)
