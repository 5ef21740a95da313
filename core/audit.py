"""Writes the audit trail, in the transaction of the act itself."""

from collections.abc import Mapping
from typing import Any

from django.db import models

from core.clock import db_now
from core.models import AuditEntry, User


def record_audit(
    *,
    by: User | None,
    action: str,
    subject: models.Model | str,
    before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> AuditEntry:
    """Append an entry; `by` None is the machine. Subjects are a row, or "type:id" words. No personal data of buyers."""
    if isinstance(subject, str):
        kind, _, identity = subject.partition(":")
    else:
        kind, identity = subject._meta.model_name or "", str(subject.pk)
    return AuditEntry.objects.create(
        at=db_now(),
        actor=by,
        actor_label=str(by) if by else "Holdpoint",
        action=action,
        subject_type=kind,
        subject_id=identity[:250],
        before=dict(before) if before is not None else None,
        after=dict(after) if after is not None else None,
    )
