"""Works out what offers may show: what was touched each second, and each minute which facilities keep their promise."""

from collections.abc import Sequence

from core.clock import db_now
from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Channel, Warehouse
from integration.services.each_channel import each_channel
from integration.services.stock.compute_numbers import compute_warehouse
from integration.services.stock.judge_facilities import judge_facilities

EVERY_SECONDS = 1.0
JUDGE_SECONDS = 60.0


def scopes() -> Sequence[Scope]:
    """One beat per warehouse, so that a long run for one delays no other."""
    codes = Warehouse.objects.filter(is_active=True).order_by("code").values_list("code", flat=True)
    return [Scope(name=code, every_seconds=EVERY_SECONDS) for code in codes]


def run(context: JobContext) -> Counts:
    """Work out what was touched in the warehouse named by the scope, and the channels whose turn it is."""
    warehouse = Warehouse.objects.defer("password", "client_secret").get(code=context.scope)
    done = compute_warehouse(warehouse=warehouse, heartbeat=context.heartbeat)
    return {
        "touches": done.touches,
        "channels": done.channels,
        "changed": done.changed,
        "made": done.made,
        "told": done.told,
    }


def judge(_context: JobContext) -> Counts:
    """Judge the facilities of every channel that tells stock."""

    def work(channel: Channel) -> Counts:
        done = judge_facilities(channel=channel, now=db_now())
        return {"flipped": done.flipped, "days": int(done.is_new_day)}

    return each_channel("stock", work)


JOBS = (
    Job(name="stock.compute", every_seconds=EVERY_SECONDS, run=run, queue="stock", scopes=scopes),
    Job(name="stock.judge", every_seconds=JUDGE_SECONDS, run=judge, queue="stock"),
)
