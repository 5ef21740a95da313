"""Pauses a shop or a warehouse, and lets it go on. Nothing is lost: what waits, waits, and goes on from there."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.models import Channel, Warehouse
from integration.services.stock.ask_recompute import ask_recompute


def pause_connection(*, connection: Channel | Warehouse, paused: bool, by: User | None) -> bool:
    """Store whether it is paused; False when it was so already."""
    with transaction.atomic():
        changed = (
            type(connection)._default_manager.filter(pk=connection.pk, is_active=paused).update(is_active=not paused)
        )
        connection.is_active = not paused
        if changed:
            record_audit(
                by=by,
                action=f"{connection._meta.model_name}.{'paused' if paused else 'resumed'}",
                subject=connection,
                before={"active": paused},
                after={"active": not paused},
            )
        if changed and not paused:
            # What was touched meanwhile was not worked out.
            ask_recompute(channels=_channels(connection), reason="the connection was resumed")
    return bool(changed)


def _channels(connection: Channel | Warehouse) -> list[Channel]:
    """Those that tell stock, of the warehouse or the channel itself."""
    rows = Channel.objects.filter(lanes__contains=["stock"]).defer("api_key")
    mine = rows.filter(pk=connection.pk) if isinstance(connection, Channel) else rows.filter(warehouse=connection)
    return list(mine.order_by("pk"))
