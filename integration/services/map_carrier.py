"""Says which carrier of the operator a carrier word of the warehouse is, and frees the parcels that waited for it."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.errors import InvalidInputError
from integration.models import CarrierMapping, Channel, Hold
from integration.services.release_holds import Released, release_holds


def map_carrier(
    *,
    channel: Channel,
    wms_carrier: str,
    carrier_code: str = "",
    carrier_name: str = "",
    tracking_url: str = "",
    by: User | None,
) -> Released:
    """Set the row for the carrier word: a code of the operator's list, or a free name where the operator allows it.

    Raises InvalidInputError when neither is given, when a free name is not allowed, or when the code is not one that the
    operator listed at the last connection test.
    """
    _refuse_bad_target(channel, wms_carrier, carrier_code, carrier_name)
    after = {"carrier_code": carrier_code, "carrier_name": carrier_name, "tracking_url": tracking_url}
    with transaction.atomic():
        old = CarrierMapping.objects.filter(channel=channel, wms_carrier=wms_carrier).first()
        CarrierMapping.objects.update_or_create(
            channel=channel, wms_carrier=wms_carrier, defaults={**after, "updated_by": by}
        )
        record_audit(
            by=by,
            action="carrier_map.set",
            subject=f"channel:{channel.code} carrier:{wms_carrier}",
            before={"carrier_code": old.carrier_code, "carrier_name": old.carrier_name} if old else None,
            after=after,
        )
        holds = Hold.objects.filter(
            order__channel=channel, kind="shipment.carrier_unmapped", cause_key=wms_carrier, released_at=None
        ).values_list("id", flat=True)
        return release_holds(hold_ids=list(holds), by=by, how=f"Carrier {wms_carrier} mapped")


def _refuse_bad_target(channel: Channel, wms_carrier: str, carrier_code: str, carrier_name: str) -> None:
    problems: dict[str, str] = {}
    known = {str(carrier.get("code", "")) for carrier in channel.found.get("carriers", [])}
    if not wms_carrier.strip():
        problems["wms_carrier"] = "Enter the carrier as the warehouse writes it."
    if not carrier_code and not carrier_name:
        problems["carrier_code"] = "Choose a carrier of the marketplace, or enter a name."
    elif carrier_code and known and carrier_code not in known:
        problems["carrier_code"] = (
            f"{channel.name} has no carrier {carrier_code}. Test the connection to read its list."
        )
    elif not carrier_code and not channel.free_carriers:
        problems["carrier_name"] = f"{channel.name} accepts only carriers of its own list."
    if problems:
        raise InvalidInputError(problems)
