"""What stands around every page: the rail with its counts, the channels, one light for each connection."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Max
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from core.clock import db_now
from core.models import Breaker, CanaryBeat, User
from exceptions.domain.catalogue import TEAM_LABELS
from exceptions.queries.desk import waiting_by_team
from integration.models import Channel, Warehouse

RAIL: Final = (
    ("today", "Today", "today"),
    ("exceptions", "Exceptions", "exceptions"),
    ("orders", "Orders", "orders"),
    ("stock", "Stock", "stock"),
    ("shipments", "Shipments", "shipments"),
    ("sku_maps", "SKU maps", "maps"),
    ("connections", "Connections", "connections"),
    ("jobs", "Jobs", "jobs"),
    ("handbook", "Handbook", "handbook"),
)
# A canary goes through each queue every quarter of a minute.
SILENT: Final = timedelta(minutes=2)
# Pages that can be narrowed to one channel; from any other the switcher leads to the orders.
NARROWED: Final = frozenset(
    {
        "exceptions",
        "orders",
        "stock",
        "pushes",
        "unmapped_offers",
        "shipments",
        "sku_maps",
        "carrier_maps",
        "shipping_method_maps",
    }
)
# Entries that stand for more addresses than those below their own.
BELOW: Final = {"sku_maps": ("/sku-maps/", "/maps/")}


@dataclass(frozen=True)
class Entry:
    """One line of the rail."""

    label: str
    icon: str
    url: str
    is_current: bool
    count: int = 0
    count_words: str = ""


@dataclass(frozen=True)
class Light:
    """One connection: its tone, and the words for who cannot see it."""

    tone: str
    words: str


@dataclass(frozen=True)
class Frame:
    """Everything the base template shows."""

    entries: list[Entry]
    channels: list[tuple[str, str]]
    channel: str
    switch_to: str
    lights: list[Light]
    search_text: str
    silent_since: datetime | None

    @property
    def lights_words(self) -> str:
        """All lights in one sentence."""
        return "; ".join(light.words for light in self.lights) or "none yet"


def frame(request: HttpRequest) -> dict[str, Any]:
    """Give templates `frame`; nothing is read until a template uses it."""
    if not request.user.is_authenticated:
        return {}
    return {"frame": SimpleLazyObject(lambda: _frame(request))}


def _frame(request: HttpRequest) -> Frame:
    current = request.resolver_match.url_name if request.resolver_match else ""
    channels = list(Channel.objects.order_by("name").only("code", "name", "is_active"))
    target = current if current in NARROWED else "orders"
    return Frame(
        entries=list(_entries(request, current or "")),
        channels=[(channel.code, channel.name) for channel in channels],
        channel=request.GET.get("channel", ""),
        switch_to=reverse(target),
        lights=_lights(channels),
        search_text=request.GET.get("q", "") if current == "search" else "",
        silent_since=_silent_since(),
    )


def _silent_since() -> datetime | None:
    """When the workers were last heard of, if that is too long ago: then no order moves, whatever else is fine."""
    last = CanaryBeat.objects.aggregate(last=Max("beat_at"))["last"]
    return last if last is not None and db_now() - last > SILENT else None


def _entries(request: HttpRequest, current: str) -> Iterator[Entry]:
    by_team = waiting_by_team()
    team = request.user.team if isinstance(request.user, User) else ""
    count = by_team.get(team, 0) if team and team != "operations" else sum(by_team.values())
    whose = f" for {TEAM_LABELS[team].lower()}" if team and team != "operations" else ""
    for name, label, icon in RAIL:
        url = reverse(name)
        is_counted = name == "exceptions"
        yield Entry(
            label=label,
            icon=icon,
            url=url,
            is_current=name == current if name == "today" else request.path.startswith(BELOW.get(name, url)),
            count=count if is_counted else 0,
            count_words=f"{count} waiting{whose}" if is_counted else "",
        )


def _lights(channels: list[Channel]) -> list[Light]:
    down = dict(Breaker.objects.filter(state="open", name__startswith="conn:").values_list("name", "reason"))
    connections: list[Warehouse | Channel] = [*Warehouse.objects.order_by("name").only("code", "name", "is_active")]
    lights = []
    for row in (*connections, *channels):
        reason = down.get(f"conn:{row.connection}")
        if not row.is_active:
            lights.append(Light("neutral", f"{row.name}: paused"))
        elif reason is not None:
            lights.append(Light("critical", f"{row.name}: does not work, {reason}"))
        else:
            lights.append(Light("good", f"{row.name}: works"))
    return lights
