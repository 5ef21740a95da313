"""OR23 then OR24: tell Mirakl the tracking of a whole order and that it has left, where the shop has no multi-shipment."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.effects import Claimed, ReadBack
from core.effects.crashpoints import crashpoint
from core.http import StatusError
from core.outcomes import Outcome, OutcomeClass
from core.redaction import excerpt
from integration.gateways import mirakl_for
from integration.services.effects.ask_shop import ask_for_order
from integration.services.effects.connections import channels_of, sendable
from integration.services.effects.fan_out import fan_out
from integration.services.effects.record_confirmation import record_confirmation, record_refusal

SHIPPED = frozenset({"SHIPPED", "TO_COLLECT", "RECEIVED", "CLOSED"})
BAD_REQUEST = 400


class ConfirmOrder:
    """Two calls, both decided by one reading: OR23 may be repeated, OR24 on a shipped order is a 400."""

    kind = "mirakl.confirm_order"
    batch_size = 48
    settle_seconds = 3.0
    lease_seconds = 30

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """No published limit: both are called on event."""
        return ()

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """Tracking first, since a shipping type may require it; then the shipment."""
        channels = channels_of(batch)
        ready, later = sendable(batch, channels, lane="dispatch")

        def one(effect: Claimed) -> Outcome:
            client, _ = mirakl_for(channels[effect.connection])
            order_id = effect.payload["order_id"]
            try:
                if any(effect.payload["tracking"].values()):
                    client.set_tracking(order_id, **effect.payload["tracking"])
                crashpoint("in_send", self.kind)
                client.ship(order_id)
            except StatusError as error:
                if error.status == BAD_REQUEST:
                    return Outcome(OutcomeClass.ALREADY, "mirakl.refused", excerpt(error.body)[:500])
                raise
            return Outcome(OutcomeClass.OK)

        recorders = [mirakl_for(channel)[1] for channel in channels.values()]
        return {**later, **fan_out(one, ready, recorders=recorders)}

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """OR11 by id: an order that is shipped or further needs nothing more."""
        order = ask_for_order(effect)
        if isinstance(order, Outcome):
            return order
        if order is None:
            return ReadBack(found=None, detail="Mirakl does not list the order")
        if order.order_state in SHIPPED:
            return ReadBack(found=True, same=True, result={"state": order.order_state})
        if order.order_state == "SHIPPING":
            return ReadBack(found=False)
        return ReadBack(found=True, same=False, detail=f"Mirakl has the order in state {order.order_state}")

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """Every parcel of the order is confirmed."""
        record_confirmation(effect=effect, shipment_ids={})

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Mirakl refused the tracking or the shipment."""
        record_refusal(effect=effect, outcome=outcome)
