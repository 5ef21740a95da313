"""Stores a Mirakl shop: address, key, lanes. What the shop is like is found out by the test that follows."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.db import transaction

from core.audit import record_audit
from core.limits import ensure_bucket
from core.models import User
from integration.errors import InvalidInputError
from integration.models import LANES, Channel, ChannelStock, FeedCursor, Warehouse
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.forget_shop import forget_shop
from integration.services.stock.lock_numbers import lock_numbers

MIN_POLL_SECONDS, DEFAULT_POLL_SECONDS = 1, 60
CODE = re.compile(r"[A-Za-z0-9_-]{1,40}")


def connect_mirakl(
    *,
    code: str,
    name: str,
    url: str,
    api_key: str,
    shop_id: int | None,
    lanes: Sequence[str] | None,
    poll_seconds: int | None,
    warehouse: Warehouse | None,
    by: User | None,
) -> Channel:
    """Create the channel, or change the one with this code: what is None or empty stays as it is stored, the key too.

    Without a warehouse the only connected one is taken, now or when it comes. A channel that is pointed at another shop
    reads that shop from its beginning. Raises InvalidInputError with a problem per field.
    """
    old = Channel.objects.filter(code=code).first()
    problems = {
        **address_problems(url),
        **code_problems(code, Channel.objects.exclude(code=code).filter(code__iexact=code).exists()),
    }
    if not api_key and old is None:
        problems["api_key"] = "Enter the shop's API key (Mirakl back office, user settings, API key)."
    elif not api_key.isprintable() or not api_key.isascii() or " " in api_key:
        problems["api_key"] = "A key has no blanks, line breaks or special letters: enter it alone."
    unknown = [lane for lane in lanes or () if lane not in LANES]
    if unknown:
        problems["lanes"] = f"Unknown: {', '.join(unknown)}. Lanes are {', '.join(LANES)}."
    if poll_seconds is not None and poll_seconds < MIN_POLL_SECONDS:
        problems["poll_seconds"] = "At least one second. Mirakl publishes one minute as the shortest."
    if problems:
        raise InvalidInputError(problems)
    address = url.rstrip("/")
    is_same_place = old is not None and old.url == address and shop_id in (None, old.shop_id)
    kept = old.shop_id if old is not None and is_same_place else None
    shop = shop_id if shop_id is not None else kept
    values = {
        "name": name or (old.name if old else code),
        "url": address,
        "shop_id": shop,
        "lanes": [lane for lane in LANES if lane in lanes] if lanes is not None else (old.lanes if old else []),
        "poll_seconds": poll_seconds or (old.poll_seconds if old else DEFAULT_POLL_SECONDS),
        "warehouse": warehouse or (old.warehouse if old else None) or only_warehouse(),
    }
    if api_key:
        values["api_key"] = api_key
    moved = None if is_same_place else old
    with transaction.atomic():
        if moved is not None:
            # Before the channel's own row, as those do who write numbers: else they and this wait for each other.
            lock_numbers(moved)
        _refuse_clash(code, address, shop)
        channel, created = Channel.objects.update_or_create(code=code, defaults=values)
        _begin_stock(channel)
        if moved is not None:
            FeedCursor.objects.filter(connection=channel.connection).delete()
            forget_shop(channel=channel)
        record_audit(
            by=by,
            action="channel.connected" if created else "channel.changed",
            subject=channel,
            before={"url": old.url, "shop_id": old.shop_id, "lanes": old.lanes} if old else None,
            after={
                "url": channel.url,
                "shop_id": channel.shop_id,
                "lanes": channel.lanes,
                "key_changed": bool(api_key),
            },
        )
        # One read of the orders per period, whatever crashes: the token is taken before the call.
        ensure_bucket(f"{channel.connection}:orders", capacity=1, rate_per_second=1 / channel.reading_period)
    return channel


def _refuse_clash(code: str, address: str, shop: int | None) -> None:
    clash = Channel.objects.filter(url=address, shop_id=shop).exclude(code=code).first()
    if clash is not None:
        words = f"This shop is already connected as {clash.code}."
        if shop is None:
            words = f"{clash.code} is connected to the same address without a shop number: give both theirs."
        raise InvalidInputError({"shop_id": words})


def _begin_stock(channel: Channel) -> None:
    """What every channel keeps for its stock; what changed while the lane was off was not followed."""
    ChannelStock.objects.get_or_create(channel=channel)
    if channel.has_lane("stock"):
        ask_recompute(channels=[channel], reason="the channel was connected")


def only_warehouse() -> Warehouse | None:
    """The one active warehouse; None when there are several, or none yet."""
    found = list(Warehouse.objects.filter(is_active=True)[:2])
    return found[0] if len(found) == 1 else None


def code_problems(code: str, is_taken: bool) -> dict[str, str]:
    """Why a code cannot be used. Codes that differ in case alone would make order numbers that the warehouse takes for one."""
    if not CODE.fullmatch(code):
        return {"code": "Enter a short code: letters, digits, dashes and underscores, at most 40."}
    if is_taken:
        return {"code": "This code is taken in another spelling of capitals."}
    return {}


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
