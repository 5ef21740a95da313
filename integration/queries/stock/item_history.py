"""The last days of an item: its ATP hour by hour, the numbers its offers were told, and the moves one by one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Final

from integration.models import ItemStockHour, OfferStockHour, StockItem, StockMove
from integration.queries.stock.item_stock import OfferOfItem
from integration.queries.stock.stock_matrix import NOTHING

DAYS: Final = 14
MOVES_SHOWN: Final = 30
# Moves since the last rolled-up hour: a few hours of a busy item.
MOVES_READ: Final = 500
OFFERS_DRAWN: Final = 4
HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Point:
    """From this moment on it was this number, until the next point."""

    at: datetime
    number: int


@dataclass(frozen=True)
class Series:
    """One line of the chart, the oldest point first."""

    name: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class History:
    """What the chart draws. Only the offers with the most to tell are drawn; `left_out` says how many are not."""

    since: datetime
    until: datetime
    series: list[Series]
    left_out: int


def history_of(item: StockItem, atp: Decimal | None, offers: Sequence[OfferOfItem], now: datetime) -> History:
    """The last days, from rollups by the hour and, for the hours that have none yet, from the moves themselves."""
    since = now - timedelta(days=DAYS)
    drawn, told = _told(offers, since)
    series = [Series("Available to promise", _with_now(_atp_points(item, atp, since), atp, now))]
    for offer in drawn:
        pushed = offer.stock.pushed if offer.stock else None
        points = told.get((offer.channel.pk, offer.offer_sku), [])
        series.append(Series(f"{offer.channel.name} {offer.offer_sku}", _with_now(points, pushed, now)))
    return History(
        since=since,
        until=now,
        series=[line for line in series if line.points],
        left_out=len(offers) - len(drawn),
    )


def moves_of(item: StockItem) -> list[StockMove]:
    """The last changes of its ATP, the newest first."""
    rows = StockMove.objects.filter(warehouse_id=item.warehouse_id, item_number=item.number)
    return list(rows.order_by("-at", "-id")[:MOVES_SHOWN])


def _told(
    offers: Sequence[OfferOfItem], since: datetime
) -> tuple[list[OfferOfItem], dict[tuple[int, str], list[Point]]]:
    rows = OfferStockHour.objects.filter(
        channel_id__in={offer.channel.pk for offer in offers},
        offer_sku__in={offer.offer_sku for offer in offers},
        hour__gte=since,
    ).order_by("hour")
    told: dict[tuple[int, str], list[Point]] = {}
    for row in rows:
        told.setdefault((row.channel_id, row.offer_sku), []).append(Point(row.hour + HOUR, row.last))
    by_news = sorted(offers, key=lambda offer: -len(told.get((offer.channel.pk, offer.offer_sku), ())))
    chosen = {id(offer) for offer in by_news[:OFFERS_DRAWN]}
    return [offer for offer in offers if id(offer) in chosen], told


def _atp_points(item: StockItem, atp: Decimal | None, since: datetime) -> list[Point]:
    hours = ItemStockHour.objects.filter(warehouse_id=item.warehouse_id, item_number=item.number, hour__gte=since)
    points = [Point(row.hour + HOUR, int(row.last)) for row in hours.order_by("hour")]
    rolled_up_to = points[-1].at if points else since
    moves = StockMove.objects.filter(warehouse_id=item.warehouse_id, item_number=item.number, at__gte=rolled_up_to)
    # From what there is now, backwards: what a move made of it stood until the move after it.
    left, after = atp or NOTHING, []
    for move in moves.order_by("-at", "-id")[:MOVES_READ]:
        after.append(Point(move.at, int(left)))
        left -= max(NOTHING, move.after or NOTHING) - max(NOTHING, move.before or NOTHING)
    if after and not points:
        points.append(Point(max(since, after[-1].at - HOUR), int(left)))
    return points + after[::-1]


def _with_now(points: list[Point], number: Decimal | int | None, now: datetime) -> tuple[Point, ...]:
    past = [point if point.at <= now else Point(now, point.number) for point in points]
    if number is not None:
        past.append(Point(now, int(number)))
    return tuple(past)
