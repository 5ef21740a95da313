"""The rows of core, one family per file."""

from core.models.audit_entry import AuditEntry
from core.models.call_log import CallLog
from core.models.effect import Effect, EffectAttempt
from core.models.limits import Breaker, Bucket
from core.models.periodic import CanaryBeat, JobRun, Periodic
from core.models.user import User

__all__ = [
    "AuditEntry",
    "Breaker",
    "Bucket",
    "CallLog",
    "CanaryBeat",
    "Effect",
    "EffectAttempt",
    "JobRun",
    "Periodic",
    "User",
]
