"""Stores a page of orders; an order that cannot be stored is kept aside, and never costs the page it stands on."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError

from integration.mirakl.schemas import Order, OrdersPage
from integration.models import Channel
from integration.services.keep_unreadable import Unreadable, clear_unreadable, keep_unreadable
from integration.services.store_orders import Stored, store_orders

FEED = "orders"


@dataclass(frozen=True)
class PageStored:
    """What became of a page."""

    new: int
    changed: int
    unreadable: int


def store_page(*, channel: Channel, page: OrdersPage) -> PageStored:
    """Store the page in one transaction; where that fails for what is in it, order by order."""
    bad = [Unreadable(row.order_id or "", row.raw, row.problem) for row in page.unreadable]
    stored, refused = _store(channel, page.orders)
    bad += refused
    keep_unreadable(connection=channel.connection, feed=FEED, records=bad)
    names = {row.external_id for row in bad}
    clear_unreadable(
        connection=channel.connection,
        feed=FEED,
        external_ids=[order.order_id for order in page.orders if order.order_id not in names],
    )
    return PageStored(new=stored.new, changed=stored.changed, unreadable=len(bad))


def _store(channel: Channel, orders: Sequence[Order]) -> tuple[Stored, list[Unreadable]]:
    try:
        return store_orders(channel=channel, orders=orders), []
    except (OperationalError, InterfaceError):
        # The database is away or busy: no order is to blame, the page is read again.
        raise
    except Exception as error:  # noqa: BLE001 -- whatever one order raises must not cost the others
        if len(orders) == 1:
            return Stored(0, 0, 0), [Unreadable(orders[0].order_id, orders[0].raw, f"{type(error).__name__}: {error}")]
    new = changed = same = 0
    refused: list[Unreadable] = []
    for order in orders:
        stored, bad = _store(channel, [order])
        new, changed, same = new + stored.new, changed + stored.changed, same + stored.same
        refused += bad
    return Stored(new, changed, same), refused
