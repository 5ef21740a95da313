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
    channels = Channel.objects.defer("api_key", "warehouse__password", "warehouse__client_secret").select_related(
        "warehouse"
    )
    return channels.filter(code=asked.get("channel", "")).first(), asked.get("key", "").strip()


def list_address(request: HttpRequest) -> str:
    """The list of SKUs as the reader had it; htmx tells its address, and only one of this site is believed."""
    current = getattr(request, "htmx", None)
    address: str | None = current.current_url_abs_path if current else None
    return address if address and address.startswith(reverse("sku_maps")) else reverse("sku_maps")
