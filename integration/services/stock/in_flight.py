"""What was sold and is not yet out of the ATP that we know: the units in flight of each item of a warehouse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import connection as database

from integration.models.order import DEAD_LINE_STATES
from integration.services.stock.touch_stock import settle_seconds

# Not longer than so far back: by then a warehouse that is read at all has shown every order that reached it.
LOOK_BACK_HOURS = 24
# Orders on their way to the warehouse, found by the index of those, and orders that reached it after the item was last
# read in some facility that tells its number: nobody knows which facility they were taken from. What an order takes is
# read off the maps as they are now, down to the components of kits.
_IN_FLIGHT = """
WITH coming AS (
    SELECT o.id, o.channel_id, NULL::timestamptz AS in_wms_at
    FROM integration_order o JOIN integration_channel c ON c.id = o.channel_id
    WHERE c.warehouse_id = %(warehouse)s AND o.in_wms_at IS NULL AND o.fulfillment_center = 'DEFAULT'
        AND o.stage IN ('received', 'accepted', 'awaiting_debit', 'ready')
    UNION ALL
    SELECT o.id, o.channel_id, o.in_wms_at
    FROM integration_order o JOIN integration_channel c ON c.id = o.channel_id
    WHERE c.warehouse_id = %(warehouse)s AND o.fulfillment_center = 'DEFAULT'
        AND o.in_wms_at > app_now() - make_interval(hours => %(hours)s)
),
sold AS (
    SELECT o.channel_id, l.offer_sku, o.in_wms_at,
        sum(GREATEST(0, COALESCE(l.quantity_accepted, l.quantity) - l.quantity_cancelled)) AS quantity
    FROM coming o JOIN integration_orderline l ON l.order_id = o.id
    WHERE l.mirakl_state <> ALL(%(dead)s::text[]) GROUP BY 1, 2, 3
),
taken AS (
    SELECT COALESCE(c.component_number, m.item_number) AS item_number, s.in_wms_at,
        s.quantity * m.units_per_offer * COALESCE(c.quantity, 1) AS units
    FROM sold s JOIN integration_skumapping m ON m.channel_id = s.channel_id AND m.offer_sku = s.offer_sku
    LEFT JOIN integration_stockitem k
        ON k.warehouse_id = %(warehouse)s AND k.number = m.item_number AND k.is_order_kit
    LEFT JOIN integration_itemcomponent c ON c.kit_id = k.id
)
SELECT t.item_number, sum(t.units) FROM taken t
WHERE t.units > 0 AND (t.in_wms_at IS NULL OR t.in_wms_at > COALESCE((
    SELECT min(v.read_at) FROM integration_stocklevel v
    WHERE v.warehouse_id = %(warehouse)s AND v.item_number = t.item_number AND v.atp IS NOT NULL
        AND v.unknown_since IS NULL
), '-infinity') - make_interval(secs => %(settle)s))
GROUP BY t.item_number
"""


@dataclass(frozen=True)
class InFlight:
    """Units by item, in two columns as a statement takes them."""

    items: Sequence[str]
    units: Sequence[Decimal]

    @property
    def by_item(self) -> Mapping[str, Decimal]:
        """The units of each item."""
        return dict(zip(self.items, self.units, strict=True))


def in_flight(*, warehouse_id: int) -> InFlight:
    """What is in flight now, over all channels of the warehouse. Its cost grows with it, not with the orders there were."""
    values: dict[str, Any] = {
        "warehouse": warehouse_id,
        "hours": LOOK_BACK_HOURS,
        "settle": settle_seconds(warehouse_id=warehouse_id),
        "dead": sorted(DEAD_LINE_STATES),
    }
    with database.cursor() as cursor:
        cursor.execute(_IN_FLIGHT, values)
        rows = cursor.fetchall()
    return InFlight([item for item, _ in rows], [units for _, units in rows])
