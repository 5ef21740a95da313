"""Stores a Mirakl shop: address, key, lanes. What the shop is like is found out by the test that follows."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction

from core.audit import record_audit
from core.limits import ensure_bucket
from core.models import User
from integration.errors import InvalidInputError
from integration.models import LANES, Channel, Warehouse

MIN_POLL_SECONDS = 1


def connect_mirakl(
    *,
    code: str,
    name: str,
    url: str,
    api_key: str,
    shop_id: int | None,
    lanes: Sequence[str],
    poll_seconds: int,
    warehouse: Warehouse | None,
    by: User | None,
) -> Channel:
    """Create the channel, or change the one with this code; an empty key keeps the one that is stored.

    Without a warehouse the only connected one is taken. Raises InvalidInputError with a problem per field.
    """
    old = Channel.objects.filter(code=code).first()
    problems = address_problems(url)
    if not code:
        problems["code"] = "Enter a short code, letters, digits and dashes."
    if not api_key and old is None:
        problems["api_key"] = "Enter the shop's API key (Mirakl back office, user settings, API key)."
    unknown = [lane for lane in lanes if lane not in LANES]
    if unknown:
        problems["lanes"] = f"Unknown: {', '.join(unknown)}. Lanes are {', '.join(LANES)}."
    if poll_seconds < MIN_POLL_SECONDS:
        problems["poll_seconds"] = "At least one second. Mirakl publishes one minute as the shortest."
    if problems:
        raise InvalidInputError(problems)
    if warehouse is None and Warehouse.objects.filter(is_active=True).count() == 1:
        warehouse = Warehouse.objects.get(is_active=True)
    with transaction.atomic():
        values = {
            "name": name or code,
            "url": url.rstrip("/"),
            "shop_id": shop_id,
            "lanes": [lane for lane in LANES if lane in lanes],
            "poll_seconds": poll_seconds,
            "warehouse": warehouse or (old.warehouse if old else None),
        }
        if api_key:
            values["api_key"] = api_key
        clash = Channel.objects.filter(url=values["url"], shop_id=shop_id).exclude(code=code).first()
        if clash is not None:
            raise InvalidInputError({"shop_id": f"This shop is already connected as {clash.code}."})
        channel, created = Channel.objects.update_or_create(code=code, defaults=values)
        record_audit(
            by=by,
            action="channel.connected" if created else "channel.changed",
            subject=channel,
            before={"url": old.url, "shop_id": old.shop_id, "lanes": old.lanes} if old else None,
            after={"url": channel.url, "shop_id": shop_id, "lanes": channel.lanes, "key_changed": bool(api_key)},
        )
        # One read of the orders per period, whatever crashes: the token is taken before the call.
        ensure_bucket(f"{channel.connection}:orders", capacity=1, rate_per_second=1 / poll_seconds)
    return channel


def address_problems(url: str) -> dict[str, str]:
    """Why an address cannot be used: it must be https, or plain http to this machine only."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return {"url": "Enter the whole address, with https:// in front."}
    if parts.scheme == "http" and not _is_loopback(parts.hostname):
        return {"url": "Plain http would send the key unprotected: use https (http is for this machine only)."}
    if parts.username or parts.password:
        return {"url": "Leave user and password out of the address."}
    return {}


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
