"""The address of one row of a map. What marketplaces and warehouses call things may hold any character."""

from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

from integration.models import Channel


def row_address(name: str, channel: str, key: str, **more: str) -> str:
    """The page `name` for one key of a channel."""
    return f"{reverse(name)}?{urlencode({'channel': channel, 'key': key, **more})}"


def asked_for(request: HttpRequest) -> tuple[Channel | None, str]:
    """The channel and key that the address or the form names; None when there is no such channel."""
    asked = request.POST if request.method == "POST" else request.GET
    channels = Channel.objects.defer("api_key", "warehouse__password").select_related("warehouse")
    return channels.filter(code=asked.get("channel", "")).first(), asked.get("key", "").strip()
