"""A person's button: tell numbers again, whether they changed or not."""

from collections.abc import Iterable
from typing import Any, Final

from django.db import connection as database
from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from integration.models import Channel, StockPush
from integration.services.stock.lock_numbers import lock_numbers
from integration.services.stock.tell_again import tell_again

# One number of the sequence for all: whatever was told before is older. A refused number need not wait any longer.
_AGAIN_PUSH: Final = """
WITH seq AS MATERIALIZED (SELECT nextval('integration_stock_seq') AS seq)
UPDATE integration_offerstock o SET wanted_seq = seq.seq, retry_at = NULL
FROM seq, integration_stockpushline l
WHERE l.day = %(day)s AND l.push_id = %(push)s
  AND o.channel_id = %(channel)s AND o.wanted IS NOT NULL AND o.offer_sku = l.offer_sku
"""
AUDITED: Final = 100


def push_again(
    *, channel: Channel, by: User | None, offer_skus: Iterable[str] = (), push: StockPush | None = None
) -> int:
    """Tell the present numbers of these offers, or of every offer of a push, with the next file. How many offers that is.

    After a push that failed the next file need not wait any longer either.
    """
    skus = sorted(set(offer_skus))
    with transaction.atomic():
        lock_numbers(channel)
        count = tell_again(channel=channel, offer_skus=skus) if push is None else _of_push(channel, push)
        if push is not None and push.state == StockPush.State.FAILED:
            StockPush.objects.filter(pk=push.pk).update(again_at=db_now(), again_by=by)
        after = {"offers": count, "offer_skus": skus[:AUDITED], "push": push.pk if push else None}
        record_audit(by=by, action="stock.pushed_again", subject=channel, before=None, after=after)
    return count


def _of_push(channel: Channel, push: StockPush) -> int:
    values: dict[str, Any] = {"channel": channel.pk, "day": push.day, "push": push.pk}
    with database.cursor() as cursor:
        cursor.execute(_AGAIN_PUSH, values)
        return int(cursor.rowcount)
