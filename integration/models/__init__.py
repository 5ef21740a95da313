"""The rows of integration, one family per file."""

from integration.models.channel import LANES, Channel
from integration.models.feed_cursor import FeedCursor
from integration.models.hold import Hold
from integration.models.maps import CarrierMapping, ShippingMethodMapping, SkuMapping
from integration.models.order import Order, OrderLine, OrderLineItem
from integration.models.order_event import OrderEvent, OrderMessage, UnreadableRecord
from integration.models.shipment import Parcel, ParcelLine, Shipment
from integration.models.warehouse import Facility, Warehouse

__all__ = [
    "LANES",
    "CarrierMapping",
    "Channel",
    "Facility",
    "FeedCursor",
    "Hold",
    "Order",
    "OrderEvent",
    "OrderLine",
    "OrderLineItem",
    "OrderMessage",
    "Parcel",
    "ParcelLine",
    "Shipment",
    "ShippingMethodMapping",
    "SkuMapping",
    "UnreadableRecord",
    "Warehouse",
]
