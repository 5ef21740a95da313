"""Forgets what was told to and seen at the shop a channel was pointed at before: the new one was told nothing yet."""

from core.clock import db_now
from integration.models import Channel, ListedOffer, OfferStock, StockPush
from integration.models.stock_push import OPEN_PUSH


def forget_shop(*, channel: Channel) -> None:
    """Every number waits to be told again, and nothing counts as seen. Caller holds the lock of the numbers."""
    StockPush.objects.filter(channel=channel, state__in=OPEN_PUSH).update(
        state=StockPush.State.GIVEN_UP, finished_at=db_now(), problem="The channel was pointed at another shop."
    )
    OfferStock.objects.filter(channel=channel).update(
        pushed=None,
        pushed_seq=0,
        pushed_at=None,
        push_id=None,
        refused_at=None,
        refused_words="",
        refusals=0,
        retry_at=None,
        seen=None,
        seen_at=None,
        differs_since=None,
    )
    ListedOffer.objects.filter(channel=channel).delete()
