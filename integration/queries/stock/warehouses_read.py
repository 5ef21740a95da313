"""Which warehouses are read for stock: those of an active channel whose stock lane is on."""

from collections.abc import Sequence

from core.jobs import Scope
from integration.models import Warehouse


def warehouses_read() -> list[Warehouse]:
    """Active warehouses whose stock somebody sells, by their codes."""
    return list(
        Warehouse.objects.filter(is_active=True, channels__is_active=True, channels__lanes__contains=["stock"])
        .distinct()
        .order_by("code")
    )


def stock_scopes(every_seconds: float) -> Sequence[Scope]:
    """One beat for each of them."""
    return [Scope(name=warehouse.code, every_seconds=every_seconds) for warehouse in warehouses_read()]
