"""Creates an order in the warehouse, once, and counts it only when it was read back as it was sent."""

import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from core.classify import NO_TOKEN
from core.clock import db_now
from core.effects import Claimed, ReadBack
from core.effects.crashpoints import crashpoint
from core.limits import block, take
from core.outcomes import Outcome, OutcomeClass
from integration.deposco.fingerprint import order_fingerprint
from integration.deposco.port import WmsPort
from integration.deposco.schemas import CreateResult
from integration.gateways import CallRecorder, deposco_for, profile_of
from integration.models import Order, Warehouse
from integration.services.effects.connections import is_paused, paused, warehouses_of
from integration.services.effects.fan_out import fan_out, outcome_of
from integration.services.hold_record import hold_record
from integration.services.move_stage import move_stage
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds
from integration.services.stock.touch_stock import recheck_orders, touch_orders
from integration.services.take_soon import take_soon

TO_VERIFY = "wms.to_verify"
DIFFERS = "wms.differs"
CREATED = range(200, 300)
CONFLICT = 409
PERMANENT = range(400, 500)
# Not refused for what it is: too early, too many, or too slow. The number tells whether it was taken.
NOT_NOW = frozenset({408, 425, 429})
# One object: an answer that names no result for many orders is one failed call, not many.
NO_RESULT = Outcome(OutcomeClass.UNKNOWN, "wms.no_result", "The answer names no result for this order")
CANCELLED = ("cancelled", "refused", "refunded")
# Counted from the beginning of the send: look-ups end well inside the lease, and the rest is verified later.
LOOK_SECONDS = 12.0


class CreateOrder:
    """Many orders per request, where the API takes many: then 207 with a text per order, each in a transaction there.

    The order number is ours and deterministic, so an unknown outcome is settled by looking the number up. The settle
    time covers a commit that comes after our side gave up, and a slow search index.
    """

    kind = "deposco.create_order"
    batch_size = 25
    settle_seconds = 45.0
    lease_seconds = 30

    def limits(self, batch: Sequence[Claimed]) -> Sequence[str]:
        """Deposco counts calls per account: one token a call."""
        return tuple({f"{effect.connection}:calls" for effect in batch})

    def send(self, batch: Sequence[Claimed]) -> Mapping[int, Outcome]:
        """One request per warehouse; then one look-up per order that Deposco says it created.

        An order that the marketplace ended meanwhile is not sent any more, whatever became of an earlier try.
        """
        outcomes: dict[int, Outcome] = {}
        warehouses = warehouses_of(batch)
        ended = set(
            Order.objects.filter(id__in=[effect.subject for effect in batch], stage__in=CANCELLED).values_list(
                "id", flat=True
            )
        )
        look_until = time.monotonic() + LOOK_SECONDS
        for connection in {effect.connection for effect in batch}:
            warehouse = warehouses.get(connection)
            mine = [effect for effect in batch if effect.connection == connection]
            if warehouse is None or is_paused(warehouse):
                outcomes |= {effect.id: paused() for effect in mine}
                continue
            gone = [effect for effect in mine if effect.subject in ended]
            outcomes |= {effect.id: Outcome(OutcomeClass.OK, result={"withdrawn": True}) for effect in gone}
            rest, later = _with_lane([effect for effect in mine if effect.subject not in ended])
            outcomes |= later
            if rest:
                outcomes |= self._send_to(warehouse, rest, look_until)
        return outcomes

    def _send_to(self, warehouse: Warehouse, mine: Sequence[Claimed], look_until: float) -> dict[int, Outcome]:
        client, recorder = deposco_for(warehouse)
        if not client.takes_many:
            by_word = _one_by_one(client, recorder, mine, look_until)
            created = [effect for effect in mine if by_word[effect.id].code == TO_VERIFY]
            return by_word | _verified(warehouse, created, look_until)
        try:
            results = client.create_orders([effect.payload for effect in mine])
            crashpoint("in_send", self.kind)
        except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
            outcome = outcome_of(error)
            return {effect.id: outcome for effect in mine}
        finally:
            recorder.flush(mine[0].id if len(mine) == 1 else None)
        by_word = {effect.id: _by_word(result) for effect, result in zip(mine, _pair(mine, results), strict=True)}
        created = [effect for effect in mine if by_word[effect.id].code == TO_VERIFY]
        return by_word | _verified(warehouse, created, look_until)

    def read_back(self, effect: Claimed) -> ReadBack | Outcome:
        """Look the order up by its number and compare what is there with what was sent."""
        warehouse = warehouses_of([effect]).get(effect.connection)
        return paused() if warehouse is None or is_paused(warehouse) else _look_up(warehouse, effect)

    def done(self, effect: Claimed, result: Mapping[str, Any]) -> None:
        """The warehouse has the order, line for line."""
        order = Order.objects.select_for_update().get(pk=effect.subject)
        now = db_now()
        if result.get("withdrawn"):
            _record_withdrawn(order, effect)
            return
        if order.in_wms_at is None:
            order.in_wms_at = now
            order.save(update_fields=["in_wms_at"])
            # Its units are in flight until a reading shows stock without them: one is asked for.
            touch_orders([order])
            recheck_orders([order], reason="in the warehouse")
        if order.stage == "ready":
            move_stage(
                order=order,
                stage="in_wms",
                lane="import",
                summary=f"Created in the warehouse as {order.wms_number}, read back and equal",
                now=now,
                effect_id=effect.id,
            )
        elif order.stage in CANCELLED:
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


