"""Takes the mapping of a warehouse's carrier word away. Parcels that were confirmed keep what was said."""

from django.db import transaction

from core.audit import record_audit
from core.models import User
from integration.models import CarrierMapping, Channel


def unmap_carrier(*, channel: Channel, wms_carrier: str, by: User | None) -> bool:
    """Delete the row; False when there was none. Later parcels with the word are matched by name, or held."""
    with transaction.atomic():
        row = CarrierMapping.objects.select_for_update().filter(channel=channel, wms_carrier=wms_carrier).first()
        if row is None:
            return False
        record_audit(
            by=by,
            action="carrier_map.removed",
            subject=f"channel:{channel.code} carrier:{wms_carrier}",
            before={
                "carrier_code": row.carrier_code,
                "carrier_name": row.carrier_name,
                "tracking_url": row.tracking_url,
            },
            after=None,
        )
        row.delete()
        return True
