"""The state of the whole in a few statements: for the command line, the readiness page and the Today page."""

from typing import Any

from django.db.models import Count

from core.clock import db_now
from core.models import Breaker, CanaryBeat, Effect, Periodic
from integration.models import Hold, Order


def read_status() -> dict[str, Any]:
    """Orders by stage, open holds by cause, effects by kind and state, last beat of each job, open breakers."""
    now = db_now()
    stages = Order.objects.order_by().values("stage").annotate(n=Count("id"))
    held = Hold.objects.filter(released_at=None).order_by().values("kind", "cause_key", "order__channel__code")
    effects = Effect.objects.order_by("kind", "state").values("kind", "state").annotate(n=Count("id"))
    by_kind: dict[str, dict[str, int]] = {}
    for row in effects:
        by_kind.setdefault(row["kind"], {})[row["state"]] = row["n"]
    return {
        "at": now.isoformat(),
        "orders": {row["stage"]: row["n"] for row in stages},
        "orders_held": Order.objects.filter(is_held=True).count(),
        "held": [
            {"kind": row["kind"], "cause": row["cause_key"], "channel": row["order__channel__code"], "orders": row["n"]}
            for row in held.annotate(n=Count("order_id", distinct=True)).order_by("-n")[:200]
        ],
        "effects": by_kind,
        "jobs": [
            {
                "name": beat.name,
                "every_seconds": beat.every_seconds,
                "last_ok_at": beat.last_ok_at.isoformat() if beat.last_ok_at else None,
                "seconds_ago": round((now - beat.last_ok_at).total_seconds(), 1) if beat.last_ok_at else None,
                "last_error": beat.last_error.splitlines()[-1] if beat.last_error else "",
            }
            for beat in Periodic.objects.filter(enabled=True).order_by("name")
        ],
        "queues": {
            beat.queue: round((now - beat.beat_at).total_seconds(), 1) if beat.beat_at else None
            for beat in CanaryBeat.objects.all()
        },
        "breakers_open": list(Breaker.objects.filter(state="open").order_by("name").values("name", "reason")),
    }
