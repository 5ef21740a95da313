"""Holds orders that the warehouse calls over while units of them never left: the marketplace must be told."""

from collections.abc import Iterable

from django.db import transaction

from integration.models import Order, Warehouse
from integration.services.hold_record import hold_record
from integration.services.settle_dispatch import BEFORE_SHIPPED, shorted_key


def hold_shorted(*, warehouse: Warehouse, finished: Iterable[str] = (), cancelled: Iterable[str] = ()) -> None:
    """Hold what is missing of these orders, named by their numbers in the warehouse.

    A `finished` order without any parcel is left alone: its shipment is only not read yet. Of a `cancelled` one nothing
    more will come.
    """
    given_up = set(cancelled)
    for number in sorted({*finished, *given_up}):
        with transaction.atomic():
            order = (
                Order.objects.select_for_update()
                .filter(wms_number=number, channel__warehouse=warehouse, stage__in=BEFORE_SHIPPED)
                .first()
            )
            if order is None:
                continue
            missing = _missing(order)
            if missing and (number in given_up or order.parcels.exclude(state="withdrawn").exists()):
                hold_record(
                    order=order,
                    kind="order.shorted",
                    cause_key=shorted_key(order),
                    summary=f"The warehouse finished order {order.order_id} without {sum(missing.values())} units of it: "
                    "cancel them at the marketplace",
                    lane="dispatch",
                    detail={"wms_number": number, "missing": missing},
                )


def _missing(order: Order) -> dict[str, int]:
    """Units of each line that lie in no parcel."""
    return {
        line.line_id: line.quantity_live - left
        for line in order.lines.all()
        if (left := sum(part.quantity for part in line.parcel_lines.exclude(parcel__state="withdrawn")))
        < line.quantity_live
    }
