"""Shipments of V1."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.deposco.calls import Context
from sandbox.deposco.rendering import mechanical
from sandbox.deposco.state import Json, Tenant, WmsShipment
from sandbox.wire import Response, json_response, text_response


def search(call: Context) -> Response:
    """GET /search/shipment: by order, by number, or by ship date without a zone; other parameters are ignored."""
    request, tenant = call.request, call.tenant
    rows = list(tenant.shipments.values())
    customer = request.one("orderHeaders.customerOrderNumber")
    if customer:
        rows = [row for row in rows if row.order.document.get("customerOrderNumber") == customer]
    if request.one("shipmentNumber"):
        rows = [row for row in rows if row.number == request.one("shipmentNumber")]
    window = request.one("actualShipDate").split(",")
    if request.one("actualShipDateOps") == "BETWEEN" and len(window) == 2:  # noqa: PLR2004 -- from and to
        zone = ZoneInfo(tenant.time_zone)
        start, end = (datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() for text in window)
        rows = [row for row in rows if start <= row.shipped_at <= end + 1]
    if not rows:
        return json_response({"shipments": {"@nil": "true"}})
    return json_response({"shipments": {"shipment": mechanical([document(tenant, row, call.now) for row in rows])}})


def get(call: Context) -> Response:
    """GET one shipment."""
    row = call.tenant.shipments.get(call.parts["number"])
    if row is None:
        return text_response("Shipment not found", 404)
    return json_response({"shipment": mechanical(document(call.tenant, row, call.now))})


def list_all(call: Context) -> Response:
    """GET every shipment of the business unit."""
    rows = [document(call.tenant, row, call.now) for row in call.tenant.shipments.values()]
    return json_response({"shipments": {"shipment": mechanical(rows)} if rows else {"@nil": "true"}})


def document(tenant: Tenant, shipment: WmsShipment, now: float) -> Json:
    """A shipment as V1 tells it: facility by name, one line per unit of serialised goods, tracking when it is there."""
    order = shipment.order
    has_tracking = shipment.tracking_from <= now
    by_line = {str(line.get("lineNumber")): line for line in order.lines}
    lines: list[Json] = []
    for parcel in shipment.parcels:
        tracking = parcel.tracking if has_tracking else None
        for line_number, quantity in parcel.quantities.items():
            line = by_line[line_number]
            serial = line.get("itemNumber") in tenant.serial_items
            for units in [Decimal(1)] * int(quantity) if serial else [quantity]:
                lines.append(
                    {
                        "lineNumber": line_number,
                        "lineStatus": "Complete",
                        "customerLineNumber": line.get("customerLineNumber"),
                        "shipmentLineNumber": f"{shipment.number}--{len(lines) + 1}",
                        "itemNumber": line.get("itemNumber"),
                        "orderPackQuantity": Decimal(str(line.get("orderPackQuantity"))),
                        "shippedPackQuantity": units,
                        "trackingNumber": tracking,
                        "pack": {"type": "Each", "quantity": "1", "dimension": None},
                        "container": {
                            "lpn": parcel.lpn,
                            "number": parcel.lpn,
                            "trackingNumber": tracking,
                            "status": shipment.status,
                        },
                    }
                )
    first = shipment.parcels[0].tracking if shipment.parcels and has_tracking else None
    return {
        "id": shipment.number,
        "businessUnit": tenant.business_unit,
        "type": "Outbound Shipment",
        "facility": tenant.facilities.get(shipment.facility, shipment.facility),
        "shipmentNumber": shipment.number,
        "shipmentStatus": shipment.status,
        "shipVia": shipment.ship_via,
        "shipVendor": shipment.ship_vendor,
        "actualShipDate": tenant.local(shipment.shipped_at),
        "notes": None,
        "orders": {
            "order": [
                {
                    "orderNumber": order.number,
                    "customerOrderNumber": order.document.get("customerOrderNumber"),
                    "orderType": "Sales Order",
                    "orderStatus": order.status,
                    "shippingStatus": 20,
                }
            ]
        },
        "lines": {"line": lines},
        "trackingNumber": first,
        "trackingUrl": f"https://carrier.example.com/track?n={first}" if first else None,
        "shippingCost": Decimal("0.0"),
        "weight": {"weight": Decimal("1.5"), "units": "LB"},
    }
