"""What releasing some holds would free, as a mapping or a file of mappings does."""

from collections.abc import Collection
from decimal import Decimal

from django.db.models import Count, Exists, Min, OuterRef, Q, Sum

from core.clock import db_now
from integration.models import Channel, Hold, Order
from integration.queries.blast_radius import BlastRadius


def freed_by_holds(*, channel: Channel, hold_ids: Collection[int]) -> BlastRadius:
    """Orders of the channel that wait for these holds and for nothing else, each counted once; two statements."""
    waiting = Order.objects.filter(
        channel=channel, id__in=Hold.objects.filter(id__in=hold_ids, released_at=None).values("order_id")
    )
    other = Hold.objects.filter(order=OuterRef("pk"), released_at=None).exclude(id__in=hold_ids)
    free = waiting.exclude(Exists(other))
    figures = free.aggregate(
        orders=Count("id"),
        value=Sum("total_price"),
        currency=Min("currency"),
        past=Count("id", filter=Q(shipping_deadline_at__lt=db_now())),
        earliest=Min("shipping_deadline_at"),
    )
    return BlastRadius(
        orders=figures["orders"],
        value=figures["value"] or Decimal(0),
        currency=figures["currency"] or channel.currency,
        past_deadline=figures["past"],
        earliest_deadline=figures["earliest"],
        held_otherwise=waiting.count() - figures["orders"],
    )
