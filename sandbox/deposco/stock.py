"""Stock and items of V1."""

from datetime import datetime
from decimal import Decimal

from sandbox.deposco.calls import Context
from sandbox.deposco.rendering import mechanical
from sandbox.deposco.state import Json
from sandbox.wire import Response, json_response, text_response


def availability(call: Context) -> Response:
    """GET enterpriseinventory availability: the body is JSON whatever the header says; specific items come in a list."""
    wanted = call.request.listed("itemNumbers")
    size = int(call.request.one("pageSize") or 100)
    page = int(call.request.one("pageNumber") or 1)
    measures = call.request.listed("measures")
    only = set(call.request.listed("facilityNumbers"))
    items = [item for item in (wanted or sorted(call.tenant.stock)) if item in call.tenant.stock]
    rows = [_availability(call, item, measures, only) for item in items[(page - 1) * size : page * size]]
    body: object = {"enterpriseInventory": mechanical(rows)} if rows else {"enterpriseInventory": []}
    if wanted:
        body = [body]
    answer = json_response(body)
    return Response(answer.status, answer.body, (("content-type", "application/xml"),))


def _availability(call: Context, item: str, measures: list[str], only: set[str]) -> Json:
    by_facility = call.tenant.stock[item]
    committed = call.tenant.committed(item)
    total = sum(by_facility.values(), Decimal(0))
    figures = {"totalOnHandQty": total, "atpQty": total - committed, "totalAtp": total - committed}
    row: Json = {"itemNumber": item, **{name: value for name, value in figures.items() if name in measures}}
    places = []
    for position, (facility, quantity) in enumerate(sorted(by_facility.items())):
        if only and facility not in only:
            continue
        place: Json = {"facility": facility}
        # A facility may tell fewer measures than another: absent is unknown, not zero.
        known = {"totalOnHandQty": quantity, "atpQty": quantity - (committed if position == 0 else 0)}
        place |= {name: value for name, value in known.items() if name in measures}
        places.append(place)
    return {**row, "facilities": places}


def inventory_full(call: Context) -> Response:
    """GET /inventory/full: decimal strings per item and facility, by activity time."""
    since = call.request.one("startActivityTime")
    moment = datetime.fromisoformat(since).timestamp() if since else 0.0
    page = int(call.request.one("pageNo") or 1)
    rows = []
    for item in sorted(call.tenant.stock):
        if call.tenant.stock_changed.get(item, 0) < moment:
            continue
        committed = call.tenant.committed(item)
        for position, (facility, quantity) in enumerate(sorted(call.tenant.stock[item].items())):
            held = committed if position == 0 else Decimal(0)
            rows.append(
                {
                    "itemNumber": item,
                    "facility": facility,
                    "total": quantity,
                    "availableToPromise": quantity - held,
                    "unallocated": quantity,
                    "allocated": held,
                }
            )
    return json_response({"inventory": mechanical(rows[(page - 1) * 500 : page * 500]) if rows else []})


def item(call: Context) -> Response:
    """GET one item."""
    number = call.parts["number"]
    if number not in call.tenant.stock:
        return text_response("Item not found", 404)
    row = {
        "number": number,
        "name": f"Sample item {number}",
        "businessUnit": call.tenant.business_unit,
        "shippable": True,
    }
    return json_response({"item": mechanical(row)})


def update_items(call: Context) -> Response:
    """POST /items/updates."""
    body = call.request.json() or {}
    rows = body.get("item") or []
    rows = rows if isinstance(rows, list) else [rows]
    for row in rows:
        call.tenant.stock.setdefault(str(row.get("number")), {})
    call.effective = True
    return json_response(
        {"response": mechanical([{"status": "HTTP/1.1 200 Updated", "entity": row.get("number")} for row in rows])}, 207
    )
