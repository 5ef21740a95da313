"""The lock under which the numbers of a channel are written: whoever works them out and whoever tells them take it."""

from typing import Final

from django.db import connection as database

from integration.models import Channel

NUMBERS: Final = 6_815_002
# Working out a whole channel takes a while, and what landed must be written all the same.
PATIENCE: Final = "50s"


def lock_numbers(channel: Channel) -> None:
    """Wait for the numbers of the channel, until the end of the caller's transaction."""
    with database.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [PATIENCE])
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::int)", [NUMBERS, channel.pk])


def try_to_lock_numbers(channel: Channel) -> bool:
    """Take the numbers of the channel if nobody has them; False when somebody does, and then it is soon tried again."""
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s::int)", [NUMBERS, channel.pk])
        return bool(cursor.fetchone()[0])
