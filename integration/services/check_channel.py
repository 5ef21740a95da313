"""Tests a shop's connection with reads only, and stores what was found: who the shop is and how its operator works."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.http import AuthError, HttpError, NotSentError, StatusError, ThrottledError
from core.limits import close_breaker
from core.models import User
from integration.gateways import mirakl_for
from integration.mirakl.client import MiraklClient
from integration.mirakl.schemas import Account, AdditionalField, Carrier, Platform, Reason, ShippingType
from integration.models import Channel, Hold
from integration.services.guard_connection import note_failure
from integration.services.release_holds import release_holds

Answer = TypeVar("Answer")
SERVER_ERROR = 500


@dataclass(frozen=True)
class ProbeResult:
    """What a test found. `ok` says that it could be finished; `problems` are sentences that say what to do."""

    ok: bool
    summary: str
    found: dict[str, Any]
    problems: tuple[str, ...]


def check_channel(*, channel: Channel, by: User | None) -> ProbeResult:
    """Read account, configuration, shipping types, carriers and reasons, and store them on the channel.

    A key may be kept from some of these: that is said, and the rest is used. A good test closes the connection's
    breaker, so that lanes that stopped at a refused key go on by themselves.
    """
    client, recorder = mirakl_for(channel)
    problems: list[str] = []
    try:
        account = client.account()
        found = _read(client, account, problems)
    except HttpError as error:
        # The answer to a person says it; the lanes go on by their own calls, unless it was the key.
        if isinstance(error, AuthError):
            note_failure(channel.connection, error)
        words = _plain(error)
        return ProbeResult(ok=False, summary=words, found={}, problems=(words,))
    finally:
        recorder.flush()
    clash = _other_channel(channel, account)
    if clash:
        return ProbeResult(ok=False, summary=clash, found={}, problems=(clash,))
    problems += _problems(channel, found)
    _store(channel, found, by)
    close_breaker(f"conn:{channel.connection}")
    summary = f"{found['shop_name']} ({found['shop_state']}), {found['currency']}, {len(found['carriers'])} carriers"
    return ProbeResult(ok=True, summary=summary, found=found, problems=tuple(problems))


def _store(channel: Channel, found: dict[str, Any], by: User | None) -> None:
    with transaction.atomic():
        has_other_carriers = channel.found.get("carriers") != found["carriers"]
        channel.found = found
        channel.currency = found["currency"][:3] or channel.currency
        channel.auto_accepted = found["order_acceptance"] == "AUTOMATIC"
        # Not told is tried: the first ST01 that is answered with 404 says that there is no such feature.
        channel.multi_shipment = found["multi_shipment"] is not False
        channel.free_carriers = not found["free_carriers_forbidden"]
        channel.shop_id = channel.shop_id or found["shop_id"]
        channel.tested_at = db_now()
        fields = ["found", "currency", "auto_accepted", "multi_shipment", "free_carriers", "shop_id", "tested_at"]
        channel.save(update_fields=fields)
        if has_other_carriers:
            # What no carrier of the old list fitted may fit one of the new.
            holds = Hold.objects.filter(
                order__channel=channel, kind="shipment.carrier_unmapped", released_at=None
            ).values_list("id", flat=True)
            release_holds(hold_ids=list(holds), by=None, how="The operator's carriers were read again")
        record_audit(by=by, action="channel.tested", subject=channel, before=None, after={"shop": found["shop_name"]})


def _read(client: MiraklClient, account: Account, problems: list[str]) -> dict[str, Any]:
    def may(words: str, read: Callable[[], Answer], default: Answer) -> Answer:
        """A read that the rest can do without, when the key or the operator refuses it."""
        try:
            return read()
        except ThrottledError:
            raise
        except StatusError as error:
            if error.status >= SERVER_ERROR:
                raise
            problems.append(f"This key may not read {words} (answer {error.status}): what depends on it is guessed.")
            return default

    no_carriers: list[Carrier] = []
    no_types: list[ShippingType] = []
    no_reasons: list[Reason] = []
    no_fields: list[AdditionalField] = []
    platform = may("the operator's configuration (PC01)", client.platform_configuration, Platform())
    return {
        "version": may("the version (V01)", lambda: client.version().version, ""),
        "shop_id": account.shop_id,
        "shop_name": account.shop_name,
        "shop_state": account.shop_state,
        "currency": account.currency_iso_code,
        "order_acceptance": platform.order_acceptance,
        "multi_shipment": platform.multi_shipment,
        "free_carriers_forbidden": bool(platform.disable_seller_alternative_carrier),
        "addresses_before_acceptance": bool(platform.addresses_before_acceptance),
        "order_tax_mode": platform.order_tax_mode,
        "time_zone": platform.timezone,
        "carriers": [
            {
                "code": carrier.code,
                "label": carrier.label,
                "standard_code": carrier.standard_code,
                "tracking_url": carrier.tracking_url,
            }
            for carrier in may("the carriers (SH21)", client.carriers, no_carriers)
        ],
        "shipping_types": [
            {"code": method.code, "label": method.label, "mandatory_tracking": bool(method.mandatory_tracking)}
            for method in may("the shipping types (SH12)", client.shipping_types, no_types)
        ],
        "reasons": [
            {"code": reason.code, "label": reason.label, "type": reason.type}
            for reason in may("the reasons (RE01)", client.reasons, no_reasons)
            if reason.is_shop_right
        ],
        "order_fields": [
            {"code": field.code, "label": field.label, "required": bool(field.required)}
            for field in may("the additional fields (AF01)", client.additional_fields, no_fields)
            if field.entity in ("ORDER", "ORDER_LINE")
        ],
    }


def _other_channel(channel: Channel, account: Account) -> str:
    """Why this shop cannot be this channel: it is connected as another one already."""
    shop_id = channel.shop_id if channel.shop_id is not None else account.shop_id
    other = Channel.objects.filter(url=channel.url, shop_id=shop_id).exclude(pk=channel.pk).first()
    return "" if other is None else f"Shop {shop_id} is already connected as {other.code}."


def _problems(channel: Channel, found: dict[str, Any]) -> list[str]:
    problems = []
    if channel.shop_id not in (None, found["shop_id"]):
        problems.append(
            f"Asked for shop {channel.shop_id}, the key answered for shop {found['shop_id']}: check the shop's number."
        )
    if found["shop_state"] not in ("OPEN", ""):
        problems.append(f"The shop is {found['shop_state']}: it sells nothing until Mirakl opens it.")
    if not found["carriers"]:
        problems.append("The operator lists no carriers: dispatches will need free carrier names.")
    if channel.has_lane("acceptance") and found["order_acceptance"] == "AUTOMATIC":
        problems.append("The operator accepts orders by itself: the acceptance lane has nothing to send.")
    return problems


def _plain(error: HttpError) -> str:
    if isinstance(error, AuthError):
        return (
            "The key was refused. Make a new one in the Mirakl back office (user settings, API key) and enter it here."
        )
    if isinstance(error, NotSentError):
        return f"The address does not answer: {error}. Check it, and whether this machine may reach it."
    return f"The test could not be finished: {error}. Nothing was changed; test again."
