"""Items and kits of V2."""

from sandbox.deposco.calls import Context
from sandbox.deposco.items import document as item_in_books
from sandbox.deposco.rendering import as_rows
from sandbox.deposco.state import Json, Tenant, is_true
from sandbox.deposco.v2.documents import item_id, item_reference, reference, unit_reference
from sandbox.deposco.v2.listing import MANY, Listing, is_after, nested, problem
from sandbox.wire import Response

KITS = "/kitHeaders"
DETAILS_PER_KIT = 100


def items(call: Context) -> Response:
    """GET /items: a barcode is no parameter here, and is ignored like any other unknown one."""
    tenant = call.tenant

    def fits(number: str, wanted: dict[str, str]) -> bool:
        changed = tenant.items_changed.get(number, 0.0)
        return (
            wanted.get("businessUnit") in (None, tenant.business_unit)
            and wanted.get("number") in (None, number)
            and ("name" not in wanted or wanted["name"] == str(item_in_books(tenant, number)["name"]))
            and ("createdAfter" not in wanted or is_after(changed, wanted["createdAfter"]))
            and ("updatedAfter" not in wanted or is_after(changed, wanted["updatedAfter"]))
        )

    listing = Listing[str](
        "/items",
        ("businessUnit", "number", "name", "createdAfter", "updatedAfter"),
        MANY,
        lambda number: item_id(tenant, number),
        fits,
        lambda number: _item(tenant, number),
    )
    number = "" if call.request.one("searchId") else call.request.one("number")
    return listing.answer(call, [number] * (number in tenant.stock) if number else list(tenant.stock))


def _item(tenant: Tenant, number: str) -> Json:
    kept, own = item_in_books(tenant, number), tenant.items.get(number, {})
    codes = [row for row in as_rows((own.get("upcs") or {}).get("upc")) if row]
    values = [str(row.get("upc") or row.get("value")) if isinstance(row, dict) else str(row) for row in codes]
    changed = tenant.local(tenant.items_changed.get(number, 0.0))
    document: Json = {
        "self": _itself(tenant, number),
        "businessUnit": unit_reference(tenant),
        "number": number,
        "name": kept["name"],
        "shippable": True,
        "salesEnabledFlag": is_true(kept["salesEnabledFlag"]),
        "serialTrackingEnabled": number in tenant.serial_items,
        "packs": [{"type": "Each", "quantity": 1}],
        "upcs": nested([{"value": value} for value in values]),
        "createdDate": changed,
        "updatedDate": changed,
    }
    if "active" in own:
        # A sample of Deposco's has it, its field table has not: it is shown where somebody set it.
        document |= {"active": bool(own["active"])}
    parts = _components(tenant, number)
    if parts:
        flags = {name: is_true(own.get(name)) for name in ("kitOrderOnly", "kitStockOnly")}
        rows = [{"subComponent": item_reference(tenant, part), "quantity": count} for part, count in parts]
        document |= {**flags, "components": rows}
    return document


def _itself(tenant: Tenant, number: str) -> Json:
    return reference("/items", item_id(tenant, number), {"number": number, "businessUnit.code": tenant.business_unit})


def _components(tenant: Tenant, number: str) -> list[tuple[str, float]]:
    rows = as_rows((tenant.items.get(number, {}).get("components") or {}).get("component"))
    return [(str(row["componentItem"]), float(row["quantity"])) for row in rows]


def kit_headers(call: Context) -> Response:
    """GET /kitHeaders: every item that has components."""
    tenant = call.tenant
    kits = [number for number in tenant.items if _components(tenant, number)]
    return _kits(tenant).answer(call, kits)


def kit_details(call: Context) -> Response:
    """GET /kitHeaders/{id}/kitDetails: what goes in, and what comes out."""
    tenant, wanted = call.tenant, call.parts["id"]
    number = next((one for one in tenant.items if str(item_id(tenant, one)) == wanted), "")
    if not _components(tenant, number):
        return problem(f"Kit with id = [{wanted}] was not found", 404)
    listing = Listing[Json](
        f"{KITS}/{wanted}/kitDetails",
        (),
        MANY,
        lambda row: int(row["self"]["id"]),
        lambda _row, _wanted: True,
        lambda row: row,
    )
    return listing.answer(call, _details(tenant, number))


def _kits(tenant: Tenant) -> Listing[str]:
    def fits(number: str, wanted: dict[str, str]) -> bool:
        changed = tenant.items_changed.get(number, 0.0)
        return (
            wanted.get("businessUnit") in (None, tenant.business_unit)
            and wanted.get("name") in (None, number)
            and is_after(changed, wanted.get("updatedAfter"))
        )

    def document(number: str) -> Json:
        return {
            "self": reference(KITS, item_id(tenant, number), {"name": number}),
            "name": number,
            "businessUnit": unit_reference(tenant),
            "kitDetails": nested(_details(tenant, number)),
            "updatedDate": tenant.local(tenant.items_changed.get(number, 0.0)),
        }

    names = ("businessUnit", "name", "updatedAfter")
    return Listing[str](KITS, names, MANY, lambda number: item_id(tenant, number), fits, document)


def _details(tenant: Tenant, number: str) -> list[Json]:
    kit = item_id(tenant, number)
    rows = [("Output", number, 1.0), *(("Input", part, count) for part, count in _components(tenant, number))]
    return [
        {
            "self": reference(f"{KITS}/{kit}/kitDetails", kit * DETAILS_PER_KIT + place, {}),
            "type": kind,
            "businessUnit": unit_reference(tenant),
            "kitHeader": reference(KITS, kit, {"name": number}),
            "item": item_reference(tenant, item),
            "quantity": count,
        }
        for place, (kind, item, count) in enumerate(rows, start=1)
    ]