def _one_by_one(client: WmsPort, recorder: CallRecorder, mine: Sequence[Claimed], until: float) -> dict[int, Outcome]:
    """A call for each order, where a call takes one. Whatever becomes of it is its own; the rest waits for free calls.

    A refused key and a limit end the batch: the next answer would be the same.
    """
    outcomes: dict[int, Outcome] = {}
    for position, effect in enumerate(mine):
        if position and (time.monotonic() > until or not take_soon(f"{effect.connection}:calls", priority=100)):
            break
        try:
            (result,) = client.create_orders([effect.payload])
            crashpoint("in_send", CreateOrder.kind)
        except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
            outcomes[effect.id] = outcome_of(error)
            if outcomes[effect.id].cls in (OutcomeClass.AUTH, OutcomeClass.THROTTLED):
                break
        else:
            outcomes[effect.id] = _by_word(result)
        finally:
            recorder.flush(effect.id)
    later = Outcome(OutcomeClass.NOT_SENT, NO_TOKEN, "Waits for a free call", retry_after=1.0)
    return {effect.id: later for effect in mine} | outcomes


def _by_word(result: CreateResult | None) -> Outcome:
    """What the answer says of one order. 207 and 201 are words: an order counts when it was read back."""
    if result is None:
        return NO_RESULT
    return _to_verify("Created; to be read back") if result.status_code in CREATED else _refusal(result)


def _verified(warehouse: Warehouse, created: Sequence[Claimed], look_until: float) -> dict[int, Outcome]:
    """Read back several at once what was created, as many as there are free calls; the rest a moment later."""
    free: list[Claimed] = []
    for effect in created:
        if time.monotonic() > look_until or take(f"{effect.connection}:calls") > 0:
            break
        free.append(effect)
    client, recorder = deposco_for(warehouse)
    seen = fan_out(lambda effect: _verdict(_ask(client, warehouse, effect)), free, recorders=[recorder])
    outcomes: dict[int, Outcome] = {}
    for effect in free:
        outcome = seen[effect.id]
        if outcome.cls is OutcomeClass.THROTTLED:
            block(f"{effect.connection}:calls", outcome.retry_after or 1.0)
        # A look that failed says nothing about the order, which was created.
        outcomes[effect.id] = outcome if outcome.code in ("", TO_VERIFY, DIFFERS) else _to_verify(outcome.message)
    return outcomes


def _verdict(there: ReadBack) -> Outcome:
    if not there.found:
        return _to_verify(there.detail or "Created, and not yet found by its number")
    if not there.same:
        return Outcome(OutcomeClass.PERMANENT, DIFFERS, there.detail)
    return Outcome(OutcomeClass.OK, result=there.result)


