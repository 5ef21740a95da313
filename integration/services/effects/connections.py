"""Finds the rows behind the connection names of a batch of effects, and keeps back what must not be sent now."""

from collections.abc import Mapping, Sequence

from core.classify import NO_TOKEN
from core.effects import Claimed
from core.outcomes import Outcome, OutcomeClass
from integration.models import Channel, Warehouse

# How long an effect of a paused connection, or of a lane that is off, rests until it is looked at again.
REST_SECONDS = 15.0


def channels_of(batch: Sequence[Claimed]) -> dict[str, Channel]:
    """The channel of each connection in the batch, by connection name."""
    codes = {effect.connection.removeprefix("mirakl:") for effect in batch}
    return {channel.connection: channel for channel in Channel.objects.filter(code__in=codes)}


def warehouses_of(batch: Sequence[Claimed]) -> dict[str, Warehouse]:
    """The warehouse of each connection in the batch, by connection name."""
    codes = {effect.connection.removeprefix("deposco:") for effect in batch}
    return {warehouse.connection: warehouse for warehouse in Warehouse.objects.filter(code__in=codes)}


def sendable(
    batch: Sequence[Claimed], channels: Mapping[str, Channel], *, lane: str
) -> tuple[list[Claimed], dict[int, Outcome]]:
    """Those whose channel is there, is not paused and has the lane on; and for the others the word that they wait."""
    ready: list[Claimed] = []
    later: dict[int, Outcome] = {}
    for effect in batch:
        channel = channels.get(effect.connection)
        if channel is not None and channel.has_lane(lane):
            ready.append(effect)
        else:
            later[effect.id] = paused(f"The lane {lane} of {effect.connection} is off")
    return ready, later


def is_paused(connection: Channel | Warehouse | None) -> bool:
    """Whether a person has paused the connection: then nothing at all is called."""
    return connection is None or not connection.is_active


def paused(words: str = "The connection is paused") -> Outcome:
    """Not now, and nobody's failure."""
    return Outcome(OutcomeClass.NOT_SENT, NO_TOKEN, words, retry_after=REST_SECONDS)
