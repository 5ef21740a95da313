"""What is wrong with this installation, each finding with what to do."""

from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from core.clock import db_now
from core.models import Breaker, CanaryBeat, Effect, Periodic
from integration.models import Channel, Warehouse

STALE_BEAT = timedelta(seconds=90)
OLDEST_POSTGRES = 150_000


@dataclass(frozen=True)
class Finding:
    """One check: whether it is fine, what was seen, and what to do when it is not."""

    check: str
    ok: bool
    seen: str
    advice: str = ""


def diagnose() -> list[Finding]:
    """Every check, in the order in which a person would mend them."""
    findings = [_postgres(), _migrations()]
    if not findings[-1].ok:
        return findings
    return [*findings, *_connections(), *_queues(), *_beats(), *_effects()]


def _postgres() -> Finding:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_version')")
        number, name = cursor.fetchone()
    return Finding("database", number >= OLDEST_POSTGRES, f"PostgreSQL {name}", "Use PostgreSQL 15 or newer.")


def _migrations() -> Finding:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return Finding("migrations", not plan, f"{len(plan)} to apply", "Run manage.py migrate.")


def _connections() -> list[Finding]:
    findings = [
        Finding(
            "warehouse",
            Warehouse.objects.filter(is_active=True).exists(),
            "a warehouse is connected",
            "manage.py connect_deposco",
        ),
        Finding(
            "channel",
            Channel.objects.filter(is_active=True).exists(),
            "a shop is connected",
            "manage.py connect_mirakl",
        ),
    ]
    for breaker in Breaker.objects.filter(state="open").order_by("name"):
        seen = f"open: {breaker.reason}"
        findings.append(
            Finding(breaker.name, ok=False, seen=seen, advice="Test the connection on the Connections page.")
        )
    return findings


def _queues() -> list[Finding]:
    now = db_now()
    findings = []
    for beat in CanaryBeat.objects.order_by("queue"):
        fresh = beat.beat_at is not None and now - beat.beat_at < STALE_BEAT
        findings.append(
            Finding(f"queue {beat.queue}", fresh, f"last canary {beat.beat_at}", "Start or restart manage.py workers.")
        )
    return findings or [Finding("queues", ok=False, seen="no canary yet", advice="Start manage.py workers.")]


def _beats() -> list[Finding]:
    now = db_now()
    late = [
        beat
        for beat in Periodic.objects.filter(enabled=True)
        if beat.last_ok_at is None or now - beat.last_ok_at > timedelta(seconds=max(60.0, beat.every_seconds * 3))
    ]
    return [
        Finding(f"job {beat.name}", ok=False, seen=f"last good run {beat.last_ok_at}", advice=beat.last_error[-300:])
        for beat in late
    ] or [Finding("jobs", ok=True, seen="every job kept its beat")]


def _effects() -> list[Finding]:
    parked = Effect.objects.filter(state="parked").count()
    return [Finding("effects", ok=True, seen=f"{parked} wait for a person's decision")]
