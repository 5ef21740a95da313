"""Sends what is due, one kind of effect per job."""

from core.effects import run_effects
from core.jobs import Counts, Job, JobContext
from integration.services.effects import AcceptOrder, ConfirmOrder, ConfirmParcel, CreateOrder, PushStock, ShipShipment


def send_acceptances(context: JobContext) -> Counts:
    """Send the decisions on new orders."""
    return run_effects(AcceptOrder(), owner=context.owner, heartbeat=context.heartbeat, limit=512).as_dict()


def send_orders(context: JobContext) -> Counts:
    """Create orders in the warehouse."""
    return run_effects(CreateOrder(), owner=context.owner, heartbeat=context.heartbeat, limit=200).as_dict()


def send_parcels(context: JobContext) -> Counts:
    """Confirm parcels where shops have multi-shipment."""
    return run_effects(ConfirmParcel(), owner=context.owner, heartbeat=context.heartbeat, limit=400).as_dict()


def send_shipped_orders(context: JobContext) -> Counts:
    """Confirm whole orders where shops have no multi-shipment."""
    return run_effects(ConfirmOrder(), owner=context.owner, heartbeat=context.heartbeat, limit=400).as_dict()


def send_unshipped(context: JobContext) -> Counts:
    """Mark shipped what stood at Mirakl unshipped."""
    return run_effects(ShipShipment(), owner=context.owner, heartbeat=context.heartbeat, limit=100).as_dict()


def send_stock(context: JobContext) -> Counts:
    """Send the files of numbers that are planned."""
    return run_effects(PushStock(), owner=context.owner, heartbeat=context.heartbeat, limit=40).as_dict()


JOBS = (
    Job(name="acceptance.send", every_seconds=1, run=send_acceptances, queue="accept"),
    Job(name="import.send", every_seconds=2, run=send_orders, queue="import"),
    Job(name="dispatch.send_parcels", every_seconds=2, run=send_parcels, queue="dispatch"),
    Job(name="dispatch.send_orders", every_seconds=2, run=send_shipped_orders, queue="dispatch"),
    Job(name="dispatch.send_unshipped", every_seconds=15, run=send_unshipped, queue="dispatch"),
    Job(name="stock.send", every_seconds=1, run=send_stock, queue="stock"),
)
