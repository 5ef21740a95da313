"""Turns parcels that left into confirmations for Mirakl: carrier mapped, tracking there, one effect each, or a hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from core.clock import db_now
from core.effects import NewEffect, ensure_effects, rearm
from core.models import Effect
from integration.domain.carriers import Carrier, match_carrier
from integration.models import CarrierMapping, Channel, Order, Parcel
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event

PARCEL_KIND = "mirakl.confirm_parcel"
ORDER_KIND = "mirakl.confirm_order"
PRIORITY = 10
BATCH = 300
TRACKING_GRACE = timedelta(minutes=15)


@dataclass(frozen=True)
class Planned:
    """What one batch became. `waiting` parcels have no tracking number yet, or their order is not complete."""

    planned: int = 0
    waiting: int = 0
    held: int = 0


def plan_confirmations(*, channel: Channel, limit: int = BATCH) -> Planned:
    """Plan every parcel of the channel that is new, or that has waited for its number beyond its grace.

    With multi-shipment each parcel is confirmed by itself (ST01). Without it the order is confirmed once (OR23 then
    OR24), when all that was accepted has left. A carrier is the mapped one, or the operator's carrier of equal code or
    label; nothing else is guessed.
    """
    if not channel.has_lane("dispatch"):
        return Planned()
    with transaction.atomic():
        now = db_now()
        orders = _lock_orders(channel, now, limit)
        parcels = list(
            Parcel.objects.select_related("shipment")
            .prefetch_related("lines__line")
            .filter(order__in=orders, state__in=("new", "waiting"))
            .order_by("first_seen_at", "id")
        )
        carriers = _carriers(channel)
        ready: list[Parcel] = []
        waiting = held = 0
        for parcel in parcels:
            parcel.order = orders_by_id(orders)[parcel.order_id]
            verdict = _judge(channel, parcel, carriers, now)
            ready += [parcel] if verdict == "ready" else []
            waiting += verdict == "waiting"
            held += verdict == "held"
        if channel.multi_shipment:
            effects = [_parcel_effect(channel, parcel) for parcel in ready]
        else:
            effects, left_over = _order_effects(channel, ready)
            waiting += left_over
        _write(effects)
        sending = [pk for effect in effects for pk in effect.payload["parcels"]]
        Parcel.objects.filter(id__in=sending).update(state="sending")
    return Planned(planned=len(effects), waiting=waiting, held=held)


def orders_by_id(orders: Sequence[Order]) -> Mapping[int, Order]:
    """The orders by primary key."""
    return {order.id: order for order in orders}


def _lock_orders(channel: Channel, now: datetime, limit: int) -> list[Order]:
    due = Parcel.objects.filter(order__channel=channel, state="new") | Parcel.objects.filter(
        order__channel=channel, state="waiting", first_seen_at__lt=now - TRACKING_GRACE
    ).exclude(holds__released_at=None, holds__kind="shipment.tracking_missing")
    ids = list(due.order_by("first_seen_at", "id").values_list("order_id", flat=True)[:limit])
    return list(Order.objects.select_for_update(skip_locked=True).filter(id__in=ids).order_by("id"))


def _carriers(channel: Channel) -> tuple[dict[str, Carrier], list[Carrier]]:
    mapped = {
        row.wms_carrier: Carrier(code=row.carrier_code, label=row.carrier_name, tracking_url=row.tracking_url)
        for row in CarrierMapping.objects.filter(channel=channel)
    }
    known = [
        Carrier(
            code=str(carrier.get("code") or ""),
            label=str(carrier.get("label") or ""),
            standard_code=str(carrier.get("standard_code") or ""),
            tracking_url=str(carrier.get("tracking_url") or ""),
        )
        for carrier in channel.found.get("carriers", [])
    ]
    return mapped, known


def _judge(channel: Channel, parcel: Parcel, carriers: tuple[dict[str, Carrier], list[Carrier]], now: datetime) -> str:
    if not any(line.quantity for line in parcel.lines.all()):
        parcel.state, parcel.confirmed_at = "confirmed", now
        parcel.save(update_fields=["state", "confirmed_at"])
        record_event(
            order=parcel.order,
            lane="dispatch",
            kind="parcel.nothing_to_confirm",
            summary=f"Parcel {parcel.key} completes no unit that Mirakl sold: nothing to confirm",
        )
        return "nothing"
    if not parcel.tracking_number:
        return _wait_for_tracking(parcel, now)
    mapped, known = carriers
    carrier = mapped.get(parcel.wms_carrier) or match_carrier(parcel.wms_carrier, known)
    if carrier is None:
        hold_record(
            order=parcel.order,
            parcel=parcel,
            kind="shipment.carrier_unmapped",
            cause_key=parcel.wms_carrier,
            summary=f"Carrier {parcel.wms_carrier or '(none)'} is unknown to {channel.name}",
            lane="dispatch",
            detail={"wms_carrier": parcel.wms_carrier, "tracking": parcel.tracking_number},
        )
        parcel.state = "held"
        parcel.save(update_fields=["state"])
        return "held"
    parcel.carrier_code, parcel.carrier_name = carrier.code, "" if carrier.code else carrier.label
    parcel.tracking_url = parcel.tracking_url or carrier.tracking_url
    parcel.save(update_fields=["carrier_code", "carrier_name", "tracking_url"])
    return "ready"


def _wait_for_tracking(parcel: Parcel, now: datetime) -> str:
    if now - parcel.first_seen_at < TRACKING_GRACE:
        parcel.state = "waiting"
        parcel.save(update_fields=["state"])
        return "waiting"
    hold_record(
        order=parcel.order,
        parcel=parcel,
        kind="shipment.tracking_missing",
        cause_key=f"{parcel.shipment.number}:{parcel.key}",
        summary=f"Order {parcel.order.order_id} left without a tracking number",
        lane="dispatch",
        detail={"shipment": parcel.shipment.number, "parcel": parcel.key},
    )
    parcel.state = "waiting"
    parcel.save(update_fields=["state"])
    return "held"


def _parcel_effect(channel: Channel, parcel: Parcel) -> NewEffect:
    return NewEffect(
        kind=PARCEL_KIND,
        connection=channel.connection,
        business_key=f"{parcel.order.order_id}:{parcel.shipment.number}:{parcel.key}",
        subject_id=parcel.order_id,
        priority=PRIORITY,
        deadline_at=parcel.order.shipping_deadline_at,
        payload={"order_id": parcel.order.order_id, "parcels": [parcel.id], **_parcel_facts(parcel)},
    )


def _parcel_facts(parcel: Parcel) -> dict[str, Any]:
    return {
        "tracking": {
            "carrier_code": parcel.carrier_code,
            "carrier_name": parcel.carrier_name,
            "tracking_number": parcel.tracking_number,
            "tracking_url": parcel.tracking_url,
        },
        "package_reference": parcel.key,
        "lines": [
            {"order_line_id": line.line.line_id, "quantity": line.quantity}
            for line in sorted(parcel.lines.all(), key=lambda line: line.line.position)
            if line.quantity
        ],
    }


def _order_effects(channel: Channel, ready: Sequence[Parcel]) -> tuple[list[NewEffect], int]:
    """One effect per order whose accepted units have all left; the parcels of the others wait for the rest."""
    by_order: dict[int, list[Parcel]] = {}
    for parcel in ready:
        by_order.setdefault(parcel.order_id, []).append(parcel)
    effects: list[NewEffect] = []
    waiting = 0
    for parcels in by_order.values():
        order = parcels[0].order
        if (
            order.shipped_at is None
            or order.parcels.filter(state__in=("waiting", "held"))
            .exclude(id__in=[parcel.id for parcel in parcels])
            .exists()
        ):
            Parcel.objects.filter(id__in=[parcel.id for parcel in parcels]).update(state="waiting")
            waiting += len(parcels)
            continue
        effects.append(
            NewEffect(
                kind=ORDER_KIND,
                connection=channel.connection,
                business_key=order.order_id,
                subject_id=order.id,
                priority=PRIORITY,
                deadline_at=order.shipping_deadline_at,
                payload={
                    "order_id": order.order_id,
                    "parcels": [parcel.id for parcel in parcels],
                    **_parcel_facts(parcels[0]),
                    "tracking_numbers": [parcel.tracking_number for parcel in parcels],
                },
            )
        )
    return effects, waiting


def _write(effects: Sequence[NewEffect]) -> None:
    """Write new effects; a parked one with the same key takes the corrected payload and is armed again."""
    keys = {(effect.kind, effect.connection, effect.business_key): effect for effect in effects}
    parked = [
        old
        for old in Effect.objects.select_for_update().filter(
            state="parked", business_key__in=[effect.business_key for effect in effects]
        )
        if (old.kind, old.connection, old.business_key) in keys
    ]
    for old in parked:
        old.payload = keys[old.kind, old.connection, old.business_key].payload
        old.save(update_fields=["payload"])
    if parked:
        rearm(effect_ids=[old.id for old in parked], by=None, note="planned again after a fix")
    ensure_effects(effects)
