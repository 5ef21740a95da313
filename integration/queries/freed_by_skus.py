"""What mapping several SKUs at once would free, as a file of them does."""

from collections.abc import Collection, Sequence
from decimal import Decimal

from django.db.models import Count, Exists, Min, OuterRef, Q, Sum

from core.clock import db_now
from integration.models import Channel, Hold, Order
from integration.queries.blast_radius import BlastRadius


def freed_by_skus(*, channel: Channel, kinds: Sequence[str], offer_skus: Collection[str]) -> BlastRadius:
    """Orders that wait for these SKUs (holds of `kinds`) and for nothing else, each counted once."""
    cause = Q(kind__in=kinds, cause_key__in={sku[:250] for sku in offer_skus}, released_at=None)
    waiting = Order.objects.filter(channel=channel, id__in=Hold.objects.filter(cause).values("order_id"))
    other = Hold.objects.filter(order=OuterRef("pk"), released_at=None).exclude(cause)
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
