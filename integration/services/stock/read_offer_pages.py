"""Reads a shop's offers page by page (OF21) and sets them aside: for few of them, or where there is no export."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.clock import db_now
from integration.domain.paging import OffsetWalk
from integration.mirakl.client import MiraklClient
from integration.models import Channel, FeedCursor, UnreadableRecord
from integration.services.keep_unreadable import Unreadable, keep_unreadable
from integration.services.read_patiently import read_patiently
from integration.services.stock.stage_offers import drop_staged, from_listing, stage_offers

# Up to so many offers are read by pages: twenty calls. OF21 is published for looking at pages, not for emptying a shop.
MOST_PAGED: Final = 2000
PAGE: Final = 100
MAX_PAGES: Final = 2000
# Well inside what a worker of the stock queue is given.
LONGEST_SECONDS: Final = 150.0
FEED: Final = "offers"


@dataclass(frozen=True)
class Listing:
    """A listing that was set aside. `names_all`: it is of all offers; `is_whole`: and surely none of them is missing."""

    began: datetime
    rows: int
    unreadable: int
    names_all: bool
    is_whole: bool


def read_offer_pages(
    *, channel: Channel, client: MiraklClient, cursor: FeedCursor, heartbeat: Callable[[], None]
) -> Listing | None:
    """Set aside every offer; None when there are so many that they must be exported. Raises the errors of core.http."""
    drop_staged(channel=channel)
    walk, began, unreadable = OffsetWalk(), db_now(), list[Unreadable]()
    started = time.monotonic()
    for _ in range(MAX_PAGES):
        page = read_patiently(lambda: client.offers(max=PAGE, offset=walk.offset, sort="productTitle", order="asc"))
        if (page.total_count or 0) > MOST_PAGED and "no_export" not in cursor.memory:
            cursor.memory = {**cursor.memory, "listed": page.total_count}
            cursor.save(update_fields=["memory"])
            drop_staged(channel=channel)
            return None
        offers = [staged for offer in page.offers if (staged := from_listing(offer))]
        stage_offers(channel=channel, part=0, offers=offers)
        unreadable += [Unreadable(row.offer_id or "", row.raw, row.problem) for row in page.unreadable]
        heartbeat()
        ids = [offer.offer_id or offer.shop_sku for offer in page.offers] + [
            row.offer_id or "" for row in page.unreadable
        ]
        step = walk.take(ids, rows=page.rows, total=page.total_count, names_next=page.names_next)
        if step == "end":
            break
        if time.monotonic() - started > LONGEST_SECONDS:
            walk.is_sure = False
            break
    keep_what_is_unreadable(channel=channel, records=unreadable)
    # Pages that shifted while they were read may hide an offer behind one that was read twice.
    is_whole = walk.is_sure and not unreadable and len(walk.seen) >= (walk.total or 0)
    return Listing(began=began, rows=len(walk.seen), unreadable=len(unreadable), names_all=True, is_whole=is_whole)


def keep_what_is_unreadable(*, channel: Channel, records: list[Unreadable]) -> None:
    """Keep these rows; a listing without any says that those before can be read by now, or are gone."""
    if records:
        keep_unreadable(connection=channel.connection, feed=FEED, records=records)
    else:
        UnreadableRecord.objects.filter(connection=channel.connection, feed=FEED, cleared_at=None).update(
            cleared_at=db_now()
        )
