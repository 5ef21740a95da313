"""ST24: ship a shipment that stands at Mirakl unshipped, as when a person made it by hand before we told of the parcel."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.effects import Claimed, ReadBack
from core.outcomes import Outcome, OutcomeClass
from integration.gateways import mirakl_for
from integration.models import Order
from integration.services.effects.ask_shop import ask_shop
from integration.services.effects.connections import channels_of, sendable
from integration.services.effects.fan_out import fan_out
from integration.services.hold_record import hold_record
from integration.services.record_event import record_event

UNSHIPPED = "SHIPPING"


class ShipShipment:
    """One call per shipment; repeating it on a shipped one is an error that a look explains."""

    kind = "mirakl.ship_shipment"
    batch_size = 16
    settle_seconds = 45.0
    lease_seconds = 30

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """No published limit: ST24 is called on event."""
        return ()

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """The answer names the shipments that it could not ship."""
        channels = channels_of(batch)
        ready, later = sendable(batch, channels, lane="dispatch")

        def one(effect: Claimed) -> Outcome:
            client, _ = mirakl_for(channels[effect.connection])
            body = client.ship_shipments([effect.payload["shipment_id"]])
            errors = body.get("shipment_errors") or ()
            if errors:
                return Outcome(OutcomeClass.ALREADY, "mirakl.shipment_refused", str(errors[0].get("message", ""))[:500])
            return Outcome(OutcomeClass.OK)

        recorders = [mirakl_for(channel)[1] for channel in channels.values()]
        return {**later, **fan_out(one, ready, recorders=recorders)}

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """ST11 by order: a shipment that left its first state needs nothing more."""
        shipments = ask_shop(effect, lambda client: client.shipments_of_order(effect.payload["order_id"]))
        if isinstance(shipments, Outcome):
            return shipments
        mine = next((row for row in shipments if row.id == effect.payload["shipment_id"]), None)
        if mine is None:
            return ReadBack(found=True, same=False, detail="Mirakl no longer lists the shipment")
        return ReadBack(found=mine.status != UNSHIPPED, detail=f"The shipment is {mine.status}")

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """Say so on the passport."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        record_event(
            order=order,
            lane="dispatch",
            kind="shipped",
            summary="The shipment that stood at Mirakl was marked shipped",
            effect_id=effect.id,
        )

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Mirakl will not mark it shipped: a person looks."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        hold_record(
            order=order,
            kind="shipment.confirmation_failed",
            cause_key=f"{order.order_id}:{effect.payload['shipment_id']}",
            summary=f"Mirakl would not mark a shipment of {order.order_id} shipped: {outcome.message or outcome.code}",
            lane="dispatch",
            detail={"code": outcome.code, "message": outcome.message},
            effect_id=effect.id,
        )
