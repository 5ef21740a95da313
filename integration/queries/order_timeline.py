"""The timeline of one order: what happened, what was tried, and each call on the wire with its redacted message."""

import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from core.models import CallLog, Effect, EffectAttempt
from core.redaction import redact
from integration.models import Order, OrderMessage

LANES: Final = {
    "acceptance": "Acceptance",
    "import": "Import",
    "dispatch": "Dispatch",
    "change": "Changes",
    "watch": "Holds",
}
# Every outward write whose subject is an order: its lane, and what it does in words. A test keeps it complete.
EFFECTS: Final = {
    "mirakl.accept": ("acceptance", "Accept at the marketplace"),
    "deposco.create_order": ("import", "Create in the warehouse"),
    "mirakl.confirm_parcel": ("dispatch", "Confirm a parcel at the marketplace"),
    "mirakl.confirm_order": ("dispatch", "Confirm the order at the marketplace"),
    "mirakl.ship_shipment": ("dispatch", "Ship a shipment that stands open at the marketplace"),
}
OUTCOMES: Final = {
    "ok": ("good", "done"),
    "already": ("good", "was done already"),
    "not_sent": ("neutral", "not sent"),
    "throttled": ("neutral", "asked to wait"),
    "unknown": ("neutral", "no certain answer: read back before it is sent again"),
    "permanent": ("critical", "refused"),
    "auth": ("critical", "the key was refused"),
    "bug": ("critical", "an error of our own"),
}
SHOWN: Final = 200
VERSIONS: Final = 10
INDENT: Final = 2


@dataclass(frozen=True)
class Message:
    """A message that crossed the wire, without personal data and credentials."""

    title: str
    body: str


@dataclass(frozen=True)
class Version:
    """The order as the marketplace told it at one moment, without personal data."""

    at: datetime
    body: str


@dataclass(frozen=True)
class Entry:
    """One line of the timeline. `by` is empty when the machine acted."""

    at: datetime
    lane: str
    lane_label: str
    summary: str
    by: str = ""
    tone: str = "neutral"
    messages: Sequence[Message] = field(default=())


@dataclass(frozen=True)
class Timeline:
    """The newest entries of the chosen lane; `is_cut` says that there are older ones."""

    entries: list[Entry]
    is_cut: bool


def timeline_of(order: Order, *, lane: str = "") -> Timeline:
    """Events, tries and calls together, the newest first, in four statements; `lane` empty is every lane."""
    effects = {row.pk: row for row in Effect.objects.filter(kind__in=EFFECTS, subject_id=order.pk)}
    wanted = [pk for pk, row in effects.items() if not lane or EFFECTS[row.kind][0] == lane]
    found = [*_events(order, lane), *_tries(wanted, effects), *_calls(wanted, effects)]
    found.sort(key=lambda entry: entry.at, reverse=True)
    return Timeline(entries=found[:SHOWN], is_cut=len(found) > SHOWN)


def message_versions_of(order: Order) -> list[Version]:
    """The order as the marketplace sent it, each version that differed, redacted, the newest first."""
    rows = OrderMessage.objects.filter(order=order).order_by("-received_at", "-id")[:VERSIONS]
    return [Version(at=row.received_at, body=_pretty(redact(json.loads(zlib.decompress(row.body))))) for row in rows]


def _events(order: Order, lane: str) -> Iterator[Entry]:
    rows = order.events.select_related("by").order_by("-at", "-id")
    for row in (rows.filter(lane=lane) if lane else rows)[: SHOWN + 1]:
        tone = (
            "critical" if row.kind == "held" else "good" if row.kind in ("released", "stage.confirmed") else "neutral"
        )
        yield _entry(row.at, row.lane, row.summary, by=str(row.by or ""), tone=tone)


def _tries(ids: Sequence[int], effects: dict[int, Effect]) -> Iterator[Entry]:
    for row in EffectAttempt.objects.filter(effect_id__in=ids).order_by("-at", "-id")[: SHOWN + 1]:
        effect = effects[row.effect_id]
        lane, title = EFFECTS[effect.kind]
        tone, words = OUTCOMES.get(row.outcome_class, ("neutral", row.outcome_class))
        reason = " ".join(filter(None, (row.code, row.message)))
        phase = "reading back" if row.phase == "read_back" else f"try {row.attempt}"
        summary = f"{title}, {phase}: {words}{f' ({reason})' if reason and row.outcome_class != 'ok' else ''}"
        # One call may carry many orders: what went for this one is on its effect.
        sent = Message(f"{effect.connection}, {effect.business_key}", _pretty(redact(effect.payload)))
        yield _entry(row.at, lane, summary, tone=tone, messages=(sent,) if row.phase == "send" else ())


def _calls(ids: Sequence[int], effects: dict[int, Effect]) -> Iterator[Entry]:
    for row in CallLog.objects.filter(effect_id__in=ids).order_by("-started_at", "-id")[: SHOWN + 1]:
        lane = EFFECTS[effects[row.effect_id or 0].kind][0]
        answer = row.error or f"answered {row.status}"
        summary = f"Call {row.operation} to {row.connection}: {answer} after {row.elapsed_ms} ms"
        sent = Message(f"{row.method} {row.path}", _readable(row.request_excerpt) or "(no body)")
        got = Message(f"Answer {row.status or ''}".strip(), _readable(row.response_excerpt) or "(no body)")
        tone = "critical" if row.error else "neutral"
        yield _entry(row.started_at, lane, summary, tone=tone, messages=(sent, got))


def _entry(at: datetime, lane: str, summary: str, **values: Any) -> Entry:
    return Entry(at=at, lane=lane, lane_label=LANES.get(lane, lane.capitalize()), summary=summary, **values)


def _readable(excerpt: str) -> str:
    """Indented where it is whole JSON; as it is where it was cut."""
    try:
        return _pretty(json.loads(excerpt))
    except ValueError:
        return excerpt


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=INDENT, ensure_ascii=False)
