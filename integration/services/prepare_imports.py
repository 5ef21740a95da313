"""Makes fulfilment-ready orders into warehouse orders: validate, map, translate; an effect for each, or holds."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F

from core.clock import db_now
from core.effects import NewEffect
from integration.models import Channel, Order, OrderLine, OrderLineItem
from integration.models.order import IMPORTABLE
from integration.services.hold_record import hold_record
from integration.services.import_draft import Cause, ImportDraft, ImportMaps, import_draft, read_import_maps
from integration.services.put_effects import put_effects

KIND = "deposco.create_order"
PRIORITY = 50
BATCH = 200
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Prepared:
    """What one batch became: orders on their way to the warehouse, and orders held with a cause."""

    prepared: int
    held: int


def prepare_imports(*, channel: Channel, limit: int = BATCH) -> Prepared:
    """Take the ready orders of the channel, the earliest dispatch deadline first, and prepare each.

    An order with any problem is held with all its problems, so that a person sees them at once; nothing of it is sent.
    """
    if not channel.has_lane("import") or channel.warehouse is None:
        return Prepared(0, 0)
    with transaction.atomic():
        orders = list(
            Order.objects.select_for_update(skip_locked=True)
            .filter(IMPORTABLE, channel=channel, can_shop_ship=True, fulfillment_center="DEFAULT")
            .order_by(F("shipping_deadline_at").asc(nulls_last=True), "id")[:limit]
        )
        if not orders:
            return Prepared(0, 0)
        lines: dict[int, list[OrderLine]] = defaultdict(list)
        for line in OrderLine.objects.filter(order__in=orders).order_by("order_id", "position"):
            lines[line.order_id].append(line)
        maps = read_import_maps(channel, [line.offer_sku for rows in lines.values() for line in rows])
        drafts = [(order, _draft(channel, order, lines[order.id], maps)) for order in orders]
        ready = [(order, draft) for order, draft in drafts if draft.payload is not None]
        _keep_items(ready)
        put_effects([_effect(channel, order, draft) for order, draft in ready])
        Order.objects.filter(id__in=[order.id for order, _ in ready]).update(import_prepared_at=db_now())
        for order, draft in drafts:
            _hold(order, draft.causes)
    return Prepared(prepared=len(ready), held=len(orders) - len(ready))


def _draft(channel: Channel, order: Order, lines: Sequence[OrderLine], maps: ImportMaps) -> ImportDraft:
    """The draft; an order that breaks our own code or the profile's rules is held, and never costs its batch."""
    try:
        return import_draft(channel=channel, order=order, lines=lines, maps=maps)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:
        log.exception("import.draft_failed", order=order.order_id)
        words = f"{type(error).__name__}: {error}"[:300]
        cause = Cause(
            kind="order.invalid_data",
            key=f"{order.order_id}:profile",
            summary=f"Order {order.order_id} cannot be written as the warehouse's profile asks: {words}",
            detail={"field": "profile", "rule": "profile", "value": "", "message": words},
        )
        return ImportDraft(payload=None, items=(), causes=(cause,))


def _keep_items(ready: Sequence[tuple[Order, ImportDraft]]) -> None:
    """What each line becomes, as it is sent: shipments are read by it."""
    OrderLineItem.objects.filter(line__order__in=[order for order, _ in ready]).delete()
    OrderLineItem.objects.bulk_create(item for _, draft in ready for item in draft.items)


def _effect(channel: Channel, order: Order, draft: ImportDraft) -> NewEffect:
    assert channel.warehouse is not None
    assert draft.payload is not None
    return NewEffect(
        kind=KIND,
        connection=channel.warehouse.connection,
        business_key=order.wms_number,
        subject_id=order.id,
        priority=PRIORITY,
        deadline_at=order.shipping_deadline_at,
        payload=draft.payload,
    )


def _hold(order: Order, causes: Sequence[Cause]) -> None:
    for cause in causes:
        hold_record(
            order=order,
            line=cause.line,
            kind=cause.kind,
            cause_key=cause.key,
            summary=cause.summary,
            lane="import",
            detail=cause.detail,
        )
