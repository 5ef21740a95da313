"""How V2 writes orders, lines and shipments down; and how an order of V2 stands in the warehouse's own books."""

from decimal import Decimal
from typing import Any

from sandbox.deposco.rendering import as_rows, number_of
from sandbox.deposco.state import Json, Tenant, WmsOrder, WmsShipment, quantity
from sandbox.deposco.v2.listing import HOST, nested

# The floor's words are those of V1.
ORDER_STATUS = {"Packed": "Pick Complete", "Complete": "Ship Complete"}
LINES_PER_ORDER = 1000
TRACKING_BASE = "https://carrier.example.com/track?n="
ADDRESS = {"line1": "addressLine1", "line2": "addressLine2", "line3": "addressLine3", "line4": "addressLine4"}
ADDRESS |= {"city": "city", "stateProvince": "stateProvinceCode", "postalCode": "postalCode", "country": "countryCode"}
# Fields that are the same word in both generations.
SAME = ("number", "customerOrderNumber", "otherReferenceNumber", "orderSource", "shipVia", "shipVendor", "placedDate")
SAME_IN_LINES = ("lineNumber", "customerLineNumber", "importReference")


def books(body: Json) -> Json:
    """An order of V2 as the document that the floor and V1 work with."""
    row: Json = {name: body[name] for name in SAME if body.get(name) is not None}
    row |= {"type": "Sales Order", "status": body.get("orderStatus") or "New"}
    row["businessUnit"] = key_of(body.get("businessUnit"), "code")
    contact, place = body.get("shipToContact") or {}, body.get("shipToAddress") or {}
    name = " ".join(filter(None, (contact.get("firstName"), contact.get("lastName"))))
    row["shipToAddress"] = {"name": name} | {v1: place.get(v2) or "" for v2, v1 in ADDRESS.items()}
    facility = key_of(body.get("shipFromFacility"), "number")
    if facility:
        row["facility"] = facility
    lines = [_line_in_books(line) for line in rows_of(body.get("orderLines"))]
    return {**row, "orderLines": {"orderLine": lines}}


def _line_in_books(line: Json) -> Json:
    row = {name: line[name] for name in SAME_IN_LINES if line.get(name) is not None}
    item = key_of(line.get("item"), "number")
    return {
        **row,
        "itemNumber": item,
        "orderPackQuantity": str(line.get("orderPackQuantity")),
        "pack": {"type": "Each"},
    }


def rows_of(collection: Any) -> list[Json]:
    """The rows of a list, whether it stands alone or inside of its envelope."""
    rows = collection.get("data") if isinstance(collection, dict) else collection
    return [row for row in as_rows(rows) if isinstance(row, dict)]


def key_of(reference: Any, name: str) -> str:
    """One part of the business key that a reference names."""
    key = reference.get("businessKey") if isinstance(reference, dict) else None
    return str(key.get(name) or "") if isinstance(key, dict) else ""


def reference(path: str, number: int, key: Json) -> Json:
    """A reference to another document."""
    return {"id": number, "businessKey": key, "href": f"{HOST}{path}/{number}"}


def item_id(tenant: Tenant, number: str) -> int:
    """Items are numbered as they came."""
    return tenant.item_id(number)


def item_reference(tenant: Tenant, number: str) -> Json | None:
    """A reference to an item; nothing when there is none of this number."""
    if number not in tenant.stock:
        return None
    return reference("/items", item_id(tenant, number), {"number": number, "businessUnit.code": tenant.business_unit})


def unit_reference(tenant: Tenant) -> Json:
    """A reference to the business unit."""
    return reference("/companies", 1, {"code": tenant.business_unit})


def order_document(tenant: Tenant, order: WmsOrder) -> Json:
    """An order as V2 reads it: what was sent over V2, else what the books say, and what became of it."""
    unit = {"number": order.number, "businessUnit.code": tenant.business_unit}
    shipments = [_shipment_reference(tenant, one) for one in tenant.shipments_of(order)]
    return {
        **(order.v2 or _from_books(order.document)),
        "self": reference("/orders/salesOrders", order.id, unit),
        "businessUnit": unit_reference(tenant),
        "number": order.number,
        "type": "Sales Order",
        "orderStatus": _status(order),
        "createdDate": tenant.local(order.created),
        "updatedDate": tenant.local(order.updated),
        "orderLines": nested([line_document(tenant, order, at) for at in range(len(order.lines))]),
        # As it was seen: the link names no order, and a page of an absurd size.
        "shipments": nested(shipments)
        | {"links": [{"rel": "next", "href": f"{HOST}/shipments/outboundShipments?pageSize={order.id}"}]},
    }


def _status(order: WmsOrder) -> str:
    if order.shipped and any(order.shipped.values()) and order.status == "Packed":
        return "Partially Shipped"
    return ORDER_STATUS.get(order.status, order.status)


def _from_books(document: Json) -> Json:
    place = document.get("shipToAddress") or {}
    first, _, last = str(place.get("name") or "").rpartition(" ")
    return {name: document[name] for name in SAME if isinstance(document.get(name), str)} | {
        "shipToContact": {"firstName": first, "lastName": last},
        "shipToAddress": {v2: str(place.get(v1) or "") for v2, v1 in ADDRESS.items()},
    }


def line_id(order: WmsOrder, position: int) -> int:
    """Lines are numbered within their order."""
    return order.id * LINES_PER_ORDER + position + 1


