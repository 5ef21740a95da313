"""Decides new orders and writes the decision down as an effect, before anything is sent."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import ValidationError

from core.effects import NewEffect, ensure_effects
from integration.domain.acceptance import AcceptancePolicy, LineFacts, decide
from integration.models import Channel, OfferStock, Order, OrderLine, SkuMapping
from integration.services.hold_record import hold_record

KIND = "mirakl.accept"
PRIORITY = 0


def decide_acceptance(*, channel: Channel, orders: Sequence[Order], now: datetime) -> int:
    """Write one accept effect per order that waits for a decision; returns how many are new. Caller owns the transaction.

    The decision is frozen in the effect, so that a repeat can never turn an acceptance into a refusal.

    Nothing here looks at the warehouse: acceptance waits for nobody. Only a policy that asks for it reads the SKU map, or
    the numbers of stock as they were last worked out.
    """
    waiting = [
        order
        for order in orders
        if order.mirakl_state == "WAITING_ACCEPTANCE" and order.can_shop_ship and order.fulfillment_center == "DEFAULT"
    ]
    if not waiting or not channel.has_lane("acceptance"):
        return 0
    policy = policy_of(channel)
    lines: dict[int, list[OrderLine]] = {}
    for line in OrderLine.objects.filter(order__in=waiting).order_by("order_id", "position"):
        lines.setdefault(line.order_id, []).append(line)
    mapped = _mapped(channel, lines) if policy.reads_sku_map else None
    free = _free(channel, lines) if policy.reads_stock else {}
    effects = []
    for order in waiting:
        facts = [
            LineFacts(
                line_id=line.line_id,
                offer_sku=line.offer_sku,
                quantity=line.quantity,
                unit_price=line.unit_price,
                is_mapped=mapped is None or line.offer_sku in mapped,
                free=_take(free, order, line, now),
            )
            for line in lines.get(order.id, [])
        ]
        decision = decide(facts, policy)
        if decision.is_held:
            hold_record(
                order=order,
                kind="order.acceptance_failed",
                cause_key=order.order_id,
                summary=f"Order {order.order_id} waits for a person: {'; '.join(decision.reasons)}",
                lane="acceptance",
                detail={
                    "reasons": list(decision.reasons),
                    "waits_for": "decision",
                    "skus": sorted({fact.offer_sku for fact in facts if not fact.is_mapped}),
                },
            )
            continue
        effects.append(
            decision_effect(
                channel=channel,
                order=order,
                answers={line.line_id: line.accepted for line in decision.lines},
                reasons=decision.reasons,
                now=now,
            )
        )
    return ensure_effects(effects)


def decision_effect(
    *, channel: Channel, order: Order, answers: Mapping[str, bool], reasons: Sequence[str], now: datetime
) -> NewEffect:
    """The effect that tells Mirakl the answer on every line, as it was decided and for good."""
    return NewEffect(
        kind=KIND,
        connection=channel.connection,
        business_key=order.order_id,
        subject_id=order.id,
        priority=PRIORITY,
        deadline_at=order.acceptance_deadline_at or order.ordered_at + timedelta(hours=channel.acceptance_hours),
        payload={
            "order_id": order.order_id,
            "lines": [{"id": line_id, "accepted": accepted} for line_id, accepted in answers.items()],
            "reasons": list(reasons),
            "decided_at": now.isoformat(),
        },
    )


def policy_of(channel: Channel) -> AcceptancePolicy:
    """The channel's policy; one that cannot be read is none, since acceptance must not wait for it."""
    try:
        return AcceptancePolicy.model_validate(channel.acceptance_policy or {})
    except ValidationError:
        return AcceptancePolicy()


def _mapped(channel: Channel, lines: dict[int, list[OrderLine]]) -> frozenset[str]:
    skus = {line.offer_sku for order_lines in lines.values() for line in order_lines}
    return frozenset(SkuMapping.objects.filter(channel=channel, offer_sku__in=skus).values_list("offer_sku", flat=True))


def _free(channel: Channel, lines: dict[int, list[OrderLine]]) -> dict[str, int]:
    """What is left of each offer after units in flight; an offer whose stock is not known, or stale, is not among them."""
    skus = {line.offer_sku for order_lines in lines.values() for line in order_lines}
    rows = OfferStock.objects.filter(channel=channel, offer_sku__in=skus, wanted__isnull=False, is_stale=False)
    return {sku: free for sku, free in rows.values_list("offer_sku", "free") if free is not None}


def _take(free: dict[str, int], order: Order, line: OrderLine, now: datetime) -> int | None:
    """What is free for this line, which then has it. An order that is not new may be among the units in flight itself."""
    left = free.get(line.offer_sku)
    if left is None:
        return None
    if order.first_seen_at < now:
        return left + line.quantity
    if line.quantity <= left:
        free[line.offer_sku] = left - line.quantity
    return left
