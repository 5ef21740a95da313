"""Stores shipments of the warehouse, each in a transaction of its own, and says which of them were news."""

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import InterfaceError, OperationalError, transaction

from integration.deposco.parcels import aggregate_parcels
from integration.deposco.profile import Profile
from integration.deposco.schemas import Shipment as WireShipment
from integration.models import Order, Shipment, Warehouse
from integration.services.hold_shorted import hold_shorted
from integration.services.keep_unreadable import Unreadable, clear_unreadable, keep_unreadable
from integration.services.settle_dispatch import settle_dispatch
from integration.services.store_parcels import store_parcels
from integration.services.take_back_shipment import take_back_shipment

FEED = "shipments"
OVER = ("shipped", "cancelled")


@dataclass
class ShipmentsStored:
    """What a batch brought: parcels seen for the first time, shipments that are new here, records put aside."""

    parcels: int = 0
    new: list[WireShipment] = field(default_factory=list)
    unreadable: int = 0


def store_shipments(
    *,
    warehouse: Warehouse,
    profile: Profile,
    shipments: Sequence[WireShipment],
    now: datetime,
    heartbeat: Callable[[], None] = lambda: None,
) -> ShipmentsStored:
    """Upsert by (warehouse, shipment number) and (shipment, order, parcel key). What is as it was costs one statement.

    Shipments of orders that are not ours are left alone. One that cannot be stored is kept aside, and costs no other.
    """
    result = ShipmentsStored()
    digests = {wire.shipment_number: _digest(wire) for wire in shipments}
    present = Shipment.objects.filter(warehouse=warehouse, number__in=digests)
    known = dict(present.values_list("number", "payload_hash"))
    same = [number for number, digest in digests.items() if known.get(number) == digest]
    Shipment.objects.filter(warehouse=warehouse, number__in=same).update(last_read_at=now)
    ours = set(
        Order.objects.filter(
            channel__warehouse=warehouse,
            wms_number__in={number for wire in shipments for number in wire.order_numbers},
        ).values_list("wms_number", flat=True)
    )
    news = [
        wire
        for wire in shipments
        if ours.intersection(wire.order_numbers) and known.get(wire.shipment_number) != digests[wire.shipment_number]
    ]
    bad: list[Unreadable] = []
    for wire in news:
        try:
            result.parcels += _store_one(warehouse, profile, wire, digests[wire.shipment_number], now)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- whatever one shipment raises must not cost the others
            bad.append(Unreadable(wire.shipment_number, wire.raw, f"{type(error).__name__}: {error}"[:1000]))
        else:
            heartbeat()
            result.new += [wire] if wire.shipment_number not in known else []
    result.unreadable = keep_unreadable(connection=warehouse.connection, feed=FEED, records=bad)
    failed = {row.external_id for row in bad}
    good = [wire.shipment_number for wire in news if wire.shipment_number not in failed]
    clear_unreadable(connection=warehouse.connection, feed=FEED, external_ids=good)
    told = _finished(profile, [wire for wire in news if wire.shipment_number in good])
    hold_shorted(warehouse=warehouse, finished=told)
    return result


def _store_one(warehouse: Warehouse, profile: Profile, wire: WireShipment, digest: str, now: datetime) -> int:
    if not wire.shipment_number:
        message = "The shipment has no number"
        raise ValueError(message)
    told = aggregate_parcels(wire, profile)
    numbers = {line.order_number for parcel in told.parcels for line in parcel.lines} | set(wire.order_numbers)
    with transaction.atomic():
        orders = {
            order.wms_number: order
            for order in Order.objects.select_for_update(of=("self",))
            .select_related("channel")
            .filter(wms_number__in=numbers, channel__warehouse=warehouse)
            .order_by("id")
        }
        values = {
            "status": wire.shipment_status,
            "facility": wire.facility or "",
            "shipped_at": wire.actual_ship_date,
            "last_read_at": now,
            "payload_hash": digest,
        }
        shipment, _ = Shipment.objects.update_or_create(
            warehouse=warehouse,
            number=wire.shipment_number,
            defaults=values,
            create_defaults={**values, "first_seen_at": now},
        )
        if told.is_retraction:
            take_back_shipment(shipment=shipment, orders=list(orders.values()), now=now)
            return 0
        if not told.has_left:
            return 0
        if shipment.rolled_back_at is not None:
            shipment.rolled_back_at = None
            shipment.save(update_fields=["rolled_back_at"])
        new = 0
        for order in orders.values():
            new += store_parcels(shipment=shipment, order=order, parcels=told.parcels, now=now)
            settle_dispatch(order=order, now=now)
        return new


def _finished(profile: Profile, shipments: Iterable[WireShipment]) -> list[str]:
    """Orders that the shipments call over."""
    return [
        number
        for wire in shipments
        for number, status in wire.order_statuses.items()
        if profile.status_map.get(status) in OVER
    ]


def _digest(wire: WireShipment) -> str:
    return hashlib.sha256(json.dumps(wire.raw, sort_keys=True, default=str).encode("utf-8", "replace")).hexdigest()
