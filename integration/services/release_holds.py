"""Releases holds, whoever or whatever answered their cause, and lets their orders flow on by themselves."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef

from core.clock import db_now
from core.models import User
from integration.models import Hold, Order, OrderEvent, Parcel


@dataclass(frozen=True)
class Released:
    """What a release freed: orders that no other hold keeps, and their worth in the orders' currency."""

    freed_orders: int
    freed_value: Decimal
    currency: str


NOTHING = Released(freed_orders=0, freed_value=Decimal(0), currency="")


def release_holds(*, hold_ids: Sequence[int], by: User | None, how: str) -> Released:
    """Release the open ones among `hold_ids`, in one transaction; orders with another open hold stay held.

    Nothing is done twice: an order goes on from the step where it was held, since the lanes pick up every row that is
    at its stage and not held.
    """
    with transaction.atomic():
        now = db_now()
        # Order rows first, then holds: the one lock order of this application.
        orders = list(
            Order.objects.select_for_update()
            .filter(id__in=Hold.objects.filter(id__in=hold_ids, released_at=None).values("order_id"))
            .order_by("id")
        )
        if not orders:
            return NOTHING
        open_holds = Hold.objects.filter(id__in=hold_ids, released_at=None)
        parcel_ids = list(open_holds.exclude(parcel=None).values_list("parcel_id", flat=True))
        held_by_order = dict(open_holds.values_list("order_id", "summary"))
        open_holds.update(released_at=now, released_by=by, released_how=how[:120])
        other = Hold.objects.filter(order=OuterRef("pk"), released_at=None)
        free_ids = set(
            Order.objects.filter(id__in=[order.id for order in orders])
            .exclude(Exists(other))
            .values_list("id", flat=True)
        )
        Order.objects.filter(id__in=free_ids).update(is_held=False)
        still = Hold.objects.filter(parcel=OuterRef("pk"), released_at=None)
        Parcel.objects.filter(id__in=parcel_ids, state="held").exclude(Exists(still)).update(state="new")
        OrderEvent.objects.bulk_create(
            OrderEvent(
                order=order,
                at=now,
                lane="watch",
                kind="released",
                stage=order.stage,
                summary=f"{how}: {held_by_order.get(order.id, '')}"[:500],
                by=by,
            )
            for order in orders
        )
        freed = [order for order in orders if order.id in free_ids]
        return Released(
            freed_orders=len(freed),
            freed_value=sum((order.total_price for order in freed), Decimal(0)),
            currency=freed[0].currency if freed else "",
        )
