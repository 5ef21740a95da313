"""Shipments of V1."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.deposco.calls import Context, collection
from sandbox.deposco.orders import SHIPPED_STATUS
from sandbox.deposco.rendering import EMPTY, as_rows, number_of
from sandbox.deposco.state import Json, Tenant, WmsOrder, WmsParcel, WmsShipment, quantity
from sandbox.wire import Response, text_response

SEARCHABLE = ("orderHeaders.customerOrderNumber", "shipmentNumber", "actualShipDateOps", "actualShipDate")
PAIR = 2


def search(call: Context) -> Response:
    """GET /search/shipment: by order, by number, or by ship date without a zone, which is the tenant's own time."""
    request, tenant = call.request, call.tenant
    unknown = [name for name, _ in request.query if name not in SEARCHABLE]
    if unknown:
        return text_response(f"[{', '.join(unknown)}] are not found or configured for entity [Shipment]", 400)
    rows = list(tenant.shipments.values())
    customer = request.one("orderHeaders.customerOrderNumber")
    if customer:
        rows = [row for row in rows if any(one.document.get("customerOrderNumber") == customer for one in row.orders)]
    if request.one("shipmentNumber"):
        rows = [row for row in rows if row.number == request.one("shipmentNumber")]
    if request.one("actualShipDate"):
        window = request.one("actualShipDate").split(",")
        if request.one("actualShipDateOps") != "BETWEEN" or len(window) != PAIR:
            return text_response("actualShipDate needs actualShipDateOps=BETWEEN and two dates", 400)
        zone = ZoneInfo(tenant.time_zone)
        try:
            start, end = (datetime.fromisoformat(text).replace(tzinfo=zone).timestamp() for text in window)
        except ValueError:
            return text_response("actualShipDate is not a date", 400)
        rows = [row for row in rows if start <= row.shipped_at < end + 1]
    return _answer(call, rows)


def get(call: Context) -> Response:
    """GET /shipments/{bu}/{number}."""
    row = call.tenant.shipments.get(call.parts["number"])
    return text_response("Shipment not found", 404) if row is None else _answer(call, [row])


def list_all(call: Context) -> Response:
    """GET /shipments/{bu}: every shipment of the business unit."""
    return _answer(call, list(call.tenant.shipments.values()))


def _answer(call: Context, rows: list[WmsShipment]) -> Response:
    documents = [document(call.tenant, row, call.now) for row in rows]
    return collection(call, "shipments", "shipment", "shipment", documents)


def document(tenant: Tenant, shipment: WmsShipment, now: float) -> Json:
    """A shipment as V1 tells it: facility by name, one line per unit of serialised goods, tracking when it is there."""
    has_tracking = shipment.tracking_from <= now
    lines = _lines(tenant, shipment, has_tracking=has_tracking)
    first = shipment.parcels[0].tracking if shipment.parcels and has_tracking else ""
    body: Json = {
        "id": shipment.number,
        "businessUnit": tenant.business_unit,
        "type": "Outbound Shipment",
        "facility": tenant.facilities.get(shipment.facility, shipment.facility),
        "shipmentNumber": shipment.number,
        "shipmentStatus": shipment.status,
        "shipVia": shipment.ship_via,
        "shipVendor": shipment.ship_vendor,
        "actualShipDate": tenant.local(shipment.shipped_at),
        "shipToAddress": shipment.order.document.get("shipToAddress") or EMPTY,
        "notes": EMPTY,
        "orders": {"order": [_order(tenant, one, lines) for one in shipment.orders]},
    }
    if not tenant.lines_under_orders:
        body["lines"] = {"line": [line for _, line in lines]}
    if first:
        body |= {"trackingNumber": first, "trackingUrl": f"https://carrier.example.com/track?n={first}"}
    return {
        **body,
        "shipmentCurrentStatus": shipment.status,
        "shippingCost": Decimal("0.0"),
        "extendedShippingCost": None,
        "weight": {"weight": Decimal("1.5"), "units": "LB"},
        "totalPackages": len(shipment.parcels),
    }


def _order(tenant: Tenant, order: WmsOrder, lines: list[tuple[WmsOrder, Json]]) -> Json:
    row = {
        "orderNumber": order.number,
        "customerOrderNumber": order.document.get("customerOrderNumber"),
        "orderType": order.document.get("type"),
        "orderStatus": order.status,
        "shippingStatus": SHIPPED_STATUS if order.status == "Complete" else 0,
        "otherReferenceNumber": order.document.get("otherReferenceNumber"),
        "orderSource": order.document.get("orderSource"),
    }
    if tenant.lines_under_orders:
        row["lines"] = {"line": [line for owner, line in lines if owner is order]}
    return {key: value for key, value in row.items() if value is not None}


