"""Takes a person's answer to an order that waits for one: accept or refuse, line by line."""

from collections.abc import Mapping

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.effects import ensure_effects, rearm
from core.models import Effect, User
from integration.errors import InvalidInputError
from integration.models import Order
from integration.services.decide_acceptance import KIND, decision_effect
from integration.services.record_event import record_event
from integration.services.release_holds import release_holds


def decide_order(*, order: Order, answers: Mapping[str, bool], by: User | None) -> None:
    """Answer every line of an order that Mirakl still waits for; keys are line ids, True accepts.

    An answer that was parked is replaced, and read back before it is sent. Raises InvalidInputError when a line has no
    answer, when Mirakl no longer waits, or while an earlier answer is on its way.
    """
    with transaction.atomic():
        row = Order.objects.select_for_update(of=("self",)).select_related("channel").get(pk=order.pk)
        lines = {line.line_id for line in row.lines.all()}
        if set(answers) != lines:
            raise InvalidInputError({"lines": "Answer every line of the order, and no other."})
        if row.mirakl_state != "WAITING_ACCEPTANCE":
            raise InvalidInputError(
                {"order": f"Mirakl no longer waits for an answer: the order is {row.mirakl_state}."}
            )
        new = decision_effect(
            channel=row.channel, order=row, answers=answers, reasons=["decided by a person"], now=db_now()
        )
        old = Effect.objects.select_for_update().filter(
            kind=KIND, connection=new.connection, business_key=new.business_key
        )
        earlier = old.first()
        if earlier is not None and earlier.state != "parked":
            raise InvalidInputError({"order": "An answer is on its way already."})
        if earlier is None:
            ensure_effects([new])
        else:
            old.update(payload=dict(new.payload))
            rearm(effect_ids=[earlier.pk], by=None, note="decided by a person")
        holds = row.holds.filter(kind="order.acceptance_failed", released_at=None)
        release_holds(hold_ids=list(holds.values_list("id", flat=True)), by=by, how="Decided")
        accepted = sum(answers.values())
        record_event(
            order=row,
            lane="acceptance",
            kind="decided",
            summary=f"{accepted} of {len(lines)} lines accepted by a person",
            by=by,
        )
        record_audit(
            by=by, action="order.decided", subject=row, before=None, after={"accepted": accepted, "lines": len(lines)}
        )
