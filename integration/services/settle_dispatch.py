"""Moves an order on when all of it has left, and when Mirakl knows of all that left."""

from datetime import datetime
from typing import Any

from django.db.models import Sum

from integration.models import Order
from integration.services.move_stage import move_stage
from integration.services.release_holds import release_holds

BEFORE_SHIPPED = ("ready", "in_wms", "picking")


def settle_dispatch(*, order: Order, now: datetime, effect_id: int | None = None) -> None:
    """Look at parcels and lines anew; nothing happens while something is left. Caller holds the order's lock.

    What was cancelled at the marketplace after the rest had left completes the order as a last parcel does.
    """
    if order.stage in BEFORE_SHIPPED and _has_left(order):
        move_stage(
            order=order,
            stage="shipped",
            lane="dispatch",
            summary="Everything has left the warehouse",
            now=now,
            effect_id=effect_id,
        )
        shorted = order.holds.filter(kind="order.shorted", cause_key=shorted_key(order), released_at=None)
        release_holds(hold_ids=list(shorted.values_list("id", flat=True)), by=None, how="Nothing is missing any more")
        order.refresh_from_db(fields=["is_held"])
    if order.stage != "shipped":
        return
    # Parcels of a shop without multi-shipment waited for this moment.
    order.parcels.filter(state="waiting").exclude(tracking_number="").update(state="new")
    if not order.parcels.exclude(state__in=("confirmed", "withdrawn")).exists():
        move_stage(
            order=order,
            stage="confirmed",
            lane="dispatch",
            summary="Dispatch confirmed at Mirakl",
            now=now,
            effect_id=effect_id,
        )


def shorted_key(order: Order) -> str:
    """The cause of a hold for units that the warehouse will not send."""
    return f"{order.order_id}:shorted"


def _has_left(order: Order) -> bool:
    """Whether every unit that is still wanted lies in a parcel, and at least one parcel is out."""
    sums = (
        order.parcels.exclude(state="withdrawn")
        .order_by()
        .values("lines__line_id")
        .annotate(units=Sum("lines__quantity"))
    )
    left: dict[Any, int] = {row["lines__line_id"]: row["units"] or 0 for row in sums}
    if not left:
        return False
    return all(left.get(line.id, 0) >= line.quantity_live for line in order.lines.all())
