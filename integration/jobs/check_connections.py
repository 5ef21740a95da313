"""Tests each connection once a day, and sooner one that was never tested: carriers and features change at their end."""

from datetime import timedelta

from django.db.models import Q

from core.clock import db_now
from core.jobs import Counts, Job, JobContext
from integration.models import Channel, Warehouse
from integration.services.check_channel import check_channel
from integration.services.check_warehouse import check_warehouse
from integration.services.guard_connection import connection_allows

EVERY_SECONDS = 120
# As often as Mirakl publishes for these calls.
OLD = timedelta(days=1)


def run(context: JobContext) -> Counts:
    """Test what is due, and what has an open breaker whose time is up."""
    due = Q(tested_at=None) | Q(tested_at__lt=db_now() - OLD)
    channels = Channel.objects.filter(due, is_active=True).order_by("code")
    warehouses = Warehouse.objects.filter(due, is_active=True).order_by("code")
    tested = failed = 0
    for channel in channels:
        if connection_allows(channel.connection):
            is_ok = check_channel(channel=channel, by=None).ok
            tested, failed = tested + is_ok, failed + (not is_ok)
            context.heartbeat()
    for warehouse in warehouses:
        if connection_allows(warehouse.connection):
            is_ok = check_warehouse(warehouse=warehouse, by=None).ok
            tested, failed = tested + is_ok, failed + (not is_ok)
            context.heartbeat()
    return {"tested": tested, "failed": failed}


JOB = Job(name="connections.check", every_seconds=EVERY_SECONDS, run=run, queue="watch")
