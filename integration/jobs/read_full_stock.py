"""Reads all of each warehouse's stock once a day, a piece at every beat."""

from collections.abc import Sequence

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Warehouse
from integration.queries.stock.warehouses_read import stock_scopes
from integration.services.stock.read_full_stock import read_full_stock

EVERY_SECONDS = 45


def scopes() -> Sequence[Scope]:
    """One beat per warehouse whose stock is sold."""
    return stock_scopes(EVERY_SECONDS)


def run(context: JobContext) -> Counts:
    """Read a piece of the warehouse named by the scope."""
    result = read_full_stock(warehouse=Warehouse.objects.get(code=context.scope), heartbeat=context.heartbeat)
    return {"read": result.read, "changed": result.changed, "skipped": int(bool(result.skipped))}


JOB = Job(name="stock.read_full", every_seconds=EVERY_SECONDS, run=run, queue="stock", scopes=scopes)
