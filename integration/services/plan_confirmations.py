"""Turns parcels that left into confirmations for Mirakl: carrier mapped, tracking there, one effect each, or a hold."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from core.clock import db_now
from core.effects import NewEffect
from integration.domain.carriers import Carrier, match_words
from integration.domain.stages import SIDE_EXITS
from integration.models import CarrierMapping, Channel, Order, Parcel
from integration.services.hold_record import hold_record
from integration.services.put_effects import put_effects
from integration.services.record_event import record_event

PARCEL_KIND = "mirakl.confirm_parcel"
ORDER_KIND = "mirakl.confirm_order"
PRIORITY = 10
BATCH = 300
TRACKING_GRACE = timedelta(minutes=15)
KEY_LENGTH = 250


@dataclass(frozen=True)
class Planned:
    """What one batch became. `waiting` parcels have no tracking number yet, or their order is not complete."""

    planned: int = 0
    waiting: int = 0
    held: int = 0


@dataclass(frozen=True)
class _Known:
    """What a batch of one channel needs to know of carriers and shipping types, read once."""

    mapped: Mapping[str, Carrier]
    listed: Sequence[Carrier]
    tracked_types: frozenset[str]


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
        orders = {order.id: order for order in _lock_orders(channel, now, limit)}
        parcels = list(
            Parcel.objects.select_related("shipment")
            .prefetch_related("lines__line")
            .filter(order__in=orders, state__in=("new", "waiting"))
            .order_by("first_seen_at", "id")
        )
        known = _read_known(channel)
        ready: list[Parcel] = []
        waiting = held = 0
        for parcel in parcels:
            parcel.order = orders[parcel.order_id]
            verdict = _judge(channel, parcel, known, now)
            ready += [parcel] if verdict == "ready" else []
            waiting += verdict == "waiting"
            held += verdict == "held"
        if channel.multi_shipment:
            effects = [_parcel_effect(channel, parcel) for parcel in ready]
        else:
            effects, left_over = _order_effects(channel, ready)
            waiting += left_over
        put_effects(effects)
        sending = [pk for effect in effects for pk in effect.payload["parcels"]]
        Parcel.objects.filter(id__in=sending).update(state="sending")
    return Planned(planned=len(effects), waiting=waiting, held=held)


def _lock_orders(channel: Channel, now: datetime, limit: int) -> list[Order]:
    """Orders with a parcel that something can be done about: what only waits for its order must not fill the batch."""
    overdue = Q(state="waiting", tracking_number="", first_seen_at__lt=now - TRACKING_GRACE)
    due = (
        Parcel.objects.filter(Q(state="new") | overdue, order__channel=channel)
        .exclude(order__stage__in=SIDE_EXITS)
        .exclude(state="waiting", holds__released_at=None, holds__kind="shipment.tracking_missing")
    )
    ids = list(due.order_by("first_seen_at", "id").values_list("order_id", flat=True)[:limit])
    return list(Order.objects.select_for_update(skip_locked=True).filter(id__in=ids).order_by("id"))


def _read_known(channel: Channel) -> _Known:
    mapped = {
        row.wms_carrier: Carrier(code=row.carrier_code, label=row.carrier_name, tracking_url=row.tracking_url)
        for row in CarrierMapping.objects.filter(channel=channel)
    }
    listed = [
        Carrier(**{name: str(carrier.get(name) or "") for name in ("code", "label", "standard_code", "tracking_url")})
        for carrier in channel.found.get("carriers", [])
    ]
    types = channel.found.get("shipping_types", [])
    tracked = frozenset(str(method.get("code")) for method in types if method.get("mandatory_tracking"))
    return _Known(mapped=mapped, listed=listed, tracked_types=tracked)


def _judge(channel: Channel, parcel: Parcel, known: _Known, now: datetime) -> str:
    if not any(line.quantity for line in parcel.lines.all()):
        return _nothing_to_confirm(parcel, now)
    carrier = match_words((parcel.wms_carrier, parcel.wms_service), known.mapped, known.listed)
    if not parcel.tracking_number:
        if now - parcel.first_seen_at < TRACKING_GRACE:
            return _put_state(parcel, "waiting")
        if carrier is None or _needs_number(carrier, parcel, known):
            return _hold_untracked(parcel)
    if carrier is None:
        return _hold_unmapped(channel, parcel)
    parcel.carrier_code, parcel.carrier_name = carrier.code, "" if carrier.code else carrier.label
    if not parcel.tracking_url and "{trackingId}" in carrier.tracking_url:
        parcel.tracking_url = carrier.tracking_url.replace("{trackingId}", parcel.tracking_number)
    parcel.save(update_fields=["carrier_code", "carrier_name", "tracking_url"])
    return "ready"


def _needs_number(carrier: Carrier, parcel: Parcel, known: _Known) -> bool:
    """Whether Mirakl would refuse the parcel without a number: by its carrier's address or by the shipping type."""
    listed = next((row for row in known.listed if row.code == carrier.code), carrier)
    has_address = "{trackingId}" in listed.tracking_url
    return has_address or parcel.order.shipping_type_code in known.tracked_types or not known.listed


