"""The day it is where a channel sells: rules with dates go by it."""

from datetime import date, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def local_day(zone: str, moment: datetime) -> date:
    """The day of the moment in that zone; by UTC where nobody knows the zone."""
    try:
        return moment.astimezone(ZoneInfo(zone)).date()
    except (ZoneInfoNotFoundError, ValueError):
        return moment.date()
