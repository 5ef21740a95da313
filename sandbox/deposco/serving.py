"""What every answered call of a warehouse goes through, in both generations: faults, the account's rate, the ledger."""

import re
from collections.abc import Callable

from sandbox.deposco.calls import Context
from sandbox.faults import apply_faults
from sandbox.wire import Response

SERVER_ERROR = b'{"errors":[{"errorMessage":"Internal Server Error"}]}'


def pattern(path: str) -> re.Pattern[str]:
    """A path with {names} in it, as what fits it; {name:a|b} fits these words only."""
    parts = re.sub(r"{(\w+):([^}]+)}", r"(?P<\1>\2)", path)
    return re.compile(re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", parts))


def serve(call: Context, operation: str, action: Callable[[Context], Response], *, busy: Response) -> Response:
    """Run the call with the faults that are armed for it, and write it down. `busy` answers what comes too fast."""
    world, tenant, request = call.world, call.tenant, call.request
    faults = world.faults.strike("deposco", operation, page=call.page("pageNo") * call.page("pageNumber"))
    call.repeat_page = any(fault.kind == "repeated_page" for fault in faults)

    def effect() -> Response:
        return busy if _is_too_fast(call) else action(call)

    def note(response: Response) -> None:
        for key in call.subjects or [request.one("number") or call.parts.get("number", "")]:
            world.note("deposco", tenant.code, operation, key, response.status, effective=call.effective)

    def late_effect() -> None:
        call.now = world.clock.seconds()
        note(effect())

    response = apply_faults(
        faults, effect, later=lambda seconds: world.later(seconds, late_effect), error_500=SERVER_ERROR
    )
    note(response)
    return response


def _is_too_fast(call: Context) -> bool:
    if not call.tenant.rate_per_second:
        return False
    recent = [at for at in call.tenant.last_calls if at > call.now - 1]
    call.tenant.last_calls = [*recent, call.now]
    return len(recent) >= call.tenant.rate_per_second
