"""Asks that every number of a channel is worked out anew: its rules, maps or facilities changed."""

from collections.abc import Collection

import structlog
from django.db import connection as database

from integration.models import Channel

# Made where the channel has none yet: whoever asks first must not be lost.
_ASK = """
INSERT INTO integration_channelstock (
    channel_id, promise_skips_weekends, time_zone, stale_minutes, push_seconds, file_lines, delimiter,
    recompute_asked_at, updated_at
)
SELECT id, true, 'UTC', 30, 60, 50000, ';', app_now(), app_now() FROM unnest(%(channels)s::bigint[]) AS asked(id) ORDER BY id
ON CONFLICT (channel_id) DO UPDATE SET recompute_asked_at = EXCLUDED.recompute_asked_at
"""
log = structlog.get_logger(__name__)


def ask_recompute(*, channels: Collection[Channel], reason: str) -> None:
    """Ask, in the caller's transaction; the next run of the computation does it. `reason` is for the log."""
    if not channels:
        return
    with database.cursor() as cursor:
        cursor.execute(_ASK, {"channels": sorted(channel.pk for channel in channels)})
    log.info("stock.recompute_asked", channels=sorted(channel.code for channel in channels), reason=reason)
