"""Does something for every channel with a lane on, so that one that fails delays no other."""

from collections.abc import Callable

from core.jobs import Counts
from integration.models import Channel


class ChannelsFailedError(ExceptionGroup[Exception]):
    """Some channels failed; the others were done."""


def each_channel(lane: str, work: Callable[[Channel], Counts]) -> Counts:
    """Call `work` for each active channel with the lane on and add up its counts. Raises at the end what was raised."""
    totals: Counts = {}
    errors: list[Exception] = []
    channels = Channel.objects.filter(is_active=True, lanes__contains=[lane]).select_related("warehouse")
    for channel in channels.order_by("code"):
        try:
            counts = work(channel)
        except Exception as error:  # noqa: BLE001 -- kept and raised when the other channels were served
            error.add_note(f"channel {channel.code}")
            errors.append(error)
            continue
        for name, count in counts.items():
            totals[name] = totals.get(name, 0) + count
    if errors:
        message = f"{len(errors)} channels failed"
        raise ChannelsFailedError(message, errors)
    return totals