def line_document(tenant: Tenant, order: WmsOrder, position: int) -> Json:
    """A line of an order."""
    line = order.lines[position]
    number, item = str(line.get("lineNumber")), str(line.get("itemNumber"))
    shipped = order.shipped.get(number, Decimal(0))
    sent = rows_of(order.v2.get("orderLines"))
    own = sent[position] if position < len(sent) else {name: line[name] for name in SAME_IN_LINES if name in line}
    key = {
        "orderHeader.number": order.number,
        "lineNumber": number,
        "orderHeader.businessUnit.code": tenant.business_unit,
    }
    pack = {"item.number": item, "quantity": 1, "item.businessUnit.code": tenant.business_unit}
    ended = number not in order.left()
    return {
        **own,
        "self": reference(f"/orders/salesOrders/{order.id}/orderLines", line_id(order, position), key),
        "lineNumber": number,
        "item": item_reference(tenant, item),
        "pack": reference(f"/items/{item_id(tenant, item)}/packs", item_id(tenant, item), pack),
        "orderPackQuantity": float(quantity(line, "orderPackQuantity")),
        "canceledPackQuantity": float(quantity(line, "canceledPackQuantity")),
        "shippedPackQuantity": float(shipped),
        "orderLineStatus": "Canceled" if order.status == "Canceled" else "Complete" if ended else "New",
        "isBackOrdered": None,
    }


def _shipment_reference(tenant: Tenant, shipment: WmsShipment) -> Json:
    key = {"number": shipment.number, "businessUnit.code": tenant.business_unit}
    return reference("/shipments/outboundShipments", int(shipment.number), key)


def shipment_changed(shipment: WmsShipment, now: float) -> float:
    """When a shipment last changed: a number that came later is a change."""
    return max(shipment.updated, shipment.tracking_from) if shipment.tracking_from <= now else shipment.updated


def shipment_document(tenant: Tenant, shipment: WmsShipment, now: float) -> Json:
    """A shipment: its orders by their ids alone, its lines, and its containers, whose lines seldom name an order line."""
    has_tracking = shipment.tracking_from <= now
    first = shipment.parcels[0].tracking if shipment.parcels and has_tracking else ""
    containers = [_container(tenant, shipment, at, has_tracking=has_tracking) for at in range(len(shipment.parcels))]
    return {
        "self": _shipment_reference(tenant, shipment),
        "businessUnit": unit_reference(tenant),
        "number": shipment.number,
        "type": "Outbound Shipment",
        "status": shipment.status,
        "shipVia": shipment.ship_via,
        "shipVendor": shipment.ship_vendor,
        "shipMethod": None,
        "trackingNumber": first or None,
        "trackingUrl": TRACKING_BASE if first else None,
        "totalPackages": len(shipment.parcels),
        "shipmentDates": {"actualShipDate": tenant.local(shipment.shipped_at)},
        "shippingCosts": {"shippingCost": 0.0},
        "shipFromFacility": {"businessKey": {"number": shipment.facility}},
        "orderHeaders": nested([{"id": order.id} for order in shipment.orders]),
        "shipmentLines": nested(shipment_lines(tenant, shipment)),
        "shippedContainers": nested(containers),
        "trip": None,
        "createdDate": tenant.local(shipment.shipped_at),
        "updatedDate": tenant.local(shipment_changed(shipment, now)),
    }


def shipment_lines(tenant: Tenant, shipment: WmsShipment) -> list[Json]:
    """What left, per order line, whatever parcel it is in."""
    rows: list[Json] = []
    for order in shipment.orders:
        for position, line in enumerate(order.lines):
            number = str(line.get("lineNumber"))
            shares = [parcel.quantities[number] for parcel in shipment.parcels if number in parcel.quantities]
            if shares:
                rows.append(_shipment_line(tenant, shipment, order, position, sum(shares, Decimal(0)), len(rows) + 1))
    return rows


def _shipment_line(
    tenant: Tenant, shipment: WmsShipment, order: WmsOrder, position: int, units: Decimal, place: int
) -> Json:
    line = order.lines[position]
    item = str(line.get("itemNumber"))
    row: Json = {
        "number": f"{shipment.number}--{place}",
        "orderLine": {"id": line_id(order, position)},
        "orderLineDetails": {"customerLineNumber": line.get("customerLineNumber")},
        "item": item_reference(tenant, item),
        "orderPackQuantity": float(quantity(line, "orderPackQuantity")),
        "shippedPackQuantity": float(units),
        "externalLineNumber": None,
    }
    if item in tenant.serial_items:
        row["lineSerialNumbers"] = [{"serialNumber": f"SN{row['number']}-{at + 1}"} for at in range(int(units))]
    return row


def _container(tenant: Tenant, shipment: WmsShipment, position: int, *, has_tracking: bool) -> Json:
    parcel = shipment.parcels[position]
    items: dict[str, Decimal] = {}
    owners = {
        str(line.get("lineNumber")): str(line.get("itemNumber")) for order in shipment.orders for line in order.lines
    }
    for number, units in parcel.quantities.items():
        items[owners[number]] = items.get(owners[number], Decimal(0)) + units
    rows = [
        {"item": item_reference(tenant, item), "externalLineNumber": None, "shippedPackQuantity": float(units)}
        for item, units in items.items()
    ]
    return {
        "number": parcel.lpn,
        "lpnNumber": parcel.lpn,
        "status": shipment.status,
        "trackingNumber": parcel.tracking or None if has_tracking else None,
        "shippedContainerLines": rows,
    }


def number_in(row: Json, name: str) -> Decimal:
    """A number of a body; minus one when it is none."""
    found = number_of(row.get(name)) if not isinstance(row.get(name), bool) else None
    return Decimal(-1) if found is None else found
