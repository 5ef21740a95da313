"""Stock of V1: availability per facility, the full inventory, the older calls, reservations."""

from decimal import Decimal
from typing import Any

from sandbox.clock import seconds_of
from sandbox.deposco.calls import Context, ready_collection
from sandbox.deposco.rendering import decimal_text, number_of
from sandbox.deposco.state import Json, Tenant
from sandbox.wire import Response, json_response, text_response

FULL_PAGE = 500
NONE = Decimal(0)
# What each measure is, from on hand, committed and held back.
ATP_MEASURES = ("atpQty", "coAtpQty", "totalAtp")
HELD_MEASURES = ("openOrderLineQty", "committed")
MEASURES = ("totalOnHandQty", *ATP_MEASURES, *HELD_MEASURES, "qtyOnPO", "inTransitQty", "damaged")


def availability(call: Context) -> Response:
    """GET enterpriseinventory availability: JSON whatever the header says; specific items come wrapped in a list.

    Measures are those asked for, as far as the tenant has them; an absent one is unknown. Read until an empty page.
    """
    tenant, wanted = call.tenant, call.request.listed("itemNumbers")
    size_text = call.request.one("pageSize")
    size, page = int(size_text) if size_text.isdecimal() and int(size_text) else 100, call.page("pageNumber")
    measures = [name for name in call.request.listed("measures") if name in tenant.measures and name in MEASURES]
    only = set(call.request.listed("facilityNumbers"))
    items = [item for item in wanted if tenant.has_stock(item)] if wanted else tenant.stocked()
    rows = [_availability(tenant, item, measures, only) for item in items[(page - 1) * size : page * size]]
    body: Any = {"enterpriseInventory": rows}
    answer = json_response([body] if wanted else body)
    return Response(answer.status, answer.body, (("content-type", "application/xml"),))


def _availability(tenant: Tenant, item: str, measures: list[str], only: set[str]) -> Json:
    held, absent = tenant.held(item), tenant.absent_measures.get(item, {})
    places, total, kept_back = [], NONE, NONE
    at_facilities = [name for name in measures if name != "totalAtp"]
    for facility, count in sorted(tenant.stock[item].items()):
        safety = tenant.safety(item, facility)
        total, kept_back = total + count, kept_back + safety
        if not only or facility in only:
            hidden = (*tenant.hidden_measures.get(facility, ()), *_absent(absent, facility))
            names = [name for name in at_facilities if name not in hidden] if hidden else at_facilities
            places.append({"facility": facility, **_measured(names, count, held.get(facility, NONE), safety)})
    hidden = _absent(absent, "")
    names = [name for name in measures if name not in hidden]
    figures = _measured(names, total, sum(held.values(), NONE), kept_back)
    return {"itemId": tenant.item_id(item), "itemNumber": item, **figures, "facilities": places}


def _absent(absent: dict[str, list[str]], facility: str) -> tuple[str, ...]:
    return (*absent.get(facility, ()), *absent.get("*", ())) if absent else ()


def _measured(names: list[str], on_hand: Decimal, held: Decimal, safety: Decimal) -> Json:
    free, row = on_hand - held - safety, {}
    for name in names:
        if name in ATP_MEASURES:
            row[name] = _plain(free)
        elif name == "totalOnHandQty":
            row[name] = _plain(on_hand)
        else:
            row[name] = _plain(held) if name in HELD_MEASURES else 0
    return row


def _plain(value: Decimal) -> int | float:
    whole = int(value)
    return whole if value == whole else float(value)


def inventory_full(call: Context) -> Response:
    """GET /inventory/full: decimal strings per item and facility, by activity time, a page at a time."""
    since_text = call.request.one("startActivityTime")
    try:
        since = seconds_of(since_text) if since_text else 0.0
    except ValueError:
        return text_response("startActivityTime is not a date", 400)
    tenant, page = call.tenant, call.page("pageNo")
    changed = tenant.stock_changed
    items = [item for item in tenant.stocked() if changed.get(item, 0) >= since] if since else tenant.stocked()
    rows = [_inventory(tenant, item) for item in items[(page - 1) * FULL_PAGE : page * FULL_PAGE]]
    return ready_collection(call, "fullInventory", "inventory", "itemInventory", rows)


def _inventory(tenant: Tenant, item: str) -> Json:
    held, absent, places = tenant.held(item), tenant.absent_measures.get(item, {}), []
    for facility, total in sorted(tenant.stock[item].items()):
        here = held.get(facility, NONE)
        free = total - here
        figures = {
            "total": decimal_text(total),
            "availableToPromise": decimal_text(free - tenant.safety(item, facility)),
            "unallocated": decimal_text(free),
            "allocated": decimal_text(here),
        }
        for name in _absent(absent, facility):
            figures.pop(name, None)
        places.append({"facility": facility, "inventory": figures})
    # The rendering knows no list of one.
    return {"itemNumber": item, "facilityInventory": places[0] if len(places) == 1 else places}


def restful_atp(call: Context) -> Response:
    """GET /ctrl/getRestfulATP: one item, all facilities together."""
    item = call.request.one("itemNumber")
    if item not in call.tenant.stock:
        return json_response([])
    return json_response([{"itemNumber": item, "totalAvailableToPromise": str(_plain(_atp(call.tenant, item)))}])


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
        held = call.tenant.reserved.get(row["itemNumber"], NONE) + (number_of(row.get("value")) or 0)
        call.tenant.reserved[row["itemNumber"]] = max(NONE, held)
        if call.tenant.allocations_touch:
            call.tenant.stock_changed[row["itemNumber"]] = call.now
    call.effective = True
    return json_response({"status": "SUCCESS", "requestObj": body, "responseMsg": []})


def atps(call: Context) -> Response:
    """GET /items/atps and /items/{n}/atps: attributes in XML; an unknown item is an empty document, not a 404."""
    number = call.parts.get("number")
    items = [item for item in call.tenant.stocked() if number in (None, item)]
    rows = [
        f'<item-atp itemNumber="{item}" availableToPromise="{int(_atp(call.tenant, item))}" quantityOnBackOrdered="0"/>'
        for item in items
    ]
    return text_response(f"<itemATPDTOes>{''.join(rows)}</itemATPDTOes>", kind="application/xml")


def single_value(call: Context) -> Response:
    """GET /items/{n}/atp and its like: one number as plain text."""
    item = call.parts["number"]
    if item not in call.tenant.stock:
        return text_response("Item not found", 404)
    figures = {
        "atp": _atp(call.tenant, item),
        "totals": sum(call.tenant.stock[item].values(), NONE),
        "reserveqty": call.tenant.reserved.get(item, NONE),
    }
    return text_response(str(int(figures.get(call.parts["value"], NONE))))


def _atp(tenant: Tenant, item: str) -> Decimal:
    """All facilities together, with what orders hold wherever they are."""
    places = tenant.stock[item]
    held_back = sum((tenant.safety(item, facility) for facility in places), NONE)
    return sum(places.values(), NONE) - tenant.committed(item) - held_back
