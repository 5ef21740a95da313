"""Keeps a record that could not be read, whole, so that the feed goes on and a person can look at it."""

import hashlib
import json
from collections.abc import Sequence

from core.clock import db_now
from integration.mirakl.schemas import UnreadableOrder
from integration.models import UnreadableRecord


def keep_unreadable(*, connection: str, feed: str, records: Sequence[UnreadableOrder]) -> int:
    """Store each distinct body once, however often it is sent; returns how many were given."""
    if not records:
        return 0
    now = db_now()
    rows = [
        UnreadableRecord(
            connection=connection,
            feed=feed,
            external_id=record.order_id or "",
            sha256=hashlib.sha256(json.dumps(record.raw, sort_keys=True, default=str).encode()).hexdigest(),
            problem=record.problem,
            body=json.loads(json.dumps(record.raw, default=str)),
            seen_at=now,
        )
        for record in records
    ]
    UnreadableRecord.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
