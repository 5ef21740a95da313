"""Reading over V2: orders with their lines, shipments, containers, facilities, business units."""

from sandbox.deposco.calls import Context
from sandbox.deposco.state import Json, Tenant, WmsOrder, WmsParcel, WmsShipment
from sandbox.deposco.v2.documents import (
    TRACKING_BASE,
    line_document,
    order_document,
    reference,
    shipment_changed,
    shipment_document,
    shipment_lines,
    unit_reference,
)
from sandbox.deposco.v2.listing import MANY, Listing, is_after, problem
from sandbox.wire import Response, json_response

FEW = 25
ORDERS, SHIPMENTS = "/orders/salesOrders", "/shipments/outboundShipments"
SHIPMENT_NAMES = (
    "businessUnit",
    "shipmentNumber",
    "orderNumber",
    "customerOrderNumber",
    "shipmentStatus",
    "shippedAfter",
    "createdAfter",
    "updatedAfter",
)


def orders(call: Context) -> Response:
    """GET /orders/salesOrders."""
    tenant = call.tenant
    names = ("businessUnit", "number", "orderStatus", "createdAfter", "updatedAfter")

    def fits(order: WmsOrder, wanted: dict[str, str]) -> bool:
        return (
            wanted.get("businessUnit") in (None, tenant.business_unit)
            and wanted.get("number") in (None, order.number)
            and wanted.get("orderStatus") in (None, order_document(tenant, order)["orderStatus"])
            and is_after(order.created, wanted.get("createdAfter"))
            and is_after(order.updated, wanted.get("updatedAfter"))
        )

    listing = Listing[WmsOrder](
        ORDERS, names, FEW, lambda order: order.id, fits, lambda order: order_document(tenant, order)
    )
    number = "" if call.request.one("searchId") else call.request.one("number")
    named = [tenant.orders[number]] if number in tenant.orders else []
    return listing.answer(call, named if number else tenant.orders.values())


def _order(call: Context) -> WmsOrder | None:
    return next((one for one in call.tenant.orders.values() if str(one.id) == call.parts["id"]), None)


def order(call: Context) -> Response:
    """GET /orders/salesOrders/{id}."""
    found = _order(call)
    if found is None:
        return problem(f"Order with id = [{call.parts['id']}] was not found", 404)
    return json_response(order_document(call.tenant, found))


def order_status(call: Context) -> Response:
    """GET /orders/salesOrders/{id}/status."""
    found = _order(call)
    if found is None:
        return problem(f"Order with id = [{call.parts['id']}] was not found", 404)
    return json_response({"orderStatus": order_document(call.tenant, found)["orderStatus"]})


def order_lines(call: Context) -> Response:
    """GET /orders/salesOrders/{id}/orderLines."""
    found = _order(call)
    if found is None:
        return problem(f"Order with id = [{call.parts['id']}] was not found", 404)
    rows = [line_document(call.tenant, found, at) for at in range(len(found.lines))]
    listing = Listing[Json](
        f"{ORDERS}/{found.id}/orderLines",
        ("lineNumber",),
        FEW,
        lambda row: int(row["self"]["id"]),
        lambda row, wanted: wanted.get("lineNumber") in (None, row["lineNumber"]),
        lambda row: row,
    )
    return listing.answer(call, rows)


def shipments(call: Context) -> Response:
    """GET /shipments/outboundShipments."""
    tenant, now = call.tenant, call.now

    def fits(row: WmsShipment, wanted: dict[str, str]) -> bool:
        customers = {one.document.get("customerOrderNumber") for one in row.orders}
        return (
            wanted.get("businessUnit") in (None, tenant.business_unit)
            and wanted.get("shipmentNumber") in (None, row.number)
            and wanted.get("shipmentStatus") in (None, row.status)
            and ("orderNumber" not in wanted or wanted["orderNumber"] in {one.number for one in row.orders})
            and ("customerOrderNumber" not in wanted or wanted["customerOrderNumber"] in customers)
            and is_after(row.shipped_at, wanted.get("shippedAfter"))
            and is_after(row.shipped_at, wanted.get("createdAfter"))
            and is_after(shipment_changed(row, now), wanted.get("updatedAfter"))
        )

    listing = Listing[WmsShipment](
        SHIPMENTS,
        SHIPMENT_NAMES,
        MANY,
        lambda row: int(row.number),
        fits,
        lambda row: shipment_document(tenant, row, now),
    )
    return listing.answer(call, tenant.shipments.values())


