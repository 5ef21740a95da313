"""What a person does with a case itself: take it, put it off, hand it over, say something."""

from datetime import timedelta

from django.db import transaction

from core.audit import record_audit
from core.clock import db_now
from core.models import User
from exceptions.models import Case, CaseEvent
from integration.errors import InvalidInputError

MAX_SNOOZE_HOURS = 24 * 14
MAX_COMMENT = 500


def acknowledge_case(*, case: Case, by: User) -> Case:
    """Say that somebody is on it; the person becomes its assignee unless it has one."""
    with transaction.atomic():
        row = _locked(case)
        now = db_now()
        row.state, row.acknowledged_at, row.acknowledged_by = "acknowledged", now, by
        row.snoozed_until = None
        row.assignee = row.assignee or by
        row.save(update_fields=["state", "acknowledged_at", "acknowledged_by", "snoozed_until", "assignee"])
        _tell(row, "acknowledged", f"{by} is on it", by)
    return row


def snooze_case(*, case: Case, hours: int, by: User) -> Case:
    """Put it off; it comes back by itself. InvalidInputError above two weeks."""
    if not 1 <= hours <= MAX_SNOOZE_HOURS:
        raise InvalidInputError({"hours": f"Between 1 hour and {MAX_SNOOZE_HOURS} hours."})
    with transaction.atomic():
        row = _locked(case)
        row.state, row.snoozed_until = "snoozed", db_now() + timedelta(hours=hours)
        row.save(update_fields=["state", "snoozed_until"])
        _tell(row, "snoozed", f"Snoozed for {hours} h", by)
    return row


def assign_case(*, case: Case, assignee: User | None, by: User) -> Case:
    """Give it to a person, or back to the team."""
    with transaction.atomic():
        row = _locked(case)
        row.assignee = assignee
        row.save(update_fields=["assignee"])
        _tell(row, "assigned", f"Assigned to {assignee}" if assignee else "Given back to the team", by)
    return row


def comment_on_case(*, case: Case, text: str, by: User) -> CaseEvent:
    """Add a remark to the timeline. InvalidInputError when it is empty or too long."""
    words = text.strip()
    if not words or len(words) > MAX_COMMENT:
        raise InvalidInputError({"text": f"Write something, at most {MAX_COMMENT} characters."})
    return CaseEvent.objects.create(case=case, at=db_now(), kind="comment", summary=words, by=by)


def _locked(case: Case) -> Case:
    row = Case.objects.select_for_update(of=("self",)).get(pk=case.pk)
    if row.state == "resolved":
        raise InvalidInputError({"case": "This case is already resolved."})
    return row


def _tell(case: Case, kind: str, summary: str, by: User) -> None:
    CaseEvent.objects.create(case=case, at=db_now(), kind=kind, summary=summary[:500], by=by)
    record_audit(by=by, action=f"case.{kind}", subject=case, before=None, after={"summary": summary})
