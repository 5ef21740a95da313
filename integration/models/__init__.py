"""The rows of integration, one family per file."""

from integration.models.channel import LANES, Channel
from integration.models.feed_cursor import FeedCursor
from integration.models.hold import Hold
from integration.models.maps import CarrierMapping, ShippingMethodMapping, SkuMapping
from integration.models.offer import ListedOffer, OfferStock, StockFinding
from integration.models.order import Order, OrderLine, OrderLineItem
from integration.models.order_event import OrderEvent, OrderMessage, UnreadableRecord
from integration.models.shipment import Parcel, ParcelLine, Shipment
from integration.models.stock_item import (
    ItemComponent,
    StockIntake,
    StockItem,
    StockLevel,
    StockReading,
    StockRecheck,
    StockTouch,
)
from integration.models.stock_push import ItemStockHour, OfferStockHour, StockMove, StockPush, StockPushLine
from integration.models.stock_rule import ChannelFacility, ChannelStock, StockRule, StockRuleChange
from integration.models.warehouse import Facility, Warehouse

__all__ = [
    "LANES",
    "CarrierMapping",
    "Channel",
    "ChannelFacility",
    "ChannelStock",
    "Facility",
    "FeedCursor",
    "Hold",
    "ItemComponent",
    "ItemStockHour",
    "ListedOffer",
    "OfferStock",
    "OfferStockHour",
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
    "StockFinding",
    "StockIntake",
    "StockItem",
    "StockLevel",
    "StockMove",
    "StockPush",
    "StockPushLine",
    "StockReading",
    "StockRecheck",
    "StockRule",
    "StockRuleChange",
    "StockTouch",
    "UnreadableRecord",
    "Warehouse",
]
