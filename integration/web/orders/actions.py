"""What can be done with an order now, and why not where it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from integration.models import Hold, Order
from integration.services.retry_hold import RETRIABLE
from integration.web.orders.draft import why_no_draft

NOT_YOUR_ROLE: Final = "Your role does not change orders. Warehouse and Ecommerce do."


@dataclass(frozen=True)
class HeldBy:
    """An open hold, and the address of the case that has its owner, its clock and its fix."""

    hold: Hold
    case_url: str


@dataclass(frozen=True)
class Action:
    """One thing to do: a form to send (`hold_id`), a link to follow (`url`), or neither and the reason."""

    label: str
    icon: str
    hold_id: int | None = None
    url: str = ""
    reason: str = ""
    explains: str = ""


def held_by(order: Order, holds: Sequence[Hold]) -> list[HeldBy]:
    """Each open hold with its case."""
    return [HeldBy(hold, case_url(order, hold)) for hold in holds]


def case_url(order: Order, hold: Hold) -> str:
    """The list of exceptions, narrowed to the root cause of this hold, whoever has put it off meanwhile."""
    query = {"tab": "all", "kind": hold.kind, "channel": order.channel.code, "words": hold.cause_key}
    return f"{reverse('exceptions')}?{urlencode(query)}"


def actions_of(order: Order, held: Sequence[HeldBy], *, may_fix: bool) -> list[Action]:
    """Every action there is, in the order in which they are thought of; the impossible ones with their reason."""
    return [
        *_retries(held, may_fix=may_fix),
        _correct(order, held, may_fix=may_fix),
        _enter_tracking(order, held, may_fix=may_fix),
        _see_draft(order),
    ]


def _retries(held: Sequence[HeldBy], *, may_fix: bool) -> list[Action]:
    label, icon = "Try again", "back"
    refused = [row.hold for row in held if row.hold.kind in RETRIABLE]
    if refused and not may_fix:
        return [Action(label, icon, reason=NOT_YOUR_ROLE)]
    if refused:
        return [Action(label, icon, hold_id=hold.pk, explains=hold.summary) for hold in refused]
    if held:
        return [
            Action(label, icon, reason="It is not tried again before its cause is fixed; then it goes on by itself.")
        ]
    return [Action(label, icon, reason="Nothing was refused: there is nothing to repeat.")]


def _correct(order: Order, held: Sequence[HeldBy], *, may_fix: bool) -> Action:
    label, icon = "Correct the data", "settings"
    invalid = next((row for row in held if row.hold.kind == "order.invalid_data"), None)
    if invalid is not None and not may_fix:
        return Action(label, icon, reason=NOT_YOUR_ROLE)
    if invalid is not None:
        return Action(label, icon, url=invalid.case_url, explains=invalid.hold.summary)
    if order.in_wms_at is not None:
        return Action(label, icon, reason="The warehouse has the order already: change it there.")
    return Action(label, icon, reason="No field is waiting for a correction.")


def _enter_tracking(order: Order, held: Sequence[HeldBy], *, may_fix: bool) -> Action:
    label, icon = "Enter a tracking number", "shipments"
    missing = next((row for row in held if row.hold.kind == "shipment.tracking_missing"), None)
    if missing is not None and not may_fix:
        return Action(label, icon, reason=NOT_YOUR_ROLE)
    if missing is not None:
        return Action(label, icon, url=missing.case_url, explains=missing.hold.summary)
    if order.shipped_at is None:
        return Action(label, icon, reason="Nothing has left the warehouse without its number.")
    return Action(label, icon, reason="Every parcel that left has its number, or is looked up within minutes.")


def _see_draft(order: Order) -> Action:
    label, icon = "See what would be sent", "orders"
    reason = why_no_draft(order)
    if reason:
        return Action(label, icon, reason=reason)
    return Action(label, icon, url="?draft=yes#draft", explains="To the warehouse, as the maps stand now.")
