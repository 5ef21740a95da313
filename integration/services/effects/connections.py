"""Finds the rows behind the connection names of a batch of effects."""

from collections.abc import Sequence

from core.effects import Claimed
from integration.models import Channel, Warehouse


def channels_of(batch: Sequence[Claimed]) -> dict[str, Channel]:
    """The channel of each connection in the batch, by connection name."""
    codes = {effect.connection.removeprefix("mirakl:") for effect in batch}
    return {channel.connection: channel for channel in Channel.objects.filter(code__in=codes)}


def warehouses_of(batch: Sequence[Claimed]) -> dict[str, Warehouse]:
    """The warehouse of each connection in the batch, by connection name."""
    codes = {effect.connection.removeprefix("deposco:") for effect in batch}
    return {warehouse.connection: warehouse for warehouse in Warehouse.objects.filter(code__in=codes)}
