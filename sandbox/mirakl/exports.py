"""Exports of offers: OF52 asks, OF53 tells how far it is, OF54 is a file. Differential ones tell of deleted offers too."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from hashlib import sha256

from sandbox.clock import iso, seconds_of
from sandbox.mirakl.calls import Context, RefusedError
from sandbox.mirakl.export_rows import FIELDS, HEADERS, csv_chunk, exported
from sandbox.mirakl.plans import Plan
from sandbox.mirakl.state import Json, Operator
from sandbox.wire import Response, json_response

CSV, JSON = "text/csv", "application/json"
ITEMS, MEGABYTES = (10_000, 1_000_000), (10, 1_000)
# Files are heavy: those of so many exports are kept.
KEPT = 20
FILE = "/api/offers/export/async/file"


@dataclass
class ExportJob:
    """One export: what was asked, how far it is, and its files once it is over."""

    tracking_id: str
    shop_id: int
    digest: bytes
    wanted: Json
    plan: Plan
    address: str
    updated: float
    status: str = "PENDING"
    files: list[bytes] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """The content type of the files."""
        return str(self.wanted.get("export_type") or CSV)

    @property
    def urls(self) -> list[str]:
        """Where the files are."""
        ending = "csv" if self.kind == CSV else "json"
        return [f"{self.address}/{self.tracking_id}?file=of52-export/{at}.{ending}" for at in range(len(self.files))]


def is_full(call: Context) -> bool:
    """Whether every offer is asked for, and not only what changed."""
    body = call.request.json()
    return not (isinstance(body, dict) and body.get("last_request_date"))


def request_export(call: Context) -> Response:
    """OF52. A request that repeats one still under way is that one."""
    wanted, operator = call.body(), call.operator
    problem = _problem(wanted, smallest=(1, 1) if operator.small_chunks else (ITEMS[0], MEGABYTES[0]))
    if problem:
        raise RefusedError(problem)
    digest = sha256(json.dumps(wanted, sort_keys=True).encode()).digest()
    for known in reversed(list(operator.exports.values())):
        if known.status == "PENDING" and (known.shop_id, known.digest) == (call.shop.id, digest):
            return json_response({"tracking_id": known.tracking_id})
    number = f"{operator.name}-export-{len(operator.exports) + 1}.example.com"
    prefix = call.request.path.partition("/api/")[0]
    host = call.request.headers.get("host", "sandbox.example.com")
    job = ExportJob(
        str(uuid.uuid5(uuid.NAMESPACE_DNS, number)),
        call.shop.id,
        digest,
        wanted,
        operator.export_plans.take(call.shop.id),
        f"{call.request.scheme}://{host}{prefix}{FILE}",
        call.now,
    )
    operator.exports[job.tracking_id] = job
    call.effective, call.subjects = True, [job.tracking_id]
    if not job.plan.stays:
        seconds = job.plan.seconds if job.plan.seconds >= 0 else operator.export_seconds
        operator.later(call.now + job.plan.delay + seconds, lambda at: run(operator, job, at))
    return json_response({"tracking_id": job.tracking_id})


def _problem(wanted: Json, smallest: tuple[int, int]) -> str:
    """Why a request is refused; empty when it is not."""
    kind, since = wanted.get("export_type") or CSV, wanted.get("last_request_date")
    if kind not in (CSV, JSON):
        return "Invalid value for field 'export_type'"
    if since and wanted.get("include_inactive_offers") is not None:
        return "include_inactive_offers cannot be used in differential mode"
    if since and not _is_date(since):
        return "Invalid value for field 'last_request_date'"
    if wanted.get("rename_fields") and kind != CSV:
        return "rename_fields is supported for CSV exports only"
    limits = {"items_per_chunk": (smallest[0], ITEMS[1]), "megabytes_per_chunk": (smallest[1], MEGABYTES[1])}
    for name, (low, high) in limits.items():
        value = wanted.get(name)
        if value is not None and not (isinstance(value, int) and low <= value <= high):
            return f"{name} must be between {low} and {high}"
    known = HEADERS if kind == CSV else FIELDS
    unknown = [name for name in wanted.get("include_fields") or () if name not in known]
    return f"Unknown field in include_fields: {unknown[0]}" if unknown else ""


def _is_date(text: object) -> bool:
    try:
        seconds_of(str(text))
    except ValueError:
        return False
    return True


def run(operator: Operator, job: ExportJob, at: float) -> None:
    """Write the files now, of the offers as they are, unless that was done."""
    if job.status != "PENDING":
        return
    job.updated = at
    if job.plan.ends == "FAILED":
        job.status = "FAILED"
        return
    shop, since = operator.shops[job.shop_id], job.wanted.get("last_request_date")
    rows = exported(shop, None if since is None else seconds_of(str(since)), job.wanted)
    names = list(job.wanted.get("include_fields") or ())
    most = int(job.wanted.get("items_per_chunk") or ITEMS[1])
    heaviest = int(job.wanted.get("megabytes_per_chunk") or MEGABYTES[1]) * 1_000_000
    for start in range(0, max(1, len(rows)), most):
        job.files += _files(job, rows[start : start + most], names, heaviest)
    job.status = "COMPLETED"
    for old in list(operator.exports.values())[:-KEPT]:
        old.files = []


def _files(job: ExportJob, rows: list[Json], names: list[str], heaviest: int) -> Iterator[bytes]:
    """Rows as one file, or halved until no file is too heavy."""
    if job.kind == CSV:
        body = csv_chunk(rows, names, job.wanted.get("rename_fields") or {})
    else:
        shown = [{name: row[name] for name in names if name in row} for row in rows] if names else rows
        body = json.dumps(shown, ensure_ascii=False, separators=(",", ":")).encode()
    if len(body) <= heaviest or len(rows) <= 1:
        yield body
    else:
        yield from _files(job, rows[: len(rows) // 2], names, heaviest)
        yield from _files(job, rows[len(rows) // 2 :], names, heaviest)


def export_status(call: Context) -> Response:
    """OF53."""
    job = _job(call)
    body: Json = {"status": job.status, "last_updated": iso(job.updated)}
    if job.status == "COMPLETED":
        body["urls"] = job.urls
    if job.status == "FAILED":
        body["error"] = {"code": job.plan.code, "detail": job.plan.detail}
    return json_response(body)


def export_file(call: Context) -> Response:
    """OF54: one file of an export that is over."""
    job = _job(call)
    name = call.request.one("file")
    place = next((at for at, url in enumerate(job.urls) if url.endswith(f"?file={name}")), None)
    if place is None or not name:
        raise RefusedError("File not found", 404)
    return Response(200, job.files[place], (("content-type", job.kind),))


def _job(call: Context) -> ExportJob:
    job = call.operator.exports.get(call.parts["tracking_id"])
    if job is None or job.shop_id != call.shop.id:
        raise RefusedError("Export not found", 404)
    return job
