"""Reading orders over V1: one, a search, and their statuses."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.deposco.calls import Context, collection
from sandbox.deposco.rendering import EMPTY
from sandbox.deposco.state import Json, Tenant, WmsOrder, WmsShipment, quantity
from sandbox.wire import Response, text_response

LARGEST = 100
SHIPPED_STATUS = 20


def search(call: Context) -> Response:
    """GET /search/Order: a field that the tenant does not have in its search is refused, not ignored."""
    unknown = [name for name, _ in call.request.query if name not in call.tenant.search_fields]
    if unknown:
        return text_response(f"[{', '.join(unknown)}] are not found or configured for entity [Order]", 400)
    wanted = {name: value for name, value in call.request.query if value}
    named = call.tenant.orders.get(wanted["number"]) if "number" in wanted else None
    pool = list(call.tenant.orders.values()) if "number" not in wanted else [named] if named else []
    rows = [row for row in (document(call.tenant, order) for order in pool) if _fits(row, wanted)]
    return collection(call, "orders", "order", "order", rows[:LARGEST])


def _fits(row: Json, wanted: dict[str, str]) -> bool:
    return all(str(row.get(name) or "") == value for name, value in wanted.items())


def document(tenant: Tenant, order: WmsOrder) -> Json:
    """An order as it is read: as it was sent, with what the warehouse made of it."""
    head: Json = {
        **order.document,
        "status": order.status,
        "shippingStatus": SHIPPED_STATUS if order.status == "Complete" else 0,
        "createdDateTime": tenant.local(order.created),
        "updatedDateTime": tenant.local(order.updated),
        "customMappings": None,
    }
    return {**head, "id": order.id, "orderLines": {"orderLine": [_line(order, line) for line in order.lines]}}


def _line(order: WmsOrder, line: Json) -> Json:
    number = str(line.get("lineNumber"))
    shipped = order.shipped.get(number, Decimal(0))
    ended = number not in order.left()
    pack = line.get("pack") or {}
    return {
        **line,
        "lineStatus": "Canceled"
        if order.status == "Canceled"
        else "Complete"
        if ended
        else line.get("lineStatus") or "New",
        "orderPackQuantity": quantity(line, "orderPackQuantity"),
        "canceledPackQuantity": quantity(line, "canceledPackQuantity"),
        "shippedPackQuantity": shipped,
        "pack": {**pack, "dimension": pack.get("dimension"), "upcs": None, "customMappings": None},
        "customMappings": None,
    }


def get(call: Context) -> Response:
    """GET /orders/{type}/{number}."""
    order = call.tenant.orders.get(call.parts["number"])
    if order is None or order.document.get("type") != call.parts["type"]:
        return text_response("Order not found", 404)
    return collection(call, "orders", "order", "order", [document(call.tenant, order)])


def status(call: Context) -> Response:
    """GET /status/order/{type}/{number}."""
    order = call.tenant.orders.get(call.parts["number"])
    if order is None:
        return text_response("Order not found", 404)
    return _statuses(call, [order])


def statuses(call: Context) -> Response:
    """GET /status/order/search: ignores the number, as observed, and answers everything."""
    return _statuses(call, list(call.tenant.orders.values()))


def statuses_between(call: Context) -> Response:
    """GET /status/order/{yyyymmdd},{yyyymmdd}: by the day of the last change, in the tenant's own time."""
    zone = ZoneInfo(call.tenant.time_zone)
    rows = [
        order
        for order in call.tenant.orders.values()
        if call.parts["start"] <= datetime.fromtimestamp(order.updated, zone).strftime("%Y%m%d") <= call.parts["end"]
    ]
    return _statuses(call, rows)


def _statuses(call: Context, orders: list[WmsOrder]) -> Response:
    rows = [_status(call.tenant, order) for order in orders[:LARGEST]]
    return collection(call, "orders", "orderstatus", "orderStatus", rows)


def _status(tenant: Tenant, order: WmsOrder) -> Json:
    shipments = [_shipment_status(tenant, order, one) for one in tenant.shipments_of(order)]
    row: Json = {"orderNumber": order.number, "orderStatus": order.status, "orderType": order.document.get("type")}
    lines = [_line_status(order, line, order.shipped) for line in order.lines]
    return {**row, "lines": {"line": lines}, "shipments": {"shipment": shipments} if shipments else EMPTY}


def _shipment_status(tenant: Tenant, order: WmsOrder, shipment: WmsShipment) -> Json:
    quantities: dict[str, Decimal] = {}
    for parcel in shipment.parcels:
        for number, units in parcel.quantities.items():
            quantities[number] = quantities.get(number, Decimal(0)) + units
    return {
        "shipmentNumber": shipment.number,
        "shipmentStatus": shipment.status,
        "shipmentCurrentStatus": shipment.status,
        "shipmentType": "Outbound Shipment",
        "carrier": shipment.ship_vendor,
        "method": shipment.ship_via,
        "actualShipDate": tenant.local(shipment.shipped_at),
        "lines": {
            "line": [
                _line_status(order, line, quantities)
                for line in order.lines
                if str(line.get("lineNumber")) in quantities
            ]
        },
    }


def _line_status(order: WmsOrder, line: Json, shipped: dict[str, Decimal]) -> Json:
    number = str(line.get("lineNumber"))
    pack = {"type": "Each", "quantity": 1, "dimension": None, "upcs": None, "customMappings": None}
    return {
        "lineNumber": number,
        "lineStatus": "Complete" if number not in order.left() else line.get("lineStatus") or "New",
        "itemNumber": line.get("itemNumber"),
        "orderPackQuantity": quantity(line, "orderPackQuantity"),
        "shippedPackQuantity": shipped.get(number, Decimal(0)),
        "pack": pack,
        "receiptLines": EMPTY,
    }
