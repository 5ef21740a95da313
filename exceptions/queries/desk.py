"""What the desk shows: cases, the records they hold, and how many wait for whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from django.db.models import Count, Q, QuerySet

from exceptions.models import Case, CaseRecord
from integration.models import Hold, Order

WAITING: Final = ("open", "acknowledged")
SHOWN: Final = 20


@dataclass(frozen=True)
class HeldRow:
    """One record of a case: its order where it has one, where it is held, since when, until when, and its worth."""

    record_type: str
    words: str
    order: Order | None
    hold: Hold | None
    stage: str
    since: datetime
    deadline_at: datetime | None
    value: Decimal | None


def cases_of_tab(tab: str) -> QuerySet[Case]:
    """Cases of one tab: open, snoozed, resolved or all; newest facts first is left to the caller."""
    rows = Case.objects.select_related("channel", "assignee")
    match tab:
        case "snoozed":
            return rows.filter(state="snoozed")
        case "resolved":
            return rows.filter(state="resolved")
        case "all":
            return rows
        case _:
            return rows.filter(state__in=WAITING)


def waiting_by_team() -> dict[str, int]:
    """How many cases wait for each team."""
    rows = Case.objects.filter(state__in=WAITING).order_by().values("team").annotate(n=Count("id"))
    return {row["team"]: row["n"] for row in rows}


def held_rows(case: Case, *, limit: int = SHOWN) -> list[HeldRow]:
    """The records a case holds now, the earliest deadline first, in three statements whatever their number."""
    records = list(CaseRecord.objects.filter(case=case, freed_at=None).order_by("deadline_at", "id")[:limit])
    holds = Hold.objects.select_related("line", "parcel").in_bulk(
        [record.record_id for record in records if record.record_type == "hold"]
    )
    orders = Order.objects.select_related("channel").in_bulk(
        [record.order_id for record in records if record.order_id is not None]
    )
    return [_row(record, holds, orders) for record in records]


def related_cases(case: Case, *, limit: int = 6) -> Sequence[Case]:
    """Other waiting cases of the same kind or of the same channel and team, the nearest deadline first."""
    near = Q(kind=case.kind) | Q(channel=case.channel, team=case.team, channel__isnull=False)
    rows = Case.objects.filter(near, state__in=WAITING).exclude(pk=case.pk).select_related("channel")
    return list(rows.order_by("deadline_at", "id")[:limit])


def _row(record: CaseRecord, holds: dict[int, Hold], orders: dict[int, Order]) -> HeldRow:
    hold = holds.get(record.record_id) if record.record_type == "hold" else None
    order = orders.get(record.order_id) if record.order_id is not None else None
    return HeldRow(
        record_type=record.record_type,
        words=hold.summary if hold else "",
        order=order,
        hold=hold,
        stage=record.stage,
        since=hold.since if hold else record.attached_at,
        deadline_at=record.deadline_at,
        value=record.value,
    )
