"""The warehouse floor: releases, picks, packs and ships by a script, on the world's clock."""

import random
from decimal import Decimal

from sandbox.clock import Clock
from sandbox.deposco.state import Tenant, WmsOrder, WmsParcel, WmsShipment

SCRIPTS = (
    "one_parcel",
    "two_parcels",
    "two_shipments",
    "late_tracking",
    "empty_label",
    "rolled_back",
    "short",
    "hold",
)
STEPS = ("Released", "Picking", "Packed")


class Floor:
    """Moves every order of a tenant on. `step_seconds` is how long each step takes."""

    def __init__(self, clock: Clock, rng: random.Random) -> None:
        self.clock, self.rng = clock, rng
        self.step_seconds = 1.0
        self.late_seconds = 20.0
        self.paused = False
        self.default_script = "one_parcel"
        self.weights: dict[str, float] = {}
        self._idle: dict[str, set[str]] = {}

    def tick(self, tenant: Tenant) -> None:
        """Do what is due."""
        if self.paused:
            return
        now = self.clock.seconds()
        over = self._idle.setdefault(tenant.code, set())
        for order in list(tenant.orders.values()):
            if order.number in over:
                continue
            if order.status in ("Canceled", "Complete", "Voided") and order.step >= 0 and order.script != "rolled_back":
                over.add(order.number)
                continue
            if order.status != "Hold" and order.next_at <= now:
                self._advance(tenant, order, now)

    def _advance(self, tenant: Tenant, order: WmsOrder, now: float) -> None:
        if not order.script:
            order.script = self._choose()
        if order.script == "hold":
            order.status = "Hold"
            return
        if order.step < len(STEPS):
            order.status = STEPS[order.step]
        elif order.step == len(STEPS):
            self.ship(tenant, order, now)
        elif order.script == "two_shipments" and order.step == len(STEPS) + 1:
            self._ship_rest(tenant, order, now)
        elif order.script == "rolled_back" and order.step == len(STEPS) + 1:
            self.roll_back(tenant, order)
        order.step += 1
        order.next_at = now + self.step_seconds

    def _choose(self) -> str:
        if not self.weights:
            return self.default_script
        return self.rng.choices(list(self.weights), list(self.weights.values()))[0]

    def ship(self, tenant: Tenant, order: WmsOrder, now: float) -> None:
        """Ship what the script says, now."""
        quantities = _left(order)
        if order.script == "short" and quantities:
            first = next(iter(quantities))
            quantities[first] -= 1
            for line in order.lines:
                if str(line.get("lineNumber")) == first:
                    line["canceledPackQuantity"] = "1"
            quantities = {key: value for key, value in quantities.items() if value > 0}
        if not quantities:
            order.status = "Canceled"
            return
        if order.script == "two_parcels":
            parcels = [self._parcel(tenant, half) for half in _halves(quantities) if half]
        elif order.script == "two_shipments":
            now_gone, to_come = _halves(quantities)
            parcels = [self._parcel(tenant, now_gone)]
            if to_come:
                self._send(tenant, order, parcels, now, status="Packed")
                return
        else:
            parcels = [self._parcel(tenant, quantities)]
        if order.script == "empty_label":
            parcels.append(self._parcel(tenant, dict.fromkeys(quantities, Decimal(0))))
        self._send(tenant, order, parcels, now)

    def _ship_rest(self, tenant: Tenant, order: WmsOrder, now: float) -> None:
        left = _left(order)
        if left:
            self._send(tenant, order, [self._parcel(tenant, left)], now)

    def roll_back(self, tenant: Tenant, order: WmsOrder) -> None:
        """Take the order's shipments back."""
        for shipment in tenant.shipments.values():
            if shipment.order is order:
                shipment.status = "Rolled Back"
        order.shipped.clear()
        order.status, order.script = "Packed", "hold"

    def _send(
        self, tenant: Tenant, order: WmsOrder, parcels: list[WmsParcel], now: float, status: str = "Complete"
    ) -> None:
        number = str(next(tenant.numbers))
        vendor, via = tenant.carriers[int(number) % len(tenant.carriers)]
        if order.document.get("shipVendor"):
            vendor = str(order.document["shipVendor"])
        late = self.late_seconds if order.script == "late_tracking" else 0.0
        facility = next(iter(tenant.facilities), "F1")
        tenant.shipments[number] = WmsShipment(
            number, order, "Shipped", facility, now, vendor, via, parcels, now + late
        )
        for parcel in parcels:
            for line, quantity in parcel.quantities.items():
                order.shipped[line] = order.shipped.get(line, Decimal(0)) + quantity
        for line_row in order.lines:
            item = str(line_row.get("itemNumber"))
            gone = sum((p.quantities.get(str(line_row.get("lineNumber")), Decimal(0)) for p in parcels), Decimal(0))
            places = tenant.stock.get(item)
            if places and gone:
                place = next(iter(places))
                tenant.set_stock(item, place, places[place] - gone)
        order.status = status

    def _parcel(self, tenant: Tenant, quantities: dict[str, Decimal]) -> WmsParcel:
        number = next(tenant.numbers)
        return WmsParcel(f"LPN{number:08d}", f"TRK{tenant.code}{number:09d}", dict(quantities))


def _left(order: WmsOrder) -> dict[str, Decimal]:
    left = {
        str(line.get("lineNumber")): Decimal(str(line.get("orderPackQuantity")))
        - Decimal(str(line.get("canceledPackQuantity") or 0))
        - order.shipped.get(str(line.get("lineNumber")), Decimal(0))
        for line in order.lines
    }
    return {key: value for key, value in left.items() if value > 0}


def _halves(quantities: dict[str, Decimal]) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    if len(quantities) > 1:
        first, *rest = quantities
        return {first: quantities[first]}, {key: quantities[key] for key in rest}
    ((line, count),) = quantities.items()
    half = count // 2
    return ({line: count - half}, {line: half}) if half else ({line: count}, {})
