"""Tests a tenant's connection with reads only, and stores what was found: facilities, measures, whether orders are readable."""

from typing import Any

from core.audit import record_audit
from core.clock import db_now
from core.http import AuthError, HttpError, NotSentError
from core.limits import close_breaker
from core.models import User
from integration.deposco.client import DeposcoClient
from integration.gateways import deposco_for
from integration.models import Facility, Warehouse
from integration.services.check_channel import ProbeResult

# A number that no order has: the search must answer with nothing, not with everything.
NO_SUCH_ORDER = "HOLDPOINT-PROBE"


def check_warehouse(*, warehouse: Warehouse, by: User | None) -> ProbeResult:
    """Read one page of availability and search for an order that does not exist; store facilities and measures."""
    client, recorder = deposco_for(warehouse)
    try:
        found = _read(client)
    except HttpError as error:
        words = _plain(error)
        return ProbeResult(ok=False, summary=words, found={}, problems=(words,))
    finally:
        recorder.flush()
    for number in found["facilities"]:
        Facility.objects.get_or_create(warehouse=warehouse, number=number, defaults={"name": number})
    warehouse.found = found
    warehouse.tested_at = db_now()
    warehouse.save(update_fields=["found", "tested_at"])
    close_breaker(f"conn:{warehouse.connection}")
    record_audit(
        by=by, action="warehouse.tested", subject=warehouse, before=None, after={"facilities": found["facilities"]}
    )
    problems = () if found["facilities"] else ("No facility was seen: the tenant may hold no stock yet.",)
    summary = f"{len(found['facilities'])} facilities, measures {', '.join(found['measures']) or 'none'}"
    return ProbeResult(ok=True, summary=summary, found=found, problems=problems)


def _read(client: DeposcoClient) -> dict[str, Any]:
    rows = client.availability(page=1)
    return {
        "facilities": sorted({row.facility for row in rows if row.facility}),
        "measures": sorted({name for row in rows for name in row.measures}),
        "orders_readable": client.find_orders(NO_SUCH_ORDER) is not None,
    }


def _plain(error: HttpError) -> str:
    if isinstance(error, AuthError):
        return "User or password was refused, or the user was not granted this endpoint. Check both with the warehouse."
    if isinstance(error, NotSentError):
        return f"The address does not answer: {error}. Check it, and whether this machine may reach it."
    return f"The test could not be finished: {error}. Nothing was changed; test again."
