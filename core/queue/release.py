"""Gives back what a dead group of processes still held, so that others need not wait for its leases to end.

Only for groups of which every process is dead: what was sent is read back all the same, since its rows say it was.
"""

import uuid

from django.db import connection, transaction

_JOBS = """
UPDATE core_periodic SET lease_until = NULL WHERE lease_until > app_now() AND lease_owner LIKE %s
"""
# Wake-ups that the group had taken are lost with it: the beats of its queue are called anew at once.
_BEATS = "UPDATE core_periodic SET ticked_at = NULL WHERE queue = %s AND epoch > done_epoch"
_EFFECTS = """
UPDATE core_effect SET lease_until = app_now()
WHERE state = 'in_flight' AND lease_until > app_now() AND lease_owner LIKE %s
"""


def new_group() -> str:
    """A name for one start of a group of processes, never used again."""
    return uuid.uuid4().hex[:12]


def release(group: str, queue: str | None) -> int:
    """End every lease of the group. Returns how many effects were given back."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_JOBS, [f"{group}:%"])
        if queue:
            cursor.execute(_BEATS, [queue])
        cursor.execute(_EFFECTS, [f"{group}:%"])
        return int(cursor.rowcount)
