"""A person's word on a case of stock: what it shows is meant. The case closes with it, and says who and why."""

from django.db import transaction

from core.clock import db_now
from core.models import User
from exceptions.models import Case, CaseEvent
from exceptions.queries.findings import open_findings
from integration.errors import InvalidInputError
from integration.services.stock.resolve_finding import resolve_finding


def accept_findings(*, case: Case, reason: str, by: User) -> int:
    """Close every open finding of the case with the reason; returns how many. Raises InvalidInputError when none is open."""
    with transaction.atomic():
        findings = open_findings(case)
        if not findings:
            raise InvalidInputError({"reason": "Nothing is held by this any more: somebody was quicker."})
        for finding in findings:
            resolve_finding(finding=finding, reason=reason, by=by)
        CaseEvent.objects.create(case=case, at=db_now(), kind="meant", summary=f"This is meant: {reason}"[:500], by=by)
    return len(findings)
