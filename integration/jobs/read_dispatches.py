"""Reads each warehouse's shipments on its own beat."""

from collections.abc import Sequence

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Warehouse
from integration.services.read_shipments import read_shipments

EVERY_SECONDS = 5


def scopes() -> Sequence[Scope]:
    """One beat per active warehouse."""
    warehouses = Warehouse.objects.filter(is_active=True).order_by("code")
    return [Scope(name=warehouse.code, every_seconds=EVERY_SECONDS) for warehouse in warehouses]


def run(context: JobContext) -> Counts:
    """Read the warehouse named by the scope."""
    result = read_shipments(warehouse=Warehouse.objects.get(code=context.scope), heartbeat=context.heartbeat)
    return {
        "read": result.read,
        "parcels": result.parcels,
        "followed_up": result.followed_up,
        "unreadable": result.unreadable,
        "skipped": int(bool(result.skipped)),
    }


JOB = Job(name="dispatch.read", every_seconds=EVERY_SECONDS, run=run, queue="dispatch", scopes=scopes)
