"""How often stock may be told and asked about, as Mirakl publishes it: a bucket for each limit, its token taken before a call."""

from typing import Any, Final

from django.db import connection as database

from core.limits import ensure_bucket
from core.models import Bucket
from integration.models import Channel, ChannelStock
from integration.models.channel import LONGEST_MARGIN, MARGIN

KIND: Final = "mirakl.push_stock"
STATUS_SECONDS, REPORT_SECONDS = 15.0, 60.0
# Whether a call could be made now: nothing is taken, so that a plan neither spends a token nor waits with one.
_IS_FREE: Final = """
SELECT NOT EXISTS (
    SELECT 1 FROM core_bucket k WHERE k.name = ANY(%(buckets)s)
    AND (k.blocked_until > app_now() OR (k.capacity >= 1 AND LEAST(k.capacity,
         k.tokens + k.rate * GREATEST(0, EXTRACT(EPOCH FROM app_now() - k.updated_at))) < 1)))
AND NOT EXISTS (SELECT 1 FROM core_breaker b
                WHERE b.name = %(breaker)s AND b.state = 'open' AND b.opened_until > app_now())
"""


def calls_bucket(channel: Channel) -> str:
    """The bucket that is blocked when the whole connection was asked to wait."""
    return f"{channel.connection}:calls"


def push_bucket(channel: Channel) -> str:
    """STO01's bucket. Named as the runner of effects names a kind's, so that it claims none while this one is blocked."""
    return f"{channel.connection}:{KIND}"


def status_bucket(channel: Channel) -> str:
    """STO02's bucket."""
    return f"{channel.connection}:STO02"


def report_bucket(channel: Channel) -> str:
    """STO03's bucket."""
    return f"{channel.connection}:STO03"


def apart(seconds: float) -> float:
    """So many seconds and a hair more: two calls may arrive closer together than they were sent."""
    return seconds + min(LONGEST_MARGIN, seconds * MARGIN)


def keep_pace(channel: Channel, stock: ChannelStock) -> None:
    """Make the three buckets, or give them the channel's present figures; what is in them stays."""
    wanted = {
        push_bucket(channel): 1 / apart(stock.push_seconds),
        status_bucket(channel): 1 / apart(min(STATUS_SECONDS, stock.push_seconds)),
        report_bucket(channel): 1 / apart(min(REPORT_SECONDS, stock.push_seconds)),
    }
    known = dict(Bucket.objects.filter(name__in=wanted, capacity=1).values_list("name", "rate"))
    for name, rate in wanted.items():
        if known.get(name) != rate:
            ensure_bucket(name, capacity=1, rate_per_second=rate)


def may_push(channel: Channel) -> bool:
    """Whether a file could be sent now, as far as limits and the connection's breaker tell."""
    values: dict[str, Any] = {
        "buckets": [push_bucket(channel), calls_bucket(channel)],
        "breaker": f"conn:{channel.connection}",
    }
    with database.cursor() as cursor:
        cursor.execute(_IS_FREE, values)
        return bool(cursor.fetchone()[0])
