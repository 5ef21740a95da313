"""OR21: tell Mirakl the frozen decision on every line of an order."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import db_now
from core.effects import Claimed, ReadBack
from core.http import StatusError
from core.outcomes import Outcome, OutcomeClass
from core.redaction import excerpt
from integration.domain.acceptance import acceptance_matches
from integration.gateways import mirakl_for
from integration.models import Order
from integration.services.effects.ask_shop import ask_for_order
from integration.services.effects.connections import channels_of, sendable
from integration.services.effects.fan_out import fan_out
from integration.services.hold_record import hold_record
from integration.services.move_stage import move_stage
from integration.services.record_event import record_event
from integration.services.stock.touch_stock import touch_orders
from integration.services.store_orders import store_orders


class AcceptOrder:
    """One call per order, several at once. Repeating is safe: Mirakl refuses a second decision with a 400."""

    kind = "mirakl.accept"
    batch_size = 64
    settle_seconds = 3.0
    lease_seconds = 30

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """No published limit: OR21 is called on event."""
        return ()

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """Send every decision of the batch; each has an outcome of its own."""

        def one(effect: Claimed) -> Outcome:
            client, _ = mirakl_for(channels[effect.connection])
            try:
                client.accept(
                    effect.payload["order_id"], {line["id"]: line["accepted"] for line in effect.payload["lines"]}
                )
            except StatusError as error:
                if error.status == 400:  # noqa: PLR2004 -- wrong state and bad body look alike: read it back
                    return Outcome(OutcomeClass.ALREADY, "mirakl.refused", excerpt(error.body)[:500])
                raise
            return Outcome(OutcomeClass.OK)

        channels = channels_of(batch)
        ready, later = sendable(batch, channels, lane="acceptance")
        recorders = [mirakl_for(channel)[1] for channel in channels.values()]
        return {**later, **fan_out(one, ready, recorders=recorders)}

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """OR11 by id: is the decision there, still open, or overtaken?"""
        order = ask_for_order(effect)
        if isinstance(order, Outcome):
            return order
        if order is None:
            return ReadBack(found=None, detail="Mirakl does not list the order")
        decision = {line["id"]: line["accepted"] for line in effect.payload["lines"]}
        verdict = acceptance_matches(
            decision, order.order_state, {line.order_line_id: line.order_line_state for line in order.order_lines}
        )
        if verdict == "pending":
            return ReadBack(found=False)
        store_orders(channel=channels_of([effect])[effect.connection], orders=[order])
        # Whoever decided otherwise was quicker: that cannot be undone, and nobody has to do anything about it.
        return ReadBack(
            found=True,
            detail=f"Mirakl has the order in state {order.order_state}",
            result={"state": order.order_state, "is_overtaken": verdict == "different"},
        )

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """Write the acceptance into the order: it is not shippable yet, only ours."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        if result.get("is_overtaken"):
            record_event(
                order=order,
                lane="acceptance",
                kind="overtaken",
                summary=f"Decided otherwise before us: Mirakl says {result.get('state', order.mirakl_state)}",
                effect_id=effect.id,
            )
            return
        accepted = {line["id"]: line["accepted"] for line in effect.payload["lines"]}
        now = db_now()
        for line in order.lines.all():
            if line.line_id in accepted and line.quantity_accepted is None:
                line.quantity_accepted = line.quantity if accepted[line.line_id] else 0
                line.save(update_fields=["quantity_accepted"])
        if not all(accepted.values()):
            # What was refused is for sale again, and the shop may have put it back by itself.
            touch_orders([order], is_forced=True)
        if order.stage != "received":
            if order.accepted_at is None:
                order.accepted_at = now
                order.save(update_fields=["accepted_at"])
            record_event(
                order=order,
                lane="acceptance",
                kind="accepted",
                summary="Acceptance confirmed by Mirakl",
                effect_id=effect.id,
            )
            return
        stage = "accepted" if any(accepted.values()) else "refused"
        words = "Accepted at Mirakl" if stage == "accepted" else "Refused at Mirakl"
        move_stage(order=order, stage=stage, lane="acceptance", summary=words, now=now, effect_id=effect.id)

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Mirakl will not take the decision: a person looks before the deadline."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        hold_record(
            order=order,
            kind="order.acceptance_failed",
            cause_key=order.order_id,
            summary=f"Order {order.order_id} could not be accepted: {outcome.message or outcome.code}",
            lane="acceptance",
            detail={"code": outcome.code, "message": outcome.message},
            effect_id=effect.id,
        )
