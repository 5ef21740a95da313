"""What is told to Mirakl of a parcel, and whether Mirakl has it already."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class ShipmentLineLike(Protocol):
    """A line of a shipment that Mirakl lists."""

    @property
    def order_line_id(self) -> str | None:
        """The order's line."""

    @property
    def quantity(self) -> int:
        """Units in it."""

    @property
    def package_reference(self) -> str | None:
        """Our name of the parcel."""


class TrackingLike(Protocol):
    """Tracking that Mirakl lists."""

    @property
    def tracking_number(self) -> str | None:
        """The number."""


class ShipmentLike(Protocol):
    """A shipment that Mirakl lists (ST11)."""

    @property
    def id(self) -> str:
        """Mirakl's id of it."""

    @property
    def status(self) -> str:
        """Where it stands."""

    @property
    def shipment_lines(self) -> Sequence[ShipmentLineLike]:
        """What is in it."""

    @property
    def tracking(self) -> TrackingLike | None:
        """How it travels."""


def st01_shipment(parcel: Mapping[str, Any]) -> dict[str, Any]:
    """One shipment of ST01, shipped at once. Lines by order line id (offer SKUs are deprecated and may repeat)."""
    reference = "".join(ch for ch in str(parcel["package_reference"]) if ch.isalnum() or ch in "_-")[:255]
    tracking = {key: value for key, value in parcel["tracking"].items() if value}
    if tracking.get("carrier_code"):
        # Mirakl computes the address of a listed carrier itself.
        tracking.pop("tracking_url", None)
        tracking.pop("carrier_name", None)
    return {
        "order_id": parcel["order_id"],
        "shipped": True,
        "shipment_lines": [
            {"order_line_id": line["order_line_id"], "quantity": line["quantity"], "package_reference": reference}
            for line in parcel["lines"]
        ],
        "tracking": tracking,
    }


def match_shipment(parcel: Mapping[str, Any], shipments: Sequence[ShipmentLike]) -> str | None:
    """The id of the shipment that is this parcel: same tracking number and same quantities per line; None if none is."""
    wanted = {line["order_line_id"]: int(line["quantity"]) for line in parcel["lines"]}
    number = str(parcel["tracking"].get("tracking_number") or "").casefold()
    for shipment in shipments:
        listed: dict[str, int] = {}
        for line in shipment.shipment_lines:
            key = line.order_line_id or ""
            listed[key] = listed.get(key, 0) + line.quantity
        told = (shipment.tracking.tracking_number if shipment.tracking else "") or ""
        if shipment.status != "CANCELED" and told.casefold() == number and listed == wanted:
            return shipment.id
    return None
