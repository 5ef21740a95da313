"""Asks for effects as they should be now: one that was not sent yet, or waits for a person, takes the new payload."""

import hashlib
import json
from collections.abc import Sequence

from core.clock import db_now
from core.effects import NewEffect, ensure_effects, rearm
from core.models import Effect


def put_effects(effects: Sequence[NewEffect]) -> None:
    """Write what is new. A parked one is armed again with its new payload, and read back before it is sent again.

    One that is being sent, waits to be read back or is done stays as it was sent; one that was dropped before anything
    was made begins anew. Caller owns the transaction.
    """
    wanted = {(effect.kind, effect.connection, effect.business_key): effect for effect in effects}
    present = [
        row
        for row in Effect.objects.select_for_update().filter(
            kind__in={effect.kind for effect in effects},
            connection__in={effect.connection for effect in effects},
            business_key__in=[effect.business_key for effect in effects],
            state__in=("ready", "parked", "cancelled", "done"),
        )
        if (row.kind, row.connection, row.business_key) in wanted and (row.state != "done" or was_dropped(row))
    ]
    now = db_now()
    for row in present:
        new = wanted[row.kind, row.connection, row.business_key]
        if row.state == "ready" and row.first_sent_at is not None:
            continue
        text = json.dumps(new.payload, sort_keys=True, default=str)
        row.payload, row.payload_hash = json.loads(text), hashlib.sha256(text.encode()).hexdigest()
        row.deadline_at, row.subject_id = new.deadline_at, new.subject_id
        row.next_attempt_at = now
        fields = ["payload", "payload_hash", "deadline_at", "subject_id", "next_attempt_at"]
        if row.state in ("cancelled", "done"):
            row.state, row.done_at, row.result, row.first_sent_at = "ready", None, {}, None
            fields += ["state", "done_at", "result", "first_sent_at"]
        row.save(update_fields=fields)
    parked = [row.id for row in present if row.state == "parked"]
    if parked:
        rearm(effect_ids=parked, by=None, note="planned again after a fix")
    ensure_effects(effects)


def was_dropped(effect: Effect) -> bool:
    """Whether the effect ended without anything having been made: withdrawn, or the far side has no such feature."""
    return bool(effect.result.get("withdrawn") or effect.result.get("no_multi_shipment"))
