"""What releasing some holds would free, as a mapping or a file of mappings does."""

from collections.abc import Collection

from django.db.models import Q

from integration.models import Channel
from integration.queries.blast_radius import BlastRadius, radius_of


def freed_by_holds(*, channel: Channel, hold_ids: Collection[int]) -> BlastRadius:
    """Orders of the channel that wait for these holds and for nothing else."""
    return radius_of(channel=channel, holds=Q(id__in=hold_ids))
