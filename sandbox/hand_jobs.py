"""The hand on import and export jobs: what the next ones do, which there were, and letting go one that stays."""

import dataclasses
from typing import Any

from sandbox.mirakl import exports, imports
from sandbox.mirakl.plans import EXPORT_STATES, IMPORT_STATES, Plan, Plans
from sandbox.wire import Request, Response, json_response
from sandbox.world import World

Json = dict[str, Any]


def plan_imports(world: World, request: Request) -> Response:
    """What the next imports do: {operator, shop_id, count, delay, seconds, stays, ends, lines}; `clear` forgets plans.

    `delay`: begins so many seconds late, and does not hold up those behind it, so that it lands after them; `seconds`: takes
    so long; `stays`: WAITING or RUNNING until it is released; `ends`: FAILED, after its first `lines` lines landed.
    Without a shop the next of any shop; count -1 is every one to come. Plans are used up in the order they are made.
    """
    body = request.json() or {}
    return _plan(world.operators[body["operator"]].import_plans, body, IMPORT_STATES)


def plan_exports(world: World, request: Request) -> Response:
    """What the next exports of offers do: as for imports, `stays` PENDING, `ends` FAILED with `code` and `detail`."""
    body = request.json() or {}
    return _plan(world.operators[body["operator"]].export_plans, body, EXPORT_STATES)


def _plan(plans: Plans, body: Json, states: tuple[str, ...]) -> Response:
    names = {field.name for field in dataclasses.fields(Plan)}
    unknown = sorted(set(body) - names - {"operator", "clear"})
    if unknown or body.get("stays", "") not in ("", *states) or body.get("ends", "") not in ("", "FAILED"):
        message = f"not known: {', '.join(unknown)}" if unknown else f"stays is one of {states}, ends is FAILED"
        raise ValueError(message)
    if body.get("clear"):
        plans.waiting.clear()
    chosen = {name: value for name, value in body.items() if name in names}
    if chosen:
        plans.waiting.append(Plan(**chosen))
    return json_response({"plans": [dataclasses.asdict(plan) for plan in plans.waiting]}, 201)


def list_imports(world: World, request: Request) -> Response:
    """Imports of an `operator`, oldest first, of one `shop_id` and one `kind` (stock, offers) where named; `from` a number."""
    operator, shop_id = world.operators[request.one("operator")], request.one("shop_id")
    kind, start = request.one("kind"), int(request.one("from") or 0)
    rows = [
        {
            "id": job.id,
            "kind": job.kind,
            "shop_id": job.shop_id,
            "status": job.status,
            "sent": job.sent,
            "created": job.created,
            "starts_at": job.starts_at,
            "ends_at": job.ends_at,
            "ended_at": job.ended_at,
            "lines": job.size,
            "good": job.good,
            "errors": len(job.errors),
        }
        for job in operator.imports.values()
        if int(job.id) >= start and kind in ("", job.kind) and shop_id in ("", str(job.shop_id))
    ]
    return json_response({"imports": rows})


def release(world: World, request: Request) -> Response:
    """Let a job end now that stays, or is slow: {operator, import_id} or {operator, tracking_id}."""
    body, now = request.json() or {}, world.clock.seconds()
    operator = world.operators[body["operator"]]
    if "tracking_id" in body:
        export = operator.exports[str(body["tracking_id"])]
        exports.run(operator, export, now)
        return json_response({"status": export.status})
    job = operator.imports[str(body["import_id"])]
    imports.run(operator, job, now)
    return json_response({"status": job.status})
