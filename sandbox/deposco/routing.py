"""Where an order is worked on, when nobody asked for a facility."""

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sandbox.deposco.state import Tenant, WmsOrder


def best_facility(tenant: "Tenant", order: "WmsOrder") -> str:
    """Where an order is sent: the first facility that has all of it, else the one that has most of it."""
    wanted: dict[str, Decimal] = {}
    for line in order.lines:
        for part, each in tenant.parts_of(str(line.get("itemNumber"))).items():
            wanted[part] = wanted.get(part, Decimal(0)) + each * order.left().get(
                str(line.get("lineNumber")), Decimal(0)
            )
    free = {part: tenant.atp(part) for part in wanted}
    best, most = next(iter(tenant.facilities), ""), Decimal(-1)
    for facility in tenant.facilities:
        found = sum((_some(free[part].get(facility), units) for part, units in wanted.items()), Decimal(0))
        if found > most:
            best, most = facility, found
    return best


def _some(free: Decimal | None, units: Decimal) -> Decimal:
    return Decimal(0) if free is None else min(max(free, Decimal(0)), units)
