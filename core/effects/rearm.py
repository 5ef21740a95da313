"""What people may do to an effect: try it again, or withdraw it. Both only change the row."""

from collections.abc import Sequence

from django.db.models import F

from core.audit import record_audit
from core.clock import db_now
from core.models import Effect, User

# Ids named in one entry of the audit; the effects themselves say that they were armed again.
AUDITED = 1000


def rearm(*, effect_ids: Sequence[int], by: User | None, note: str) -> int:
    """Make parked effects due again. What was ever sent is read back before it is sent again. Returns how many."""
    count = Effect.objects.filter(id__in=effect_ids, state="parked").update(
        state="ready",
        crash_attempts=0,
        failures=0,
        parked_code="",
        last_class="",
        next_attempt_at=db_now(),
        lease_until=None,
        fence=F("fence") + 1,
    )
    if count and by is not None:
        after = {"count": count, "effects": sorted(effect_ids)[:AUDITED], "note": note}
        record_audit(by=by, action="effects.rearmed", subject="effect:several", before=None, after=after)
    return count


def cancel_effect(*, effect_id: int, note: str) -> bool:
    """Withdraw an effect that was never sent. False when it was sent, is being sent, or is over."""
    count = Effect.objects.filter(id=effect_id, state__in=("ready", "parked"), first_sent_at=None).update(
        state="cancelled", done_at=db_now(), last_error=note, fence=F("fence") + 1
    )
    return count == 1
