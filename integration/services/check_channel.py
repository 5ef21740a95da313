"""Tests a shop's connection with reads only, and stores what was found: who the shop is and how its operator works."""

from dataclasses import dataclass
from typing import Any

from core.audit import record_audit
from core.clock import db_now
from core.http import AuthError, HttpError, NotSentError
from core.limits import close_breaker
from core.models import User
from integration.gateways import mirakl_for
from integration.mirakl.client import MiraklClient
from integration.models import Channel


@dataclass(frozen=True)
class ProbeResult:
    """What a test found. `problems` are sentences that say what to do."""

    ok: bool
    summary: str
    found: dict[str, Any]
    problems: tuple[str, ...]


def check_channel(*, channel: Channel, by: User | None) -> ProbeResult:
    """Read account, configuration, shipping types, carriers and reasons, and store them on the channel.

    A good test closes the connection's breaker, so that lanes that stopped at a refused key go on by themselves.
    """
    client, recorder = mirakl_for(channel)
    try:
        found = _read(client)
    except HttpError as error:
        return ProbeResult(ok=False, summary=_plain(error), found={}, problems=(_plain(error),))
    finally:
        recorder.flush()
    channel.found = found
    channel.currency = found["currency"] or channel.currency
    channel.auto_accepted = found["order_acceptance"] == "AUTOMATIC"
    channel.multi_shipment = bool(found["multi_shipment"])
    channel.free_carriers = not found["free_carriers_forbidden"]
    channel.shop_id = channel.shop_id or found["shop_id"]
    channel.tested_at = db_now()
    channel.save(
        update_fields=["found", "currency", "auto_accepted", "multi_shipment", "free_carriers", "shop_id", "tested_at"]
    )
    close_breaker(f"conn:{channel.connection}")
    record_audit(by=by, action="channel.tested", subject=channel, before=None, after={"shop": found["shop_name"]})
    problems = _problems(found)
    summary = f"{found['shop_name']} ({found['shop_state']}), {found['currency']}, {len(found['carriers'])} carriers"
    return ProbeResult(ok=not problems, summary=summary, found=found, problems=problems)


def _read(client: MiraklClient) -> dict[str, Any]:
    account = client.account()
    platform = client.platform_configuration()
    return {
        "version": client.version().version,
        "shop_id": account.shop_id,
        "shop_name": account.shop_name,
        "shop_state": account.shop_state,
        "currency": account.currency_iso_code or "",
        "order_acceptance": platform.order_acceptance or "",
        "multi_shipment": bool(platform.multi_shipment),
        "free_carriers_forbidden": bool(platform.disable_seller_alternative_carrier),
        "addresses_before_acceptance": bool(platform.addresses_before_acceptance),
        "order_tax_mode": platform.order_tax_mode or "",
        "time_zone": platform.timezone or "",
        "carriers": [
            {
                "code": carrier.code,
                "label": carrier.label,
                "standard_code": carrier.standard_code or "",
                "tracking_url": carrier.tracking_url or "",
            }
            for carrier in client.carriers()
        ],
        "shipping_types": [
            {"code": method.code, "label": method.label, "mandatory_tracking": bool(method.mandatory_tracking)}
            for method in client.shipping_types()
        ],
        "reasons": [
            {"code": reason.code, "label": reason.label, "type": reason.type}
            for reason in client.reasons()
            if reason.is_shop_right
        ],
        "order_fields": [
            {"code": field.code, "label": field.label, "required": bool(field.required)}
            for field in client.additional_fields()
            if field.entity in ("ORDER", "ORDER_LINE")
        ],
    }


def _problems(found: dict[str, Any]) -> tuple[str, ...]:
    problems = []
    if found["shop_state"] not in ("OPEN", ""):
        problems.append(f"The shop is {found['shop_state']}: it sells nothing until Mirakl opens it.")
    if not found["carriers"]:
        problems.append("The operator lists no carriers: dispatches will need free carrier names.")
    return tuple(problems)


def _plain(error: HttpError) -> str:
    if isinstance(error, AuthError):
        return (
            "The key was refused. Make a new one in the Mirakl back office (user settings, API key) and enter it here."
        )
    if isinstance(error, NotSentError):
        return f"The address does not answer: {error}. Check it, and whether this machine may reach it."
    return f"The test could not be finished: {error}. Nothing was changed; test again."
