"""Keeps records that could not be read or stored, whole, so that the feed goes on and a person can look at them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.clock import db_now
from integration.models import UnreadableRecord


@dataclass(frozen=True)
class Unreadable:
    """One such record: its id where it has one, the record itself, and what is wrong with it."""

    external_id: str
    raw: Any
    problem: str


def keep_unreadable(*, connection: str, feed: str, records: Sequence[Unreadable]) -> int:
    """Store each distinct body once, however often it is sent; returns how many were given."""
    if not records:
        return 0
    now = db_now()
    rows = {}
    for record in records:
        text = json.dumps(record.raw, sort_keys=True, default=str).replace("\\u0000", "\\ufffd")
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        rows[digest] = UnreadableRecord(
            connection=connection,
            feed=feed,
            external_id=record.external_id[:200],
            sha256=digest,
            problem=record.problem,
            body=json.loads(text),
            seen_at=now,
        )
    UnreadableRecord.objects.bulk_create(
        rows.values(),
        update_conflicts=True,
        unique_fields=["connection", "feed", "sha256"],
        update_fields=["problem", "cleared_at"],
    )
    return len(records)


def clear_unreadable(*, connection: str, feed: str, external_ids: Sequence[str]) -> int:
    """Say that these records could be read after all, since a readable message of them came; returns how many."""
    waiting = UnreadableRecord.objects.filter(
        connection=connection, feed=feed, external_id__in=external_ids, cleared_at=None
    )
    return waiting.update(cleared_at=db_now()) if external_ids else 0