def shipment(call: Context) -> Response:
    """GET /shipments/outboundShipments/{id}."""
    row = call.tenant.shipments.get(call.parts["id"])
    if row is None:
        return problem(f"Shipment with id = [{call.parts['id']}] was not found", 404)
    return json_response(shipment_document(call.tenant, row, call.now))


def lines_of_shipment(call: Context) -> Response:
    """GET /shipments/outboundShipments/{id}/shipmentLines."""
    row = call.tenant.shipments.get(call.parts["id"])
    if row is None:
        return problem(f"Shipment with id = [{call.parts['id']}] was not found", 404)
    listing = Listing[Json](
        f"{SHIPMENTS}/{row.number}/shipmentLines",
        ("shipmentLineNumber",),
        FEW,
        lambda line: int(line["number"].rpartition("-")[2]),
        lambda line, wanted: wanted.get("shipmentLineNumber") in (None, line["number"]),
        lambda line: line,
    )
    return listing.answer(call, shipment_lines(call.tenant, row))


def containers(call: Context) -> Response:
    """GET /containers: boxes of every shipment, with their numbers, and without what is in them."""
    tenant, now = call.tenant, call.now
    pairs = [(row, parcel) for row in tenant.shipments.values() for parcel in row.parcels]

    def fits(pair: tuple[WmsShipment, WmsParcel], wanted: dict[str, str]) -> bool:
        return wanted.get("lpnNumber", wanted.get("number")) in (None, pair[1].lpn) and is_after(
            shipment_changed(pair[0], now), wanted.get("updatedAfter")
        )

    listing = Listing[tuple[WmsShipment, WmsParcel]](
        "/containers",
        ("lpnNumber", "number", "updatedAfter"),
        MANY,
        lambda pair: _container_id(pair[1]),
        fits,
        lambda pair: _container(tenant, *pair, now),
    )
    return listing.answer(call, pairs)


def _container_id(parcel: WmsParcel) -> int:
    digits = "".join(letter for letter in parcel.lpn if letter.isdecimal())
    return int(digits or 0)


def _container(tenant: Tenant, shipment: WmsShipment, parcel: WmsParcel, now: float) -> Json:
    tracking = parcel.tracking if shipment.tracking_from <= now else ""
    unit = {"lpnNumber": parcel.lpn, "businessUnit.code": tenant.business_unit}
    return {
        "self": reference("/containers", _container_id(parcel), unit),
        "businessUnit": unit_reference(tenant),
        "lpnNumber": parcel.lpn,
        "number": parcel.lpn,
        "shipment": {"id": int(shipment.number)},
        "trackingNumber": tracking or None,
        "trackingUrl": f"{TRACKING_BASE}{tracking}" if tracking else None,
        "baseTrackingLink": TRACKING_BASE if tracking else None,
        "updatedDate": tenant.local(shipment_changed(shipment, now)),
    }


def facilities(call: Context) -> Response:
    """GET /facilities."""
    tenant = call.tenant
    numbered = list(enumerate(tenant.facilities.items(), start=1))
    listing = Listing[tuple[int, tuple[str, str]]](
        "/facilities",
        ("number", "name"),
        MANY,
        lambda row: row[0],
        lambda row, wanted: wanted.get("number") in (None, row[1][0]) and wanted.get("name") in (None, row[1][1]),
        lambda row: {
            "self": reference("/facilities", row[0], {"number": row[1][0]}),
            "businessUnit": unit_reference(tenant),
            "number": row[1][0],
            "name": row[1][1],
            "type": "Distribution Center",
        },
    )
    return listing.answer(call, numbered)


def companies(call: Context) -> Response:
    """GET /companies: the business unit."""
    unit = call.tenant.business_unit
    listing = Listing[str](
        "/companies",
        ("code", "name"),
        MANY,
        lambda _code: 1,
        lambda code, wanted: wanted.get("code") in (None, code),
        lambda code: {"self": reference("/companies", 1, {"code": code}), "code": code, "name": code, "active": True},
    )
    return listing.answer(call, [unit])
