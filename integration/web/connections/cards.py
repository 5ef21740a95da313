"""One connection as its card shows it: the row, its health, and the state of both in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.urls import reverse

from integration.models import LANES, Channel, Warehouse
from integration.queries.connection_health import Health, connection_health

LANE_WORDS: Final = {
    "acceptance": (
        "Acceptance",
        "Reads new orders and accepts them at once, by this channel's policy.",
        "New orders stay open at the marketplace and run towards its acceptance limit.",
    ),
    "import": (
        "Import",
        "Creates each order that may ship in the warehouse, once.",
        "Orders that may ship wait here; the warehouse does not see them.",
    ),
    "dispatch": (
        "Dispatch",
        "Tells the marketplace about each parcel as soon as it left, with its tracking number.",
        "Parcels that left wait here; the marketplace does not know of them.",
    ),
    "stock": (
        "Stock",
        "Tells the marketplace how much may be sold.",
        "The marketplace keeps the quantities it has.",
    ),
    "money": (
        "Money",
        "Reads payouts and their transactions.",
        "Payouts are not read.",
    ),
}
assert tuple(LANE_WORDS) == LANES


@dataclass(frozen=True)
class Lane:
    """One lane as a switch: what it does while it is on, and what happens while it is off."""

    name: str
    label: str
    does: str
    without: str
    is_on: bool


@dataclass(frozen=True)
class Card:
    """A shop or a warehouse with its health."""

    row: Channel | Warehouse
    health: Health

    @property
    def is_shop(self) -> bool:
        """Whether it is a shop."""
        return isinstance(self.row, Channel)

    @property
    def kind(self) -> str:
        """The middle of its addresses' names."""
        return "shop" if self.is_shop else "warehouse"

    @property
    def address(self) -> str:
        """Its own page."""
        return reverse(f"connection_{self.kind}", args=[self.row.code])

    @property
    def tone(self) -> str:
        """How its state looks."""
        return self._state()[0]

    @property
    def symbol(self) -> str:
        """The shape beside the colour."""
        return self._state()[1]

    @property
    def state(self) -> str:
        """Its state in a word or two."""
        return self._state()[2]

    @property
    def lanes(self) -> list[Lane]:
        """A shop's lanes; a warehouse has none of its own."""
        if not isinstance(self.row, Channel):
            return []
        return [Lane(name, *LANE_WORDS[name], is_on=name in self.row.lanes) for name in LANES]

    def _state(self) -> tuple[str, str, str]:
        if not self.row.is_active:
            return "neutral", "held", "Paused"
        if self.health.stopped_reason:
            return "critical", "critical", "Stopped"
        if self.row.tested_at is None:
            return "high", "high", "Not tested yet"
        return "good", "check", "Works"


def cards_of(rows: Iterable[Channel | Warehouse]) -> list[Card]:
    """The cards of these rows, at the same cost however many there are."""
    listed = list(rows)
    health = connection_health([row.connection for row in listed])
    return [Card(row, health[row.connection]) for row in listed]
