"""Works out what each offer may show, and writes it where it is another number than before.

What was touched is worked out at once, at a cost that goes by what was touched; a whole channel when somebody asked for
it, and every hour all the same. Whoever touches an item, an acceptance above all, never waits for this.
"""

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection as database
from django.db import transaction
from django.db.models import F, Q

from core.clock import db_now
from integration.models import Channel, ChannelFacility, ChannelStock, Warehouse
from integration.services.stock.in_flight import InFlight, in_flight
from integration.services.stock.local_day import local_day
from integration.services.stock.lock_numbers import lock_numbers
from integration.services.stock.numbers_sql import Offers, numbers_sql
from integration.services.stock.rules_sql import Rules
from integration.services.stock.tell_again import tell_again
from integration.services.stock.write_sql import PRESENT_ALL, PRESENT_NAMED, WRITE

# Touches of one transaction: so many, that a burst is soon done, so few, that a number lands within the minute.
MOST_TOUCHES: Final = 10_000
FULL_EVERY: Final = timedelta(hours=1)
# A run begins nothing new after so long; the next run goes on.
RUN_SECONDS: Final = 100.0
# For a whole channel: memory to join and group a million rows in, and the time that takes on a slow day.
FULL_MEMORY: Final = "128MB"
FULL_TIMEOUT: Final = "200s"
# Taken and gone in one transaction with the numbers; rows that somebody else works on are passed over.
_TAKE: Final = """
WITH taken AS MATERIALIZED (
    SELECT id FROM integration_stocktouch WHERE warehouse_id = %s ORDER BY id LIMIT %s FOR UPDATE SKIP LOCKED
)
DELETE FROM integration_stocktouch t USING taken WHERE t.id = taken.id
RETURNING t.item_number, t.channel_id, t.offer_sku, t.is_forced
"""
# The offers that an item is in, by itself or inside of a kit of the warehouse.
_OFFERS_OF_ITEMS: Final = """
WITH touched AS (SELECT unnest(%(items)s::text[]) AS item_number),
concerned AS (
    SELECT item_number FROM touched
    UNION
    SELECT k.number FROM touched t JOIN integration_itemcomponent c ON c.component_number = t.item_number
    JOIN integration_stockitem k ON k.id = c.kit_id AND k.warehouse_id = %(warehouse)s AND k.is_order_kit
)
SELECT m.channel_id, array_agg(DISTINCT m.offer_sku)
FROM concerned c JOIN integration_skumapping m ON m.item_number = c.item_number
WHERE m.channel_id = ANY(%(channels)s::bigint[]) GROUP BY m.channel_id
"""
# Asked for again while it was worked out: then it stays asked for.
_DONE_FULLY: Final = """
UPDATE integration_channelstock SET computed_at = app_now(), fully_computed_at = %(began)s,
    recompute_asked_at = CASE WHEN recompute_asked_at IS DISTINCT FROM %(asked)s THEN recompute_asked_at END
WHERE channel_id = %(channel)s
"""


@dataclass(frozen=True)
class Computed:
    """Touches taken, channels worked out whole, rows of offers changed and made, and numbers that are to be told."""

    touches: int = 0
    channels: int = 0
    changed: int = 0
    made: int = 0
    told: int = 0

    def __add__(self, other: "Computed") -> "Computed":
        return Computed(
            self.touches + other.touches,
            self.channels + other.channels,
            self.changed + other.changed,
            self.made + other.made,
            self.told + other.told,
        )


def compute_warehouse(
    *, warehouse: Warehouse, most_touches: int = MOST_TOUCHES, heartbeat: Callable[[], None] = lambda: None
) -> Computed:
    """Work out what was touched, batch after batch, and then the channels whose turn it is, touches first in between."""
    until = time.monotonic() + RUN_SECONDS
    done = Computed()
    due = _due(warehouse)
    while time.monotonic() < until:
        batch = compute_touched(warehouse=warehouse, most=most_touches)
        done += batch
        heartbeat()
        if batch.touches >= most_touches:
            continue
        if not due:
            break
        done += compute_channel(channel=due.pop(0))
        heartbeat()
    return done


def compute_touched(*, warehouse: Warehouse, most: int = MOST_TOUCHES) -> Computed:
    """Take up to so many touches and work out the offers concerned, on every channel, in one transaction."""
    with transaction.atomic():
        with database.cursor() as cursor:
            cursor.execute(_TAKE, [warehouse.pk, most])
            touches = cursor.fetchall()
        if not touches:
            return Computed()
        channels = {channel.pk: channel for channel in _channels(warehouse)}
        skus, forced = _offers(warehouse, touches, channels)
        concerned = [channels[pk] for pk in sorted(skus)]
        silent = sorted(forced.keys() - channels.keys())
        for pk in sorted([*skus, *silent]):
            lock_numbers(Channel(pk=pk))
        done = Computed(touches=len(touches))
        flight = in_flight(warehouse_id=warehouse.pk) if concerned else InFlight([], [])
        for channel in concerned:
            done += _write(channel, flight, sorted(skus[channel.pk]), sorted(forced.get(channel.pk, ())))
        for pk in silent:
            # Its numbers are worked out when it tells stock again; that these were to be told must not be lost by then.
            tell_again(channel=Channel(pk=pk), offer_skus=forced[pk])
        # One by one in the order in which a recompute of several is asked for, so that neither waits in a circle.
        for channel in concerned:
            ChannelStock.objects.filter(channel=channel).update(computed_at=db_now())
        return done


