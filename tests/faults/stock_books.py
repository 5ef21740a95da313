"""Stock that moves while processes die, and what both sides' books say of it at the end."""

import random
import threading
import time
from itertools import pairwise
from typing import Any

import httpx

OPERATOR, SHOP = "north", "2001"
# Moves a second, and the longest a number may be away from its last one.
PAUSE_SECONDS = 0.25


class StockBooks:
    """The hand on the warehouse's stock, and the books of the marketplace."""

    def __init__(self, far: httpx.Client, items: dict[str, str], over: threading.Event) -> None:
        self.far, self.items, self.over = far, items, over
        self.moves = 0

    def move(self) -> None:
        """Let a number of the warehouse move, again and again, until it is over."""
        rng = random.Random(7)  # noqa: S311 -- a repeatable run, no secret
        facilities = self.far.get("/stock/final", params={"tenant": "DEMO"}).json()["facilities"]
        names = sorted(self.items.values())
        while not self.over.is_set():
            change = [rng.choice(names), rng.choice(facilities), rng.randint(0, 400)]
            self.far.post("/stock/changes", json={"tenant": "DEMO", "changes": [change]}).raise_for_status()
            self.moves += 1
            time.sleep(PAUSE_SECONDS)

    def wrong(self) -> list[str]:
        """Offers that show another number than the warehouse has now."""
        final = self.far.get("/stock/final", params={"tenant": "DEMO"}).json()["items"]
        shown = self.far.get("/offers", params={"operator": OPERATOR, "shop_id": SHOP}).json()["offers"]
        return [
            f"{sku} shows {shown[sku]} of {_total(final[item])}"
            for sku, item in sorted(self.items.items())
            if shown[sku] != _total(final[item])
        ]

    def imports(self) -> list[dict[str, Any]]:
        """Every stock file that the marketplace took."""
        params = {"operator": OPERATOR, "shop_id": SHOP, "kind": "stock"}
        rows: list[dict[str, Any]] = self.far.get("/imports", params=params).json()["imports"]
        return rows

    def overlaps(self) -> list[str]:
        """Files that were under way at once."""
        spans = sorted((row["created"], row["ended_at"] or float("inf"), row["id"]) for row in self.imports())
        return [f"{one} and {other}" for (_, end, one), (start, _, other) in pairwise(spans) if start < end]

    def backwards(self) -> int:
        """Numbers that landed although a newer one had landed before."""
        params = {"operator": OPERATOR, "shop_id": SHOP}
        return int(self.far.get("/landings", params=params).json()["backwards"])


def _total(units: list[float | None]) -> int:
    return int(sum(max(0, count) for count in units if count is not None))
