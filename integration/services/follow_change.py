"""Follows what the marketplace changed on an order: what was not sent yet is prepared anew, what was sent is held."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from integration.domain.orders import Address, address_of
from integration.models import Hold, Order, OrderLine
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds
from integration.services.settle_dispatch import settle_dispatch
from integration.services.withdraw_create import postpone_create, warehouse_may_have

# Holds whose cause lies in the order itself: another order's message may have answered them.
BEFORE_WAREHOUSE = (
    "order.invalid_data",
    "order.sku_unmapped",
    "order.item_inactive",
    "order.shipping_method_unmapped",
    "order.wms_rejected",
)
SENT_BY_OTHERS = ("confirmed", "delivered")


@dataclass(frozen=True)
class Wanted:
    """What the warehouse is to do for an order: how many of each line, where to, how."""

    quantities: Mapping[str, int]
    ship_to: Address
    shipping_type_code: str


def wanted_of(order: Order, lines: Iterable[OrderLine]) -> Wanted:
    """Read it off the rows as they are now."""
    return Wanted(
        quantities={line.line_id: line.quantity_live for line in lines},
        ship_to=address_of(order.customer.get("shipping_address")),
        shipping_type_code=order.shipping_type_code,
    )


def follow_change(*, order: Order, before: Wanted, after: Wanted, now: datetime) -> None:
    """Let an order that changed go on as it is now. Caller holds the order's lock.

    Before the warehouse knows the order it is simply prepared anew. When it does, or may, a person must stop or mend it
    there: fewer units, or another address, are held. What the buyer no longer waits for completes the order.
    """
    if order.stage in SENT_BY_OTHERS and order.in_wms_at is None:
        _close(order)
        return
    if before == after:
        return
    if not warehouse_may_have(order):
        _prepare_anew(order)
        return
    if order.shipped_at is None:
        _hold_fewer_units(order, before, after, now)
        _hold_other_address(order, before, after)
    settle_dispatch(order=order, now=now)


def _prepare_anew(order: Order) -> None:
    postpone_create(order=order)
    if order.import_prepared_at is not None:
        order.import_prepared_at = None
        order.save(update_fields=["import_prepared_at"])
    if order.is_held:
        _release(order, BEFORE_WAREHOUSE, "The marketplace changed the order")


def _hold_fewer_units(order: Order, before: Wanted, after: Wanted, now: datetime) -> None:
    fewer = {
        line_id: f"{units} -> {after.quantities.get(line_id, 0)}"
        for line_id, units in before.quantities.items()
        if after.quantities.get(line_id, 0) < units
    }
    if not fewer:
        return
    hold_record(
        order=order,
        kind="order.changed_after_release",
        cause_key=f"{order.order_id}:lines",
        summary=f"Lines of order {order.order_id} were cancelled at the marketplace, and the warehouse has them",
        lane="change",
        detail={"wms_number": order.wms_number, "lines": fewer, "seen_at": now.isoformat()},
    )


def _hold_other_address(order: Order, before: Wanted, after: Wanted) -> None:
    if before.ship_to == after.ship_to or not before.ship_to.line1:
        return
    fields = [
        name for name in Address.__dataclass_fields__ if getattr(before.ship_to, name) != getattr(after.ship_to, name)
    ]
    hold_record(
        order=order,
        kind="order.changed_after_release",
        cause_key=f"{order.order_id}:address",
        summary=f"The address of order {order.order_id} changed after the warehouse had it",
        lane="change",
        # Names of the fields only: the values are the buyer's.
        detail={"wms_number": order.wms_number, "fields": fields},
    )


def _close(order: Order) -> None:
    """Somebody shipped it in the marketplace's own pages: nothing before the warehouse waits for it any more."""
    if warehouse_may_have(order):
        if not order.parcels.exists():
            hold_record(
                order=order,
                kind="order.changed_after_release",
                cause_key=f"{order.order_id}:shipped elsewhere",
                summary=f"Order {order.order_id} was marked shipped at the marketplace while the warehouse may have it",
                lane="change",
                detail={"wms_number": order.wms_number},
            )
        return
    postpone_create(order=order, withdraw=True)
    if order.is_held:
        _release(order, BEFORE_WAREHOUSE, f"Order {order.stage} at the marketplace")
        record_event(order=order, lane="change", kind="closed", summary="Shipped at the marketplace by somebody else")


def _release(order: Order, kinds: Iterable[str], how: str) -> None:
    holds = Hold.objects.filter(order=order, released_at=None, parcel=None, kind__in=kinds)
    release_holds(hold_ids=list(holds.values_list("id", flat=True)), by=None, how=how)
    order.refresh_from_db(fields=["is_held"])
