"""Pauses a shop or a warehouse, and lets it go on. Nothing is lost: what waits, waits, and goes on from there."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.models import Channel, Warehouse


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
    return bool(changed)
