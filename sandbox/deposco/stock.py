"""Stock of V1: availability per facility, the full inventory, the older calls, reservations."""

from decimal import Decimal
from typing import Any

from sandbox.clock import seconds_of
from sandbox.deposco.calls import Context, collection
from sandbox.deposco.rendering import number_of
from sandbox.deposco.state import Json, Tenant
from sandbox.wire import Response, json_response, text_response

FULL_PAGE = 500


def availability(call: Context) -> Response:
    """GET enterpriseinventory availability: JSON whatever the header says; specific items come wrapped in a list.

    Measures are those asked for, as far as the tenant has them; an absent one is unknown. Read until an empty page.
    """
    tenant, wanted = call.tenant, call.request.listed("itemNumbers")
    size_text = call.request.one("pageSize")
    size, page = int(size_text) if size_text.isdecimal() and int(size_text) else 100, call.page("pageNumber")
    measures = [name for name in call.request.listed("measures") if name in tenant.measures]
    only = set(call.request.listed("facilityNumbers"))
    items = [item for item in (wanted or sorted(tenant.stock)) if item in tenant.stock]
    rows = [_availability(tenant, item, measures, only) for item in items[(page - 1) * size : page * size]]
    body: Any = {"enterpriseInventory": rows}
    answer = json_response([body] if wanted else body)
    return Response(answer.status, answer.body, (("content-type", "application/xml"),))


def _availability(tenant: Tenant, item: str, measures: list[str], only: set[str]) -> Json:
    places = [_at_facility(tenant, item, facility, measures) for facility in sorted(tenant.stock[item])]
    total, committed = sum(tenant.stock[item].values(), Decimal(0)), tenant.committed(item)
    figures = _measured(measures, total, committed)
    row: Json = {"itemId": list(tenant.stock).index(item) + 1, "itemNumber": item, **figures}
    return {**row, "facilities": [place for place in places if not only or place["facility"] in only]}


def _at_facility(tenant: Tenant, item: str, facility: str, measures: list[str]) -> Json:
    hidden = tenant.hidden_measures.get(facility, ())
    shown = [name for name in measures if name not in hidden and name != "totalAtp"]
    return {"facility": facility, **_measured(shown, tenant.stock[item][facility], tenant.committed(item, facility))}


def _measured(names: list[str], on_hand: Decimal, committed: Decimal) -> Json:
    values = {
        "totalOnHandQty": on_hand,
        "atpQty": on_hand - committed,
        "coAtpQty": on_hand - committed,
        "totalAtp": on_hand - committed,
        "openOrderLineQty": committed,
        "qtyOnPO": Decimal(0),
        "inTransitQty": Decimal(0),
        "committed": committed,
        "damaged": Decimal(0),
    }
    return {name: _plain(values[name]) for name in names if name in values}


def _plain(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def inventory_full(call: Context) -> Response:
    """GET /inventory/full: decimal strings per item and facility, by activity time, a page at a time."""
    since_text = call.request.one("startActivityTime")
    try:
        since = seconds_of(since_text) if since_text else 0.0
    except ValueError:
        return text_response("startActivityTime is not a date", 400)
    tenant, page = call.tenant, call.page("pageNo")
    items = [item for item in sorted(tenant.stock) if tenant.stock_changed.get(item, 0) >= since]
    rows = [_inventory(tenant, item) for item in items[(page - 1) * FULL_PAGE : page * FULL_PAGE]]
    return collection(call, "fullInventory", "inventory", "itemInventory", rows)


def _inventory(tenant: Tenant, item: str) -> Json:
    places = []
    for facility, total in sorted(tenant.stock[item].items()):
        held = tenant.committed(item, facility)
        figures = {"total": total, "availableToPromise": total - held, "unallocated": total - held, "allocated": held}
        places.append({"facility": facility, "inventory": figures})
    return {"itemNumber": item, "facilityInventory": places}


def restful_atp(call: Context) -> Response:
    """GET /ctrl/getRestfulATP: one item, all facilities together."""
    item = call.request.one("itemNumber")
    if item not in call.tenant.stock:
        return json_response([])
    atp = _total(call.tenant, item) - call.tenant.committed(item)
    return json_response([{"itemNumber": item, "totalAvailableToPromise": str(_plain(atp))}])


def reserve(call: Context) -> Response:
    """POST /ctrl/reserveInventoryAPI: plus reserves, minus releases; 200 even for a failure."""
    body = call.request.json()
    rows = body.get("adjustments") if isinstance(body, dict) else None
    if not isinstance(rows, list):
        return json_response({"status": "FAILURE", "requestObj": body, "responseMsg": ["processed with no response"]})
    unknown = [str(row.get("itemNumber")) for row in rows if row.get("itemNumber") not in call.tenant.stock]
    if unknown:
        message = f"Item {', '.join(unknown)} does not exist"
        return json_response({"status": "FAILURE", "requestObj": body, "responseMsg": [message]})
    for row in rows:
        held = call.tenant.reserved.get(row["itemNumber"], Decimal(0)) + (number_of(row.get("value")) or 0)
        call.tenant.reserved[row["itemNumber"]] = max(Decimal(0), held)
        call.tenant.stock_changed[row["itemNumber"]] = call.now
    call.effective = True
    return json_response({"status": "SUCCESS", "requestObj": body, "responseMsg": []})


def atps(call: Context) -> Response:
    """GET /items/atps and /items/{n}/atps: attributes in XML; an unknown item is an empty document, not a 404."""
    number = call.parts.get("number")
    items = [item for item in sorted(call.tenant.stock) if number in (None, item)]
    rows = []
    for item in items:
        atp = int(_total(call.tenant, item) - call.tenant.committed(item))
        rows.append(f'<item-atp itemNumber="{item}" availableToPromise="{atp}" quantityOnBackOrdered="0"/>')
    return text_response(f"<itemATPDTOes>{''.join(rows)}</itemATPDTOes>", kind="application/xml")


def single_value(call: Context) -> Response:
    """GET /items/{n}/atp and its like: one number as plain text."""
    item = call.parts["number"]
    if item not in call.tenant.stock:
        return text_response("Item not found", 404)
    figures = {
        "atp": _total(call.tenant, item) - call.tenant.committed(item),
        "totals": _total(call.tenant, item),
        "reserveqty": call.tenant.reserved.get(item, Decimal(0)),
    }
    return text_response(str(int(figures.get(call.parts["value"], Decimal(0)))))


def _total(tenant: Tenant, item: str) -> Decimal:
    return sum(tenant.stock[item].values(), Decimal(0))