def _refusal(result: CreateResult) -> Outcome:
    if result.status_code == CONFLICT:
        return Outcome(OutcomeClass.ALREADY, "wms.duplicate", result.text)
    if result.status_code in PERMANENT and result.status_code not in NOT_NOW:
        return Outcome(OutcomeClass.PERMANENT, "wms.refused", result.text)
    return Outcome(OutcomeClass.UNKNOWN, "wms.failed", result.text)


def _to_verify(message: str) -> Outcome:
    return Outcome(OutcomeClass.UNKNOWN, TO_VERIFY, message, answered=True)


def _look_up(warehouse: Warehouse, effect: Claimed) -> ReadBack | Outcome:
    client, recorder = deposco_for(warehouse)
    try:
        return _ask(client, warehouse, effect)
    except Exception as error:  # noqa: BLE001 -- the classifier knows every kind, our own bugs included
        return outcome_of(error)
    finally:
        recorder.flush(effect.id)


def _ask(client: WmsPort, warehouse: Warehouse, effect: Claimed) -> ReadBack:
    """One search by number. Touches no database, so several may ask at once; raises the errors of core.http."""
    found = client.find_orders(effect.business_key)
    if found is None:
        return ReadBack(found=None, detail="The warehouse's search does not tell whether the order is there")
    if not found:
        return ReadBack(found=False)
    if len(found) > 1:
        return ReadBack(
            found=True, same=False, detail=f"The warehouse has {len(found)} orders numbered {effect.business_key}"
        )
    if profile_of(warehouse).status_map.get(found[0].status) == "cancelled":
        words = f"Order {effect.business_key} is {found[0].status} in the warehouse"
        return ReadBack(found=True, same=False, detail=words, result={"status": found[0].status})
    same = order_fingerprint(found[0]) == order_fingerprint(effect.payload)
    return ReadBack(
        found=True,
        same=same,
        detail="" if same else f"Order {effect.business_key} in the warehouse differs from what was sent",
        result={"status": found[0].status},
    )


def _with_lane(batch: Sequence[Claimed]) -> tuple[list[Claimed], dict[int, Outcome]]:
    """Those whose channel imports now; switching the lane off stops what was prepared before as well."""
    on = set(
        Order.objects.filter(
            id__in=[effect.subject for effect in batch], channel__is_active=True, channel__lanes__contains=["import"]
        ).values_list("id", flat=True)
    )
    words = "The import lane of the channel is off"
    return [effect for effect in batch if effect.subject in on], {
        effect.id: paused(words) for effect in batch if effect.subject not in on
    }


def _record_withdrawn(order: Order, effect: Claimed) -> None:
    """The warehouse never got it: what a person was asked to stop there is not there."""
    record_event(
        order=order,
        lane="change",
        kind="closed",
        summary=f"Not sent to the warehouse: {order.stage} at the marketplace",
        effect_id=effect.id,
    )
    holds = order.holds.filter(kind="order.cancelled_after_release", released_at=None)
    release_holds(
        hold_ids=list(holds.values_list("id", flat=True)), by=None, how="The warehouse does not have the order"
    )


def _pair(batch: Sequence[Claimed], results: Sequence[CreateResult]) -> list[CreateResult | None]:
    """Results by the order number they name, as entity or in their words; what names none goes by its position.

    A position is trusted only while as many results name nothing as there are orders without one.
    """
    left = list(results)
    paired: dict[str, CreateResult] = {}
    for effect in batch:
        named = next((row for row in left if row.number == effect.business_key), None)
        if named is None:
            whole = re.compile(rf"(?<![\w-]){re.escape(effect.business_key)}(?![\w-])")
            told = re.compile(rf"-{re.escape(effect.business_key)}(?![\w-])")
            named = next(
                (row for row in left if not row.number and (whole.search(row.text) or told.search(row.text))), None
            )
        if named is not None:
            left.remove(named)
            paired[effect.business_key] = named
    unnamed = [effect.business_key for effect in batch if effect.business_key not in paired]
    silent = [row for row in left if not row.number]
    if len(silent) == len(unnamed):
        paired |= dict(zip(unnamed, silent, strict=True))
    return [paired.get(effect.business_key) for effect in batch]
