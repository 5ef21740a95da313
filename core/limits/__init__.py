"""Rates and breakers, one row each, shared by every process."""

from core.limits.breakers import allows, close_breaker, open_breaker, record_failure, record_success, refuse
from core.limits.buckets import block, ensure_bucket, take

__all__ = [
    "allows",
    "block",
    "close_breaker",
    "ensure_bucket",
    "open_breaker",
    "record_failure",
    "record_success",
    "refuse",
    "take",
]
