"""The outward writes, one per file: how each is sent, read back, and recorded."""

from integration.services.effects.accept_order import AcceptOrder
from integration.services.effects.confirm_order import ConfirmOrder
from integration.services.effects.confirm_parcel import ConfirmParcel
from integration.services.effects.create_order import CreateOrder
from integration.services.effects.push_stock import PushStock
from integration.services.effects.ship_shipment import ShipShipment

HANDLERS = (AcceptOrder(), CreateOrder(), ConfirmParcel(), ConfirmOrder(), ShipShipment(), PushStock())

__all__ = ["HANDLERS", "AcceptOrder", "ConfirmOrder", "ConfirmParcel", "CreateOrder", "PushStock", "ShipShipment"]
