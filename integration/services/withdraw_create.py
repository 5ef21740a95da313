"""What may still be done about the order that is to be created in the warehouse, under the lock of its effect."""

from datetime import timedelta

from core.clock import db_now
from core.effects import cancel_effect
from core.models import Effect
from integration.models import Order
from integration.services.put_effects import was_dropped

KIND = "deposco.create_order"
UNSENT = ("ready", "parked")
# Parked for a person with something of this number in the warehouse, or perhaps there.
MAY_BE_THERE = frozenset({"differs", "wms.differs", "crashed", "bug"})
# Longer than any preparation takes, short enough to be looked at again should none follow.
POSTPONED = timedelta(minutes=30)


def warehouse_may_have(order: Order) -> bool:
    """Whether the warehouse has the order, or may: it was sent and nobody has looked yet, or it is being sent now."""
    if order.in_wms_at is not None:
        return True
    effects = Effect.objects.select_for_update().filter(kind=KIND, subject_id=order.pk)
    return any(effect.state == "in_flight" or _is_unsure(effect) for effect in effects)


def postpone_create(*, order: Order, withdraw: bool = False) -> None:
    """Keep an order that was not sent from being sent as it stood: until it is prepared anew, or for good."""
    for effect in Effect.objects.select_for_update().filter(kind=KIND, subject_id=order.pk, state__in=UNSENT):
        if withdraw and effect.first_sent_at is None:
            cancel_effect(effect_id=effect.id, note=f"{order.stage} at the marketplace before it was sent")
        elif effect.state == "ready":
            Effect.objects.filter(pk=effect.pk).update(next_attempt_at=db_now() + POSTPONED)


def _is_unsure(effect: Effect) -> bool:
    """Sent once, and not known to be refused: most parked ones were read back, or answered with a refusal."""
    if effect.first_sent_at is None:
        return False
    if effect.state == "done":
        return not was_dropped(effect)
    return effect.state in ("ready", "unknown") or (effect.state == "parked" and effect.parked_code in MAY_BE_THERE)
