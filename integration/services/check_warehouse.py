"""Tests a tenant's connection with reads only, and stores what was found: facilities, measures, whether orders are readable."""

from typing import Any

from core.audit import record_audit
from core.clock import db_now
from core.http import AuthError, HttpError, NotSentError, StatusError, ThrottledError
from core.limits import close_breaker
from core.models import User
from integration.deposco.errors import UnsupportedTransportError
from integration.deposco.port import WmsPort
from integration.deposco.schemas import Availability
from integration.gateways import deposco_for
from integration.models import Facility, Warehouse
from integration.services.check_channel import SERVER_ERROR, ProbeResult
from integration.services.guard_connection import note_failure

# A number that no order has: the search must answer with nothing, not with everything.
NO_SUCH_ORDER = "HOLDPOINT-PROBE"


def check_warehouse(*, warehouse: Warehouse, by: User | None) -> ProbeResult:
    """Search for an order that does not exist, read facilities and a page of stock; store facilities and measures."""
    client, recorder = deposco_for(warehouse)
    problems: list[str] = []
    try:
        found = _read(client, problems)
    except HttpError as error:
        if isinstance(error, AuthError):
            note_failure(warehouse.connection, error)
        words = _plain(error)
        return ProbeResult(ok=False, summary=words, found={}, problems=(words,))
    except UnsupportedTransportError as error:
        return ProbeResult(ok=False, summary=str(error), found={}, problems=(str(error),))
    finally:
        recorder.flush()
    for number in found["facilities"]:
        name = found["facility_names"].get(number, number)
        facility, _ = Facility.objects.get_or_create(warehouse=warehouse, number=number, defaults={"name": name})
        if facility.name == number != name:
            Facility.objects.filter(pk=facility.pk).update(name=name)
    warehouse.found = found
    warehouse.tested_at = db_now()
    warehouse.save(update_fields=["found", "tested_at"])
    close_breaker(f"conn:{warehouse.connection}")
    record_audit(
        by=by, action="warehouse.tested", subject=warehouse, before=None, after={"facilities": found["facilities"]}
    )
    if not found["facilities"]:
        problems.append("No facility was seen: the tenant may hold no stock yet.")
    stock = f"measures {', '.join(found['measures']) or 'none'}" if client.can("stock") else "no stock over this API"
    summary = f"{len(found['facilities'])} facilities, {stock}"
    return ProbeResult(ok=True, summary=summary, found=found, problems=tuple(problems))


def _read(client: WmsPort, problems: list[str]) -> dict[str, Any]:
    """Orders must be readable, since none counts before it was read back; stock is another lane's matter."""
    is_readable = client.find_orders(NO_SUCH_ORDER) is not None
    if not is_readable:
        problems.append(
            "Orders cannot be found by their number: the search ignores it, and the order's own address is refused."
        )
    names = client.facilities() if client.can("facilities") else {}
    rows = _stock(client, problems)
    return {
        "facilities": sorted({*names, *(row.facility for row in rows if row.facility)}),
        "facility_names": names,
        "measures": sorted({name for row in rows for name in row.measures}),
        "orders_readable": is_readable,
    }


def _stock(client: WmsPort, problems: list[str]) -> list[Availability]:
    """One page of stock, where the tenant can be asked for it."""
    if not client.can("stock"):
        problems.append("Stock cannot be read over V2: choose mixed where V1 is granted too, before the stock lane.")
        return []
    try:
        return client.availability(page=1)
    except ThrottledError:
        raise
    except StatusError as error:
        if error.status >= SERVER_ERROR:
            raise
        problems.append(f"Stock cannot be read with this user (answer {error.status}): ask for that endpoint.")
    return []


def _plain(error: HttpError) -> str:
    if isinstance(error, AuthError):
        return "User or password was refused, or the user was not granted this endpoint. Check both with the warehouse."
    if isinstance(error, NotSentError):
        return f"The address does not answer: {error}. Check it, and whether this machine may reach it."
    return f"The test could not be finished: {error}. Nothing was changed; test again."