def _put_state(parcel: Parcel, state: str) -> str:
    if parcel.state != state:
        parcel.state = state
        parcel.save(update_fields=["state"])
    return state


def _nothing_to_confirm(parcel: Parcel, now: datetime) -> str:
    """Part of a pack or kit that another parcel completes."""
    parcel.state, parcel.confirmed_at = "confirmed", now
    parcel.save(update_fields=["state", "confirmed_at"])
    record_event(
        order=parcel.order,
        lane="dispatch",
        kind="parcel.nothing_to_confirm",
        summary=f"Parcel {parcel.key} completes no unit that Mirakl sold: nothing to confirm",
    )
    return "nothing"


def _hold_untracked(parcel: Parcel) -> str:
    hold_record(
        order=parcel.order,
        parcel=parcel,
        kind="shipment.tracking_missing",
        cause_key=f"{parcel.shipment.number}:{parcel.key}",
        summary=f"Order {parcel.order.order_id} left without a tracking number",
        lane="dispatch",
        detail={"shipment": parcel.shipment.number, "parcel": parcel.key},
    )
    _put_state(parcel, "waiting")
    return "held"


def _hold_unmapped(channel: Channel, parcel: Parcel) -> str:
    hold_record(
        order=parcel.order,
        parcel=parcel,
        kind="shipment.carrier_unmapped",
        cause_key=parcel.wms_carrier,
        summary=f"Carrier {parcel.wms_carrier or '(none)'} is unknown to {channel.name}",
        lane="dispatch",
        detail={
            "wms_carrier": parcel.wms_carrier,
            "wms_service": parcel.wms_service,
            "tracking": parcel.tracking_number,
        },
    )
    return _put_state(parcel, "held")


def _parcel_effect(channel: Channel, parcel: Parcel) -> NewEffect:
    return NewEffect(
        kind=PARCEL_KIND,
        connection=channel.connection,
        business_key=_key(f"{parcel.order.order_id}:{parcel.shipment.number}:{parcel.key}"),
        subject_id=parcel.order_id,
        priority=PRIORITY,
        deadline_at=parcel.order.shipping_deadline_at,
        payload={"order_id": parcel.order.order_id, "parcels": [parcel.id], **_parcel_facts(parcel)},
    )


def _key(plain: str) -> str:
    """The key as it is; one that is too long ends in a mark of the whole."""
    if len(plain) <= KEY_LENGTH:
        return plain
    return f"{plain[: KEY_LENGTH - 41]}:{hashlib.sha256(plain.encode()).hexdigest()[:40]}"


def _parcel_facts(parcel: Parcel) -> dict[str, Any]:
    return {
        "tracking": {
            "carrier_code": parcel.carrier_code,
            "carrier_name": parcel.carrier_name,
            "tracking_number": parcel.tracking_number,
            "tracking_url": parcel.tracking_url,
        },
        # Unique in the order: two parcels may travel under one number with the same goods in them.
        "package_reference": f"{parcel.shipment.number}-{parcel.key}",
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
        order, ids = parcels[0].order, [parcel.id for parcel in parcels]
        others = order.parcels.filter(state__in=("new", "waiting", "held")).exclude(id__in=ids)
        if order.shipped_at is None or others.exists():
            Parcel.objects.filter(id__in=ids).update(state="waiting")
            waiting += len(parcels)
            continue
        tracked = next((parcel for parcel in parcels if parcel.tracking_number), parcels[0])
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
                    "parcels": ids,
                    **_parcel_facts(tracked),
                    "tracking_numbers": [parcel.tracking_number for parcel in parcels],
                },
            )
        )
    return effects, waiting
