"""Compares what a shop shows with what it was told: the rule of integration.domain.stock_proof, for a channel at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from integration.models import Channel, ChannelStock
from integration.services.stock.lock_numbers import lock_numbers

SETTLE: Final = timedelta(seconds=60)
# Others wait for the channel's numbers meanwhile, so a first proof of a million gives way every so many offers.
BATCH = 50_000
# A look at every offer whose number is not proved yet, is another than was told, or changed since it was seen. Sales are
# counted from the sending of the file: the shop may have taken them off its number before we knew that the file landed.
# A difference that two readings showed stays until one shows it gone; one that a newer number overtakes before is none.
# A row is written when what it says changes, when it is proved for the first time since it was told, or differs still.
PROVE: Final = """
WITH told AS (
    SELECT offer_sku, bool_and(quantity IS NOT NULL) AS has_quantity
    FROM integration_offerintake WHERE channel_id = %(channel)s GROUP BY offer_sku
), shown AS (
    SELECT o.id, o.offer_sku, o.pushed, o.pushed_at, o.push_id, o.seen, o.seen_at, o.differs_since, l.quantity,
           o.wanted_seq > o.pushed_seq AS has_newer
    FROM integration_offerstock o
    JOIN integration_listedoffer l ON l.channel_id = o.channel_id AND l.offer_sku = o.offer_sku AND l.gone_at IS NULL
    LEFT JOIN told t ON t.offer_sku = o.offer_sku
    WHERE o.channel_id = %(channel)s AND coalesce(t.has_quantity, %(unnamed)s) AND (o.seen_at IS NULL OR o.seen_at <= %(began)s)
      AND (o.seen IS DISTINCT FROM l.quantity OR o.pushed IS DISTINCT FROM l.quantity OR o.differs_since IS NOT NULL
           OR o.seen_at IS NULL OR o.pushed_at > o.seen_at)
      AND o.id > %(after)s
    ORDER BY o.id LIMIT %(batch)s
), judged AS (
    SELECT s.*, CASE
        WHEN s.pushed IS NULL THEN 'untold'
        WHEN s.quantity = s.pushed THEN 'same'
        WHEN s.has_newer THEN 'settling'
        WHEN s.pushed_at IS NULL OR %(began)s < s.pushed_at + make_interval(secs => %(settle)s) THEN 'settling'
        WHEN s.quantity < s.pushed AND s.pushed - s.quantity <= (
            SELECT coalesce(sum(sold.quantity), 0) FROM integration_orderline sold
            JOIN integration_order o ON o.id = sold.order_id
            WHERE sold.offer_sku = s.offer_sku AND o.channel_id = %(channel)s
              AND greatest(o.ordered_at, o.first_seen_at) >= coalesce(
                  (SELECT p.sent_at FROM integration_stockpush p WHERE p.id = s.push_id), s.pushed_at)) THEN 'explained'
        ELSE 'different' END AS verdict
    FROM shown s
), said AS (
    SELECT j.*, CASE j.verdict WHEN 'different' THEN coalesce(j.differs_since, %(now)s)
                               WHEN 'settling' THEN CASE WHEN j.seen_at > j.differs_since THEN j.differs_since END
                               END AS differs
    FROM judged j
), written AS (
    UPDATE integration_offerstock o SET seen = s.quantity, seen_at = %(began)s, differs_since = s.differs
    FROM said s
    WHERE o.id = s.id AND (s.verdict = 'different' OR s.seen IS DISTINCT FROM s.quantity OR s.seen_at IS NULL
        OR s.differs IS DISTINCT FROM s.differs_since OR (s.pushed_at > s.seen_at AND s.seen_at < %(began)s))
    RETURNING s.verdict, s.differs_since IS NULL AND s.differs IS NOT NULL AS is_new
)
SELECT count(*), count(*) FILTER (WHERE verdict = 'different'), count(*) FILTER (WHERE is_new),
    (SELECT max(id) FROM shown) FROM written"""


@dataclass(frozen=True)
class Proved:
    """How many offers' proof was written, how many of them differ, and how many of these did not before."""

    written: int = 0
    different: int = 0
    newly: int = 0


def prove_offers(
    *,
    channel: Channel,
    began: datetime,
    now: datetime,
    is_full: bool,
    unnamed_too: bool,
    heartbeat: Callable[[], None] = lambda: None,
) -> Proved:
    """Compare the offers that the listing names, set aside and stored by now, with what the channel was told.

    `began`: the moment for which it speaks. `unnamed_too`: the listing is of changes, so other offers are as known.


    A number is judged once it had a minute to settle before the reading began and no newer one waits; what was sold
    since explains a lower one. A reading older than the one that an offer was last compared with changes nothing.
    """
    values: dict[str, Any] = {"channel": channel.pk, "began": began, "now": now, "unnamed": unnamed_too}
    values |= {"settle": SETTLE.total_seconds(), "batch": BATCH}
    done = Proved()
    after: int | None = 0
    while after is not None:
        with transaction.atomic(), database.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = '180s'")
            lock_numbers(channel)
            cursor.execute(PROVE, {**values, "after": after})
            written, different, newly, after = cursor.fetchone()
        done = Proved(done.written + written, done.different + different, done.newly + newly)
        heartbeat()
    stamps = {"proved_at": now, **({"proved_fully_at": now} if is_full else {})}
    ChannelStock.objects.filter(channel=channel).update(**stamps)
    return done
