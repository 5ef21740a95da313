"""How often a shop may call, as published; asked only when the world is strict about rates."""

from math import ceil

from sandbox.mirakl.calls import Context
from sandbox.mirakl.exports import is_full

DAY = 86_400.0
# Calls within seconds. A further page of a list, and a look at single orders, are no background poll.
LIMITS: dict[str, tuple[tuple[int, float], ...]] = {
    "OR11": ((1, 60.0),),
    "OR31": ((5, 1.0),),
    "OR04": ((1, 60.0),),
    "ST12": ((1, 300.0),),
    "OF24": ((1, 60.0),),
    "OF52": ((1, 60.0),),
    "OF52 full": ((1, DAY),),
    "OF53": ((1, 10.0),),
    "STO01": ((1, 60.0),),
    "STO02": ((1, 15.0),),
    "STO03": ((1, 60.0),),
    "TL02": ((20, 60.0), (60, 3600.0)),
    **dict.fromkeys(("A01", "A21", "SH12", "SH21", "AF01", "IV01", "SBC11"), ((1, DAY),)),
}
EXTERNAL_PARTNER = {"OR11": ((1, 900.0),)}
LOOSE_BY_DEFAULT = ("OF52 full", "A01", "A21", "SH12", "SH21", "AF01", "IV01", "SBC11")


def seconds_to_wait(call: Context, operation: str) -> int:
    """How long until this call is allowed; zero when it is, and then it counts."""
    operation = f"{operation} full" if operation == "OF52" and is_full(call) else operation
    if _is_no_new_poll(call) or (operation in LOOSE_BY_DEFAULT and not call.world.strict_daily):
        return 0
    limits = LIMITS.get(operation, ())
    if call.operator.external_partner:
        limits = EXTERNAL_PARTNER.get(operation, limits)
    if not limits:
        return 0
    longest = max(period for _, period in limits)
    key = (operation, call.shop.id)
    made = [at for at in call.operator.last_calls.get(key, []) if at > call.now - longest]
    for count, period in limits:
        recent = [at for at in made if at > call.now - period]
        if len(recent) >= count:
            return max(1, ceil(recent[-count] + period - call.now))
    call.operator.last_calls[key] = [*made, call.now]
    return 0


def _is_no_new_poll(call: Context) -> bool:
    request = call.request
    return bool(
        request.one("offset", "0") != "0"
        or request.one("page_token")
        or request.one("order_ids")
        or request.one("order_id")
    )
