"""What is told to Mirakl of a parcel, and whether Mirakl has it already."""

from collections.abc import Collection, Mapping, Sequence
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
    tracking = {key: value for key, value in parcel["tracking"].items() if value}
    if tracking.get("carrier_code"):
        # Mirakl computes the address of a listed carrier itself.
        tracking.pop("tracking_url", None)
        tracking.pop("carrier_name", None)
    return {
        "order_id": parcel["order_id"],
        "shipped": True,
        "shipment_lines": [
            {
                "order_line_id": line["order_line_id"],
                "quantity": line["quantity"],
                "package_reference": reference_of(parcel),
            }
            for line in parcel["lines"]
        ],
        "tracking": tracking,
    }


def reference_of(parcel: Mapping[str, Any]) -> str:
    """Our name of the parcel, in characters that every operator takes."""
    return "".join(ch for ch in str(parcel["package_reference"]) if ch.isascii() and (ch.isalnum() or ch in "_-"))[:255]


def match_shipment(
    parcel: Mapping[str, Any], shipments: Sequence[ShipmentLike], *, others: Collection[str] = ()
) -> ShipmentLike | None:
    """The shipment that is this parcel: same tracking number, same quantities per line; None if none is.

    One that bears the name of another parcel is that parcel's, and so are those in `others` (ids that are known to be).
    One without a name, as a person makes them in the marketplace's pages, goes by number and quantities alone.
    """
    wanted = {line["order_line_id"]: int(line["quantity"]) for line in parcel["lines"]}
    number = str(parcel["tracking"].get("tracking_number") or "").casefold()
    fitting = [
        shipment
        for shipment in shipments
        if shipment.status != "CANCELED"
        and shipment.id not in others
        and _number(shipment) == number
        and _quantities(shipment) == wanted
        and _references(shipment) <= {reference_of(parcel)}
    ]
    return next((one for one in fitting if _references(one)), next(iter(fitting), None))


def _number(shipment: ShipmentLike) -> str:
    return ((shipment.tracking.tracking_number if shipment.tracking else "") or "").casefold()


def _quantities(shipment: ShipmentLike) -> dict[str, int]:
    listed: dict[str, int] = {}
    for line in shipment.shipment_lines:
        key = line.order_line_id or ""
        listed[key] = listed.get(key, 0) + line.quantity
    return listed


def _references(shipment: ShipmentLike) -> set[str]:
    return {line.package_reference for line in shipment.shipment_lines if line.package_reference}
