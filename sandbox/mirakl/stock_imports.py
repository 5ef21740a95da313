"""Stock files: STO01 to STO03. A file is a job that runs a moment later, line by line."""

import csv
import io
import re
from hashlib import sha256

from sandbox.clock import iso
from sandbox.mirakl.book import LARGEST, Landing, drop_place, put_quantity
from sandbox.mirakl.calls import Context, RefusedError
from sandbox.mirakl.imports import ImportJob, begin
from sandbox.mirakl.plans import Plan
from sandbox.mirakl.state import Json, Shop
from sandbox.wire import Response, json_response, text_response

COLUMNS = ("offer-sku", "quantity", "warehouse-code", "update-delete")


def import_stock(call: Context) -> Response:
    """STO01: takes the file, works on it a moment later. The same file again, while it waits, is the same import."""
    content = _part(call.request.headers.get("content-type", ""), call.request.body)
    if content is None:
        raise RefusedError("The part named 'file' is missing")
    text = content.decode("utf-8-sig", "replace")
    delimiter = ";" if ";" in text.split("\n", 1)[0] else ","
    header, *lines = [row for row in csv.reader(io.StringIO(text), delimiter=delimiter) if row] or [[]]
    places = [header.index(name) if name in header else len(header) for name in COLUMNS]

    def apply(shop: Shop, line: list[str], job: ImportJob, at: float) -> str:
        sku, quantity, place, act = (line[at].strip() if at < len(line) else "" for at in places)
        return _apply(shop, (sku, quantity, place, act.lower()), job, at)

    job = ImportJob("", "stock", call.shop.id, call.sent, sha256(content).digest(), lines, apply, Plan())
    job.header, job.is_readable = header, {"offer-sku", "quantity"} <= set(header)
    job = begin(call, job)
    call.effective, call.subjects = True, [job.id]
    location = f"/api/offers/stock/imports/{job.id}/status"
    return json_response({"import_id": job.id}, 201, (("location", location),))


def _apply(shop: Shop, line: tuple[str, str, str, str], job: ImportJob, at: float) -> str:
    """Let one line land. Why it is refused; empty when it is not."""
    sku, quantity, place, act = line
    offer = shop.offers.get(sku)
    if offer is None:
        return "The offer does not exist"
    if sku in shop.refused_skus:
        return shop.refused_skus[sku]
    if act not in ("", "update", "delete"):
        return "The value of update-delete is unknown"
    if place and shop.warehouse_codes and place not in shop.warehouse_codes:
        return f"Warehouse with code {place} does not exist"
    if act == "delete":
        put = drop_place if place else put_quantity
        put(shop, offer, Landing(at, int(job.id), place, 0), job.sent)
        return ""
    if not (quantity.isascii() and quantity.isdecimal() and int(quantity) <= LARGEST):
        return "The quantity is invalid"
    put_quantity(shop, offer, Landing(at, int(job.id), place, int(quantity)), job.sent)
    return ""


def import_status(call: Context) -> Response:
    """STO02."""
    job = _stock_import(call)
    is_queued = job.status == "WAITING" and call.operator.queued_status
    body: Json = {
        "import_id": job.id,
        "status": "QUEUED" if is_queued else job.status,
        "date_created": iso(job.created),
        "shop_id": job.shop_id,
        "has_error_report": bool(job.errors) and job.status == "COMPLETE",
    }
    if job.status == "COMPLETE":
        body |= {"lines_in_success": job.good, "lines_in_error": len(job.errors)}
    return json_response(body)


def import_errors(call: Context) -> Response:
    """STO03: line number, reason, then the line as it was sent; only what is in error."""
    job = _stock_import(call)
    if not job.errors or job.status != "COMPLETE":
        raise RefusedError("There is no error report for this import", 404)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL)
    writer.writerow(["error-line", "error-message", *job.header])
    for number, message, line in job.errors:
        writer.writerow([number, message, *line])
    return text_response(out.getvalue(), kind="text/csv")


def _stock_import(call: Context) -> ImportJob:
    job = call.operator.imports.get(call.parts["import_id"])
    if job is None or job.shop_id != call.shop.id or job.kind != "stock":
        raise RefusedError("Import not found", 404)
    return job


def _part(content_type: str, body: bytes) -> bytes | None:
    """What the part named file holds. Nothing is copied but that: a file of a million lines passes quickly."""
    boundary = re.search(r'boundary="?([^";]+)"?', content_type)
    mark = b"--" + (boundary[1] if boundary else "").encode()
    for part in body.split(mark)[1:] if boundary else ():
        head, gap, content = part.partition(b"\r\n\r\n")
        if gap and re.search(rb'(?i)content-disposition:[^\r\n]*[ ;]name="?file"?(?:;|\r|$)', head):
            return content.removesuffix(b"\r\n")
    return None
