"""Switches the lanes of a channel, each apart from the others."""

from collections.abc import Sequence

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.errors import InvalidInputError
from integration.models import LANES, Channel, StockFinding
from integration.services.stock.ask_recompute import ask_recompute


def set_lanes(*, channel: Channel, lanes: Sequence[str], by: User | None) -> Channel:
    """Store which lanes are live. Import and dispatch need a warehouse: InvalidInputError without one."""
    unknown = [lane for lane in lanes if lane not in LANES]
    if unknown:
        raise InvalidInputError({"lanes": f"Unknown: {', '.join(unknown)}."})
    if channel.warehouse_id is None and {"import", "dispatch", "stock"} & set(lanes):
        raise InvalidInputError({"lanes": "Connect a warehouse first: import, dispatch and stock need one."})
    with transaction.atomic():
        before = list(channel.lanes)
        channel.lanes = [lane for lane in LANES if lane in lanes]
        channel.save(update_fields=["lanes"])
        if "stock" in set(channel.lanes) - set(before):
            # What was touched while it was off was not worked out.
            ask_recompute(channels=[channel], reason="the lane was switched on")
        if "stock" in set(before) - set(channel.lanes):
            # Nobody looks any more, so what was seen last is not what is wrong.
            StockFinding.objects.filter(channel=channel, cleared_at=None).update(cleared_at=db_now())
        record_audit(
            by=by, action="channel.lanes", subject=channel, before={"lanes": before}, after={"lanes": channel.lanes}
        )
    return channel
