"""What people did to a connection: connected, changed, tested, paused, lanes, policy."""

from typing import Final

from core.models import AuditEntry
from integration.models import Channel, Warehouse

SHOWN: Final = 20
ACTIONS: Final = {
    "connected": "Connected",
    "changed": "Changed",
    "tested": "Tested",
    "lanes": "Lanes switched",
    "paused": "Paused",
    "resumed": "Resumed",
    "acceptance_policy": "Policy of acceptance set",
}
LABELS: Final = {"url": "address", "shop_id": "shop id", "business_unit": "business unit", "shop": "", "facilities": ""}
# Told by the action's own name, or of no use to a reader.
UNTOLD: Final = {"key_changed", "password_changed", "active"}


def connection_history(connection: Channel | Warehouse) -> list[tuple[AuditEntry, str, str]]:
    """Each entry with what was done and the values it left, the newest first."""
    rows = AuditEntry.objects.filter(subject_type=connection._meta.model_name, subject_id=str(connection.pk))
    return [(row, _action(row), _values(row)) for row in rows.order_by("-at", "-id")[:SHOWN]]


def _action(row: AuditEntry) -> str:
    name = row.action.partition(".")[2]
    after = row.after or {}
    words = ACTIONS.get(name, name.replace("_", " ").capitalize())
    if name == "changed" and (after.get("key_changed") or after.get("password_changed")):
        words += ", with a new key" if "key_changed" in after else ", with a new password"
    return words


def _values(row: AuditEntry) -> str:
    before, after = row.before or {}, row.after or {}
    told = [
        f"{LABELS.get(name, name)} {_text(value)}".strip()
        for name, value in after.items()
        if name not in UNTOLD and before.get(name) != value and value not in (None, "", [])
    ]
    if "lanes" in after and "lanes" in before and not after["lanes"]:
        told.append("no lane is on")
    return "; ".join(told)


def _text(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_text(item)}" for name, item in value.items())
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
