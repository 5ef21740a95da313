"""The warehouse's side of a dispatch, by hand."""

from decimal import Decimal
from typing import Any

from integration.models import Order
from sandbox.deposco.state import WmsOrder, WmsParcel, WmsShipment
from sandbox.mirakl.state import SandboxOrder
from tests.db.house import House


def tell(house: House) -> None:
    """Read, plan, confirm."""
    house.read()
    house.plan()
    house.confirm()


def send(house: House, order: Order, *parcels: tuple[str, str, dict[str, int]], **more: Any) -> WmsShipment:
    """Ship boxes by hand: (lpn, tracking, units per line number)."""
    there = house.tenant.orders[order.wms_number]
    now = house.world.clock.seconds()
    boxes = [WmsParcel(lpn, tracking, {k: Decimal(v) for k, v in units.items()}) for lpn, tracking, units in parcels]
    number = str(next(house.tenant.numbers))
    words: dict[str, Any] = {"ship_vendor": "DHL", "ship_via": "DHL Parcel", "tracking_from": now}
    values = words | {"facility": "LVL", "shipped_at": now, "parcels": boxes} | more
    shipment = WmsShipment(number=number, order=there, status="Shipped", **values)
    house.tenant.send(shipment)
    there.status = "Packed" if there.left() else "Complete"
    house.skip(1)
    return shipment


def line(there: WmsOrder, position: int = 0) -> str:
    return str(there.lines[position]["lineNumber"])


def tracked(house: House, placed: SandboxOrder) -> list[tuple[str, int]]:
    """What Mirakl knows: (number, units) per shipment."""
    return sorted(
        (str(row["tracking"].get("tracking_number")), sum(part["quantity"] for part in row["shipment_lines"]))
        for row in house.shipments(placed)
    )