def compute_channel(*, channel: Channel) -> Computed:
    """Work out every number of a channel, if it is asked for or its hour is over. Writes nothing where nothing changed."""
    with transaction.atomic():
        lock_numbers(channel)
        with database.cursor() as cursor:
            cursor.execute(
                "SELECT set_config('work_mem', %s, true), set_config('statement_timeout', %s, true)",
                [FULL_MEMORY, FULL_TIMEOUT],
            )
        began = db_now()
        # Another process may have done it while this one waited for the lock.
        stock, _ = ChannelStock.objects.get_or_create(channel=channel)
        if not _is_due(stock, began):
            return Computed()
        assert channel.warehouse_id is not None
        done = _write(channel, in_flight(warehouse_id=channel.warehouse_id), None, ()) + Computed(channels=1)
        with database.cursor() as cursor:
            values: dict[str, Any] = {"channel": channel.pk, "began": began, "asked": stock.recompute_asked_at}
            cursor.execute(_DONE_FULLY, values)
        return done


def number_values(channel: Channel, flight: InFlight) -> dict[str, Any]:
    """The parameters that the numbers of a channel are worked out with, whichever offers are asked for."""
    has_codes = ChannelFacility.objects.filter(
        ~Q(warehouse_code=""), channel=channel, facility__warehouse=channel.warehouse_id
    ).exists()
    zone = ChannelStock.objects.filter(channel=channel).values_list("time_zone", flat=True).first()
    return {
        "channel": channel.pk,
        "warehouse": channel.warehouse_id,
        "day": local_day(zone or "UTC", db_now()),
        "has_codes": has_codes,
        "flight_items": list(flight.items),
        "flight_units": list(flight.units),
    }


def _write(channel: Channel, flight: InFlight, skus: Sequence[str] | None, forced: Sequence[str]) -> Computed:
    """Work out these offers, or all. The caller holds the lock of the channel's numbers."""
    values = number_values(channel, flight) | {"skus": skus, "forced": list(forced)}
    offers, present = (Offers.ALL, PRESENT_ALL) if skus is None else (Offers.NAMED, PRESENT_NAMED)
    numbers = numbers_sql(offers=offers, rules=Rules.KEPT, has_codes=values["has_codes"])
    with database.cursor() as cursor:
        cursor.execute(numbers + present + WRITE, values)
        changed, made, told = cursor.fetchone()
    return Computed(changed=changed, made=made, told=told)


def _offers(
    warehouse: Warehouse, touches: Sequence[tuple[str, int | None, str, bool]], channels: Collection[int]
) -> tuple[Mapping[int, set[str]], Mapping[int, set[str]]]:
    """The offers that touches concern, by channel, and those that are told even if they stay as they are.

    The latter also of channels that tell no stock now.
    """
    skus: dict[int, set[str]] = {}
    forced: dict[int, set[str]] = {}
    items = sorted({item for item, _, _, _ in touches if item})
    if items:
        with database.cursor() as cursor:
            values: dict[str, Any] = {"items": items, "warehouse": warehouse.pk, "channels": sorted(channels)}
            cursor.execute(_OFFERS_OF_ITEMS, values)
            skus = {channel_id: set(of_items) for channel_id, of_items in cursor.fetchall()}
    for _, channel_id, offer_sku, is_forced in touches:
        if channel_id is not None and offer_sku:
            if channel_id in channels:
                skus.setdefault(channel_id, set()).add(offer_sku)
            if is_forced:
                forced.setdefault(channel_id, set()).add(offer_sku)
    return skus, forced


def _channels(warehouse: Warehouse) -> list[Channel]:
    rows = Channel.objects.filter(warehouse=warehouse, is_active=True, lanes__contains=["stock"])
    return list(rows.defer("api_key").order_by("pk"))


def _due(warehouse: Warehouse) -> list[Channel]:
    """Channels that are to be worked out whole: those never done first, then by how long ago."""
    now = db_now()
    rows = Channel.objects.filter(warehouse=warehouse, is_active=True, lanes__contains=["stock"])
    ordered = rows.select_related("stock").defer("api_key")
    found = ordered.order_by(F("stock__fully_computed_at").asc(nulls_first=True), "pk")
    return [channel for channel in found if not hasattr(channel, "stock") or _is_due(channel.stock, now)]


def _is_due(stock: ChannelStock, now: datetime) -> bool:
    return (
        stock.fully_computed_at is None
        or stock.recompute_asked_at is not None
        or stock.fully_computed_at <= now - FULL_EVERY
    )
