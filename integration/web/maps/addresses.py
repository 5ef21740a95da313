"""The address of one row of a map. What marketplaces and warehouses call things may hold any character."""

from urllib.parse import urlencode

from django.urls import reverse


def row_address(name: str, channel: str, key: str) -> str:
    """The page `name` for one key of a channel."""
    return f"{reverse(name)}?{urlencode({'channel': channel, 'key': key})}"
