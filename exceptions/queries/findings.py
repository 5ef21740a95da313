"""What is wrong with stock, as a case shows it: the numbers of each finding, a few of its rows, and where to go on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.urls import NoReverseMatch, reverse

from exceptions.models import Case
from integration.models import StockFinding, StockPush

# What the page shows elsewhere, or nobody reads.
NOT_SHOWN: Final = frozenset({"gap", "value", "currency", "deadline", "examples", "push", "since", "meant_because"})
SHOWN: Final = 20
# Kind: the words of the link, the page, and what narrows it. {channel} is the case's channel.
LINKS: Final[dict[str, tuple[tuple[str, str, str], ...]]] = {
    "stock.discrepancy": (("Items whose number differs", "stock", "question=differs"),),
    "stock.line_rejected": (("Items the marketplace refuses", "stock", "question=refused"),),
    "stock.push_failed": (("All files", "pushes", ""),),
    "stock.stale": (("Stale items", "stock", "question=stale"), ("Connections", "connections", "")),
    "stock.offer_unmapped": (("Offers without an item", "unmapped_offers", ""),),
    "stock.offer_inactive": (("Items of this channel", "stock", ""),),
    "stock.double_buffer": (("Buffers", "stock_rules", ""), ("Items", "stock", "")),
    "order.oversold": (("Items in danger of overselling", "stock", "question=oversell"),),
}


@dataclass(frozen=True)
class Fact:
    """One number of a finding; a moment is shown in the reader's zone."""

    label: str
    value: Any
    moment: datetime | None = None


@dataclass(frozen=True)
class Cell:
    """A cell of the few rows, with the page it leads to where there is one."""

    text: str
    address: str = ""


@dataclass(frozen=True)
class ShownFinding:
    """A finding as the page shows it."""

    summary: str
    since: datetime
    count: int
    facts: Sequence[Fact]
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def open_findings(case: Case) -> list[StockFinding]:
    """The findings of a case that are open; one, as things are, since a cause is open once."""
    rows = StockFinding.objects.filter(kind=case.kind, cause_key=case.cause_key, cleared_at=None)
    return list(rows.filter(channel=case.channel_id, connection=case.connection).order_by("id"))


def shown_findings(case: Case) -> list[ShownFinding]:
    """Each open finding with its numbers, whatever whoever found it put down."""
    return [_shown(row) for row in open_findings(case)]


def stock_links(case: Case) -> list[tuple[str, str]]:
    """Where the rows of a case of stock are: words and address. A page that is not there is left out."""
    channel = {"channel": case.channel.code} if case.channel else {}
    links = []
    for words, name, query in LINKS.get(case.kind, ()):
        address = _address(name)
        if address:
            narrowed = "&".join(part for part in (query, urlencode(channel) if name != "connections" else "") if part)
            links.append((words, f"{address}?{narrowed}" if narrowed else address))
    return links


def push_of(finding: StockFinding) -> StockPush | None:
    """The file that a finding is about."""
    return StockPush.objects.filter(pk=finding.detail.get("push") or 0, channel=finding.channel_id).first()


def _shown(finding: StockFinding) -> ShownFinding:
    plain = {key: value for key, value in finding.detail.items() if key not in NOT_SHOWN and value not in (None, "")}
    columns, rows = _table(finding.detail.get("examples"))
    return ShownFinding(
        summary=finding.summary,
        since=finding.since,
        count=finding.count,
        facts=[_fact(key, value) for key, value in plain.items()],
        columns=columns,
        rows=rows,
    )


def _fact(key: str, value: Any) -> Fact:
    label = key.replace("_", " ").capitalize()
    if isinstance(value, list):
        return Fact(label, ", ".join(str(one) for one in value[:SHOWN]))
    return Fact(label, value, _moment(value) if key.endswith("_at") else None)


def _table(examples: Any) -> tuple[list[str], list[list[Cell]]]:
    """The few rows as a table: of objects by their keys, of plain words as one column."""
    listed = examples[:SHOWN] if isinstance(examples, list) else []
    if not listed:
        return [], []
    if not all(isinstance(row, Mapping) for row in listed):
        return ["Offer"], [[_offer_cell(str(row))] for row in listed]
    keys = [key for key in listed[0] if key != "order_id"]
    return [key.capitalize() for key in keys], [[_cell(row, key) for key in keys] for row in listed]


def _cell(row: Mapping[str, Any], key: str) -> Cell:
    told = row.get(key)
    text = "-" if told in (None, "") else str(told)
    if key == "order" and row.get("order_id"):
        return Cell(text, reverse("order", args=[row["order_id"]]))
    return _offer_cell(text) if key in ("offer", "item") else Cell(text)


def _offer_cell(text: str) -> Cell:
    address = _address("stock")
    return Cell(text, f"{address}?{urlencode({'words': text})}" if address else "")


def _address(name: str) -> str:
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _moment(value: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(value))
    except ValueError:
        return None
