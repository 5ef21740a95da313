"""Reads what the items of each warehouse are, a few at every beat."""

from collections.abc import Sequence

from core.jobs import Counts, Job, JobContext, Scope
from integration.models import Warehouse
from integration.queries.stock.warehouses_read import stock_scopes
from integration.services.stock.read_items import read_items

EVERY_SECONDS = 30


def scopes() -> Sequence[Scope]:
    """One beat per warehouse whose stock is sold."""
    return stock_scopes(EVERY_SECONDS)


def run(context: JobContext) -> Counts:
    """Read some items of the warehouse named by the scope."""
    result = read_items(warehouse=Warehouse.objects.get(code=context.scope), heartbeat=context.heartbeat)
    return {"read": result.read, "kits_changed": result.kits_changed, "skipped": int(bool(result.skipped))}


JOB = Job(name="stock.read_items", every_seconds=EVERY_SECONDS, run=run, queue="stock", scopes=scopes)
