"""The warehouse floor: releases, picks, packs and ships by a script, on the world's clock or step by step by hand."""

import random
from decimal import Decimal

from sandbox.clock import Clock
from sandbox.deposco.state import OVER, Tenant, WmsOrder, WmsParcel, WmsShipment, quantity

# What each script does with an order, once it is packed.
SCRIPTS = {
    "one_parcel": "everything in one parcel",
    "two_parcels": "one shipment of two parcels",
    "two_shipments": "two shipments, one step apart",
    "late_tracking": "one parcel, its tracking number comes later",
    "no_tracking": "one parcel that never gets a tracking number",
    "empty_label": "one parcel, and a label that was printed and never used",
    "rolled_back": "one parcel, taken back a step later",
    "short": "one unit short, the rest in one parcel",
    "combined": "shipped together with every other such order that is packed",
    "hold": "nothing, it is put on hold",
    "back_order": "nothing, it waits for stock",
}
STEPS = ("Released", "Picking", "Packed")
HALTED = {"hold": "Hold", "back_order": "Back Ordered"}


class Floor:
    """Moves every order of a tenant on. `step_seconds` is how long each step takes."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock, self.rng = clock, rng
        self.step_seconds = 1.0
        self.late_seconds = 20.0
        self.paused = False
        self.default_script = "one_parcel"
        self.weights: dict[str, float] = {}

    def tick(self, tenant: Tenant) -> None:
        """Do what is due."""
        if self.paused:
            return
        now = self.clock.seconds()
        for number, order in list(tenant.working.items()):
            if order.status in OVER and not self._comes_back(order):
                del tenant.working[number]
            elif order.next_at <= now and order.status not in HALTED.values():
                self._advance(tenant, order, now)

    @staticmethod
    def _comes_back(order: WmsOrder) -> bool:
        return order.script == "rolled_back" and order.status == "Complete"

    def step(self, tenant: Tenant, order: WmsOrder, steps: int = 1) -> str:
        """Move one order on by hand, whatever the clock says. The status it has then."""
        for _ in range(steps):
            if order.status in OVER and not self._comes_back(order):
                break
            if order.status in HALTED.values():
                order.status, order.script = "New", "one_parcel" if order.script in HALTED else order.script
            self._advance(tenant, order, self.clock.seconds())
        return order.status

    def _advance(self, tenant: Tenant, order: WmsOrder, now: float) -> None:
        order.script = order.script or self._choose()
        order.updated = now
        if order.script in HALTED:
            order.status = HALTED[order.script]
            return
        if order.step < len(STEPS):
            order.status = STEPS[order.step]
        elif order.script == "rolled_back" and order.step > len(STEPS):
            self.roll_back(tenant, order)
        else:
            self.ship(tenant, order, now)
        order.step += 1
        order.next_at = now + self.step_seconds

    def _choose(self) -> str:
        if not self.weights:
            return self.default_script
        return self.rng.choices(list(self.weights), list(self.weights.values()))[0]

    def ship(self, tenant: Tenant, order: WmsOrder, now: float) -> None:
        """Ship what is left, as the script says, now."""
        if order.script == "short" and not tenant.shipments_of(order):
            self.short(tenant, order)
        quantities, others = order.left(), []
        if not quantities:
            order.status = "Complete" if order.shipped else "Canceled"
            return
        if order.script == "two_parcels":
            parcels = [self._parcel(tenant, half) for half in _halves(quantities) if half]
        elif order.script == "two_shipments" and not tenant.shipments_of(order):
            parcels = [self._parcel(tenant, _halves(quantities)[0])]
        else:
            if order.script == "combined":
                others = self._packed_with(tenant, order)
            together = {key: count for one in (order, *others) for key, count in one.left().items()}
            parcels = [self._parcel(tenant, together, has_tracking=order.script != "no_tracking")]
        if order.script == "empty_label":
            parcels.append(self._parcel(tenant, dict.fromkeys(quantities, Decimal(0))))
        self._send(tenant, order, parcels, now, others)

    @staticmethod
    def short(tenant: Tenant, order: WmsOrder, line_number: str = "", units: Decimal = Decimal(1)) -> None:
        """Some units of a line were not found: they are short, and will not come."""
        wanted = line_number or next(iter(order.left()), "")
        for line in order.lines:
            if str(line.get("lineNumber")) == wanted:
                missing = min(units, order.left().get(wanted, Decimal(0)))
                line["shortagePackQuantity"] = str(quantity(line, "shortagePackQuantity") + missing)
                line["canceledPackQuantity"] = str(quantity(line, "canceledPackQuantity") + missing)
        tenant.allocated(order)

    @staticmethod
    def _packed_with(tenant: Tenant, order: WmsOrder) -> list[WmsOrder]:
        return [
            one
            for one in tenant.working.values()
            if one is not order and one.script == "combined" and one.status == "Packed"
        ]

    def roll_back(self, tenant: Tenant, order: WmsOrder) -> None:
        """Take the order's shipments back; it stands packed again, and waits for somebody."""
        for shipment in tenant.shipments_of(order):
            self.roll_back_shipment(tenant, shipment)
        order.script = "hold"

    def roll_back_shipment(self, tenant: Tenant, shipment: WmsShipment) -> None:
        """Take one shipment back: what it carried is in stock and to be shipped again."""
        if shipment.status == "Rolled Back":
            return
        now = self.clock.seconds()
        shipment.status, shipment.updated = "Rolled Back", now
        for order in shipment.orders:
            for line in order.lines:
                number = str(line.get("lineNumber"))
                back = sum((parcel.quantities.get(number, Decimal(0)) for parcel in shipment.parcels), Decimal(0))
                order.shipped[number] = order.shipped.get(number, Decimal(0)) - back
                tenant.take(str(line.get("itemNumber")), shipment.facility, -back)
            order.status, order.step, order.next_at = "Packed", len(STEPS), now + self.step_seconds
            tenant.keep(order)

    def _send(
        self, tenant: Tenant, order: WmsOrder, parcels: list[WmsParcel], now: float, others: list[WmsOrder]
    ) -> None:
        number = str(next(tenant.numbers))
        vendor, via = tenant.carriers[int(number) % len(tenant.carriers)]
        vendor = str(order.document.get("shipVendor") or vendor)
        late = self.late_seconds if order.script == "late_tracking" else 0.0
        facility = tenant.facility_of(order)
        shipment = WmsShipment(number, order, "Shipped", facility, now, vendor, via, parcels, now + late, others)
        tenant.send(shipment)
        for one in shipment.orders:
            one.status, one.updated = "Packed" if one.left() else "Complete", now

    @staticmethod
    def _parcel(tenant: Tenant, quantities: dict[str, Decimal], *, has_tracking: bool = True) -> WmsParcel:
        number = next(tenant.numbers)
        tracking = f"TRK{tenant.code}{number:09d}" if has_tracking else ""
        return WmsParcel(f"LPN{number:08d}", tracking, dict(quantities))


def _halves(quantities: dict[str, Decimal]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    if len(quantities) > 1:
        first, *rest = quantities
        return {first: quantities[first]}, {key: quantities[key] for key in rest}
    ((line, count),) = quantities.items()
    half = count // 2
    return ({line: count - half}, {line: half}) if half else ({line: count}, {})
