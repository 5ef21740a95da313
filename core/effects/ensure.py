"""Asks for effects, in the transaction of the fact that makes them necessary."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import db_now
from core.models import Effect


@dataclass(frozen=True)
class NewEffect:
    """An effect that is wanted. Lower `priority` goes first; 0 is for acceptance."""

    kind: str
    connection: str
    business_key: str
    payload: Mapping[str, Any]
    subject_id: int | None = None
    priority: int = 100
    deadline_at: datetime | None = None


def ensure_effects(rows: Sequence[NewEffect]) -> int:
    """Write the effects that do not exist yet; those that do stay as they are. Returns how many rows were given."""
    if not rows:
        return 0
    now = db_now()
    Effect.objects.bulk_create(
        [
            Effect(
                kind=row.kind,
                connection=row.connection,
                business_key=row.business_key,
                subject_id=row.subject_id,
                payload=json.loads(_canonical(row.payload)),
                payload_hash=hashlib.sha256(_canonical(row.payload).encode()).hexdigest(),
                priority=row.priority,
                deadline_at=row.deadline_at,
                next_attempt_at=now,
                created_at=now,
            )
            for row in rows
        ],
        ignore_conflicts=True,
    )
    return len(rows)


def ensure_effect(row: NewEffect) -> Effect:
    """Write one effect if it does not exist yet, and return the row that stands."""
    ensure_effects([row])
    return Effect.objects.get(kind=row.kind, connection=row.connection, business_key=row.business_key)


def _canonical(payload: Mapping[str, Any]) -> str:
    return json.dumps(payload, sort_keys=True, default=str)