def _lines(tenant: Tenant, shipment: WmsShipment, *, has_tracking: bool) -> list[tuple[WmsOrder, Json]]:
    owners = {str(line.get("lineNumber")): (order, line) for order in shipment.orders for line in order.lines}
    rows: list[tuple[WmsOrder, Json]] = []
    for parcel in shipment.parcels:
        for number, units in parcel.quantities.items():
            order, line = owners[number]
            serial = line.get("itemNumber") in tenant.serial_items
            for part in [Decimal(1)] * int(units) if serial else [units]:
                place = f"{shipment.number}--{len(rows) + 1}"
                row = _line(shipment, parcel, line, part, place, has_tracking=has_tracking)
                rows.append((order, {**row, "serialNumber": f"SN{place}"} if serial else row))
    return rows


def _line(
    shipment: WmsShipment, parcel: WmsParcel, line: Json, units: Decimal, place: str, *, has_tracking: bool
) -> Json:
    tracking = {"trackingNumber": parcel.tracking} if has_tracking and parcel.tracking else {}
    container = {"lpn": parcel.lpn, "number": parcel.lpn, **tracking, "status": shipment.status}
    row = {
        "lineNumber": line.get("lineNumber"),
        "lineStatus": "Complete",
        "customerLineNumber": line.get("customerLineNumber"),
        "shipmentLineNumber": place,
        "itemNumber": line.get("itemNumber"),
        "orderPackQuantity": quantity(line, "orderPackQuantity"),
        "shippedPackQuantity": units,
        **tracking,
        "pack": {"type": "Each", "quantity": 1, "dimension": None, "upcs": None, "customMappings": None},
        "container": {**container, "weight": {"weight": Decimal("1.5"), "units": "LB"}, "totalCharges": Decimal(0)},
    }
    return {key: value for key, value in row.items() if value is not None or key == "pack"}


def create_and_close(call: Context) -> Response:
    """PUT /shipments?createAndCloseShipmentWithPickDetails=true: how a rehearsal ships an order."""
    rows = as_rows((call.request.json() or {}).get("shipment"))
    if call.request.one("createAndCloseShipmentWithPickDetails") != "true" or not rows:
        return text_response("Bad Request", 400)
    results = [_create(call, row) for row in rows]
    return collection(call, "multistatus", "multistatus", "response", results, 207)


def _create(call: Context, row: Json) -> Json:
    head: Json = next(iter(as_rows((row.get("orders") or {}).get("order"))), {})
    order = call.tenant.orders.get(str(head.get("orderNumber")))
    if order is None:
        return {"status": "HTTP/1.1 400 Bad Request", "description": f"Order {head.get('orderNumber')} does not exist"}
    parcels: dict[str, WmsParcel] = {}
    numbers = {str(line.get("itemNumber")): str(line.get("lineNumber")) for line in order.lines}
    for line in as_rows((head.get("lines") or {}).get("line")):
        box = line.get("container") or {}
        lpn = str(box.get("lpn") or box.get("number") or f"LPN-{order.number}")
        parcel = parcels.setdefault(lpn, WmsParcel(lpn, str(box.get("trackingNumber") or ""), {}))
        units = number_of(line.get("shippedPackQuantity")) or Decimal(0)
        number = numbers.get(str(line.get("itemNumber")))
        if number is None or units > order.left().get(number, Decimal(0)):
            return {"status": "HTTP/1.1 400 Bad Request", "description": f"{line.get('itemNumber')} cannot be shipped"}
        parcel.quantities[number] = parcel.quantities.get(number, Decimal(0)) + units
    number = str(next(call.tenant.numbers))
    vendor, via = call.tenant.carriers[0]
    facility = str(row.get("facility") or call.tenant.facility_of(order))
    shipment = WmsShipment(
        number,
        order,
        "Shipped",
        facility,
        call.now,
        vendor,
        str(row.get("shipVia") or via),
        list(parcels.values()),
        call.now,
    )
    call.tenant.send(shipment)
    order.status = "Packed" if order.left() else "Complete"
    call.effective, call.subjects = True, [order.number]
    return {"status": "HTTP/1.1 201 Created", "entity": number}
