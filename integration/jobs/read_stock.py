"""Reads what moved in each warehouse, and the items that were asked for, on the warehouse's own beat."""

from collections.abc import Sequence

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Warehouse
from integration.queries.stock.warehouses_read import stock_scopes
from integration.services.stock.read_stock import read_stock

# Single items at every beat, what moved once a minute.
EVERY_SECONDS = 10


def scopes() -> Sequence[Scope]:
    """One beat per warehouse whose stock is sold."""
    return stock_scopes(EVERY_SECONDS)


def run(context: JobContext) -> Counts:
    """Read the warehouse named by the scope."""
    result = read_stock(warehouse=Warehouse.objects.get(code=context.scope), heartbeat=context.heartbeat)
    return {
        "read": result.read,
        "changed": result.changed,
        "rechecked": result.rechecked,
        "skipped": int(bool(result.skipped)),
    }


JOB = Job(name="stock.read", every_seconds=EVERY_SECONDS, run=run, queue="stock", scopes=scopes)
