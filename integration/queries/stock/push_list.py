"""Files of numbers told to shops, and the lines of one."""

from datetime import timedelta

from django.db.models import QuerySet

from integration.models import StockPush, StockPushLine


def listed_pushes() -> QuerySet[StockPush]:
    """Every file with its channel; ordering is left to the caller."""
    return StockPush.objects.select_related("channel").defer("channel__api_key")


def lines_of_push(push: StockPush) -> QuerySet[StockPushLine]:
    """The lines of one file. Its day is named too, so that the other days' tables are not looked into."""
    return StockPushLine.objects.filter(day=push.day, push_id=push.pk)


def push_took(push: StockPush) -> timedelta | None:
    """How long the marketplace worked on it; None before its end. Two clocks that disagree give no negative."""
    if push.sent_at is None or push.finished_at is None:
        return None
    return max(timedelta(0), push.finished_at - push.sent_at)
