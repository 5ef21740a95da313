"""Creates an order in the warehouse, once, and counts it only when it was read back as it was sent."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from core.clock import db_now
from core.effects import Claimed, ReadBack
from core.effects.crashpoints import crashpoint
from core.limits import take
from core.outcomes import Outcome, OutcomeClass
from integration.deposco.fingerprint import order_fingerprint
from integration.deposco.schemas import CreateResult
from integration.gateways import deposco_for
from integration.models import Order, Warehouse
from integration.services.effects.connections import warehouses_of
from integration.services.effects.fan_out import outcome_of
from integration.services.hold_record import hold_record
from integration.services.move_stage import move_stage
from integration.services.record_event import record_event

CREATED = range(200, 300)
CONFLICT = 409
PERMANENT = range(400, 500)
# Counted from the beginning of the send: look-ups end well inside the lease, and the rest is verified later.
LOOK_SECONDS = 12.0


class CreateOrder:
    """Many orders per request; Deposco answers 207 with a text per order, each order in its own transaction there.

    The order number is ours and deterministic, so an unknown outcome is settled by looking the number up. The settle
    time covers a commit that comes after our side gave up, and a slow search index.
    """

    kind = "deposco.create_order"
    batch_size = 25
    settle_seconds = 20.0
    lease_seconds = 30

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """Deposco counts calls per account: one token a call."""
        return tuple({f"{effect.connection}:calls" for effect in batch})

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """One request per warehouse; then one look-up per order that Deposco says it created."""
        outcomes: dict[int, Outcome] = {}
        warehouses = warehouses_of(batch)
        look_until = time.monotonic() + LOOK_SECONDS
        for connection, warehouse in warehouses.items():
            mine = [effect for effect in batch if effect.connection == connection]
            client, recorder = deposco_for(warehouse)
            try:
                results = client.create_orders([effect.payload for effect in mine])
            except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
                outcome = outcome_of(error)
                outcomes |= {effect.id: outcome for effect in mine}
                continue
            finally:
                recorder.flush(mine[0].id if len(mine) == 1 else None)
            crashpoint("in_send", self.kind)
            for effect, result in zip(mine, _pair(mine, results), strict=True):
                outcomes[effect.id] = self._settle(warehouse, effect, result, look_until)
        return outcomes

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """Look the order up by its number and compare what is there with what was sent."""
        return _look_up(warehouses_of([effect])[effect.connection], effect)

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """The warehouse has the order, line for line."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        now = db_now()
        if order.in_wms_at is None:
            order.in_wms_at = now
            order.save(update_fields=["in_wms_at"])
        if order.stage == "ready":
            move_stage(
                order=order,
                stage="in_wms",
                lane="import",
                summary=f"Created in the warehouse as {order.wms_number}, read back and equal",
                now=now,
                effect_id=effect.id,
            )
        elif order.stage in ("cancelled", "refused"):
            hold_record(
                order=order,
                kind="order.cancelled_after_release",
                cause_key=order.order_id,
                summary=f"Order {order.order_id} was {order.stage} at the marketplace while the warehouse took it",
                lane="change",
                detail={"wms_number": order.wms_number},
                effect_id=effect.id,
            )
        else:
            record_event(
                order=order, lane="import", kind="in_wms", summary="The warehouse has the order", effect_id=effect.id
            )

    def parked(self, effect: Claimed, outcome: Outcome) -> None:
        """Deposco refused it, or has another order under this number: a person decides."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        order.import_prepared_at = None
        order.save(update_fields=["import_prepared_at"])
        hold_record(
            order=order,
            kind="order.wms_rejected",
            cause_key=order.order_id,
            summary=f"The warehouse refused order {order.order_id}: {outcome.message or outcome.code}",
            lane="import",
            detail={"code": outcome.code, "message": outcome.message, "wms_number": order.wms_number},
            effect_id=effect.id,
        )

    def _settle(self, warehouse: Warehouse, effect: Claimed, result: CreateResult | None, look_until: float) -> Outcome:
        if result is None:
            return Outcome(OutcomeClass.UNKNOWN, "wms.no_result", "The answer names no result for this order")
        if result.status_code not in CREATED:
            return _refusal(result)
        # 207 and 201 are words; the order counts when it is there. Without a free call it is verified a moment later.
        if time.monotonic() > look_until or take(f"{effect.connection}:calls") > 0:
            return _to_verify("Created; to be read back")
        there = _look_up(warehouse, effect)
        if isinstance(there, Outcome):
            return _to_verify(there.message)
        if not there.found:
            return _to_verify("Created, and not yet found by its number")
        if not there.same:
            return Outcome(OutcomeClass.PERMANENT, "wms.differs", there.detail)
        return Outcome(OutcomeClass.OK, result=there.result)


def _refusal(result: CreateResult) -> Outcome:
    if result.status_code == CONFLICT:
        return Outcome(OutcomeClass.ALREADY, "wms.duplicate", result.text)
    if result.status_code in PERMANENT:
        return Outcome(OutcomeClass.PERMANENT, "wms.refused", result.text)
    return Outcome(OutcomeClass.UNKNOWN, "wms.failed", result.text)


def _to_verify(message: str) -> Outcome:
    return Outcome(OutcomeClass.UNKNOWN, "wms.to_verify", message, answered=True)


def _look_up(warehouse: Warehouse, effect: Claimed) -> ReadBack | Outcome:
    client, recorder = deposco_for(warehouse)
    try:
        found = client.find_orders(effect.business_key)
    except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
        return outcome_of(error)
    finally:
        recorder.flush(effect.id)
    if not found:
        return ReadBack(found=False)
    if len(found) > 1:
        return ReadBack(
            found=True, same=False, detail=f"The warehouse has {len(found)} orders numbered {effect.business_key}"
        )
    same = order_fingerprint(found[0]) == order_fingerprint(effect.payload)
    return ReadBack(
        found=True,
        same=same,
        detail="" if same else f"Order {effect.business_key} in the warehouse differs from what was sent",
        result={"status": found[0].status},
    )


def _pair(batch: Sequence[Claimed], results: Sequence[CreateResult]) -> list[CreateResult | None]:
    """Results by order number where they name one; by position where the count agrees; else none is trusted."""
    by_number = {result.number: result for result in results if result.number}
    if len(results) == len(batch):
        return [
            by_number.get(effect.business_key) or (results[i] if not results[i].number else None)
            for i, effect in enumerate(batch)
        ]
    return [by_number.get(effect.business_key) for effect in batch]
