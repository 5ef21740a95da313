"""What happens while the lane runs: stock changes, buyers, imports that go wrong, probes that measure how long a number takes."""

import random
import time
from dataclasses import dataclass, field
from typing import Any, Final

import httpx

from bench.stock_live.plan import FACILITIES, SHOPS, TENANT, Plan, Shop, item, sku

RACED_MOST, FREE_MOST = 12, 200
RACED_SHARE = 0.1
PROBES, PROBE_EVERY = 20, 150.0
REFUSED, REFUSED_WORDS = 40, "The offer is locked by the operator"
FIRST = FACILITIES[0]


@dataclass
class Book:
    """What was done, on the sandbox's clock: the numbers set on raced items, what was bought, the probes."""

    began: float = 0.0
    ended: float = 0.0
    changes: int = 0
    on_hand: dict[str, list[tuple[float, int]]] = field(default_factory=dict)
    tries: list[dict[str, Any]] = field(default_factory=list)
    probes: list[tuple[float, int, int]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


class Driver:
    """Drives the sandbox for some minutes, one second after another, by one seed."""

    def __init__(self, hand: httpx.Client, plan: Plan) -> None:
        self._hand, self._plan = hand, plan
        self._rng = random.Random(plan.seed)  # noqa: S311 -- a repeatable run, no secret
        self.book = Book()
        self._troubles = () if plan.is_calm else _troubles()

    def run(self) -> Book:
        """Until the minutes are over. Every second has its changes and buyers; troubles come when they are due."""
        plan, began = self._plan, time.monotonic()
        self.book.began = time.time()
        due = iter(sorted(self._troubles, key=lambda row: row[0]))
        trouble, owed, probe_at = next(due, None), 0.0, 5.0
        for second in range(int(plan.minutes * 60)):
            time.sleep(max(0.0, began + second - time.monotonic()))
            self._change()
            owed += plan.buys_per_second
            while owed >= 1:
                owed -= 1
                self._buy()
            while trouble is not None and trouble[0] <= second:
                self._hand.post(trouble[2], json=trouble[3]).raise_for_status()
                self.book.troubles.append(trouble[1])
                trouble = next(due, None)
            if second >= probe_at:
                probe_at += PROBE_EVERY
                self._probe()
        self._heal()
        self.book.ended = time.time()
        return self.book

    def _change(self) -> None:
        plan, rng = self._plan, self._rng
        raced = int(plan.changes_per_second * RACED_SHARE)
        rows: list[list[Any]] = [
            [item(rng.randint(1, plan.raced)), FIRST, rng.randint(0, RACED_MOST)] for _ in range(raced)
        ]
        first_free = plan.raced + PROBES + 1
        rows += [
            [item(rng.randint(first_free, plan.items)), rng.choice(FACILITIES), rng.randint(0, FREE_MOST)]
            for _ in range(plan.changes_per_second - raced)
        ]
        answer = self._hand.post("/stock/changes", json={"tenant": TENANT, "changes": rows}).raise_for_status().json()
        self.book.changes += len(rows)
        for number, _, units in rows[:raced]:
            self.book.on_hand.setdefault(number, []).append((answer["at"], units))

    def _buy(self) -> None:
        shop, number = self._rng.choice(SHOPS), self._rng.randint(1, self._plan.raced)
        # Offers of single units alone: what is free is then one plain number.
        number = number if number % 5 and number % 11 and (number + 10) % 11 else 1
        buys = [[sku(number), self._rng.choice((1, 1, 2)), item(number)]]
        body = {"operator": shop.operator, "shop_id": shop.shop_id, "tenant": TENANT, "buys": buys}
        (tried,) = self._hand.post("/buy", json=body).raise_for_status().json()["tries"]
        self.book.tries.append({**tried, "shop": shop.code, "item": item(number)})

    def _probe(self) -> None:
        """Some items that nobody else touches get a number that they never had."""
        base = 10 + 2 * (len(self.book.probes) // PROBES + 1)
        numbers = range(self._plan.raced + 1, self._plan.raced + PROBES + 1)
        rows = [
            [item(number), facility, base if facility == FIRST else 0] for number in numbers for facility in FACILITIES
        ]
        answer = self._hand.post("/stock/changes", json={"tenant": TENANT, "changes": rows}).raise_for_status().json()
        self.book.probes += [(answer["at"], number, base) for number in numbers]

    def _heal(self) -> None:
        """Everything works again from here on."""
        self._hand.delete("/faults").raise_for_status()
        for shop in SHOPS:
            self._hand.post("/imports/plan", json={"operator": shop.operator, "clear": True}).raise_for_status()
            self._refuse(shop, 0)
            rows = self._hand.get("/imports", params={"operator": shop.operator, "kind": "stock"}).json()["imports"]
            for row in rows:
                if row["status"] in ("WAITING", "RUNNING") and row["ends_at"] is None:
                    body = {"operator": shop.operator, "import_id": row["id"]}
                    self._hand.post("/imports/release", json=body).raise_for_status()

    def _refuse(self, shop: Shop, count: int) -> None:
        refused = {sku(1000 + number): REFUSED_WORDS for number in range(count)}
        body = {"operator": shop.operator, "shop_id": shop.shop_id, "refused": refused}
        self._hand.post("/offers", json=body).raise_for_status()


Trouble = tuple[int, str, str, dict[str, Any]]


def _troubles() -> tuple[Trouble, ...]:
    """Second, words, call, body: one after another, so that each strikes a lane that has recovered from the last."""
    first, second, third = ({"operator": shop.operator, "shop_id": shop.shop_id} for shop in SHOPS)
    refused = {sku(1000 + number): REFUSED_WORDS for number in range(REFUSED)}
    mirakl: Final = {"side": "mirakl"}
    warehouse: Final = {"side": "deposco", "operation": "inventory.full"}
    return (
        (30, "a slow import (45 s)", "/imports/plan", first | {"seconds": 45}),
        (60, "an import that fails after 100 lines", "/imports/plan", second | {"ends": "FAILED", "lines": 100}),
        (90, f"{REFUSED} offers refused", "/offers", third | {"refused": refused}),
        (
            120,
            "the answer to a file lost, which is taken",
            "/faults",
            mirakl | {"operation": "STO01", "kind": "reset_after"},
        ),
        (150, "a page of stock that fails", "/faults", warehouse | {"kind": "error_500_before", "count": 4, "page": 3}),
        (165, "a page of stock cut off", "/faults", warehouse | {"kind": "truncate", "count": 2}),
        (180, "a file lost on its way", "/faults", mirakl | {"operation": "STO01", "kind": "reset_before"}),
        (
            210,
            "a file that is taken late",
            "/faults",
            mirakl | {"operation": "STO01", "kind": "late_commit", "seconds": 20},
        ),
        (
            240,
            "statuses throttled",
            "/faults",
            mirakl | {"operation": "STO02", "kind": "throttle", "seconds": 7, "count": 3},
        ),
        (270, "the refusals end", "/offers", third | {"refused": {}}),
        (285, "an import that begins 40 s late", "/imports/plan", first | {"delay": 40}),
        (315, "a file answered by a page of HTML", "/faults", mirakl | {"operation": "STO01", "kind": "wrong_body"}),
        (345, "an error report cut off", "/faults", mirakl | {"operation": "STO03", "kind": "truncate", "count": 2}),
        (345, "offers refused once more", "/offers", third | {"refused": {sku(2000): REFUSED_WORDS}}),
        (375, "and not", "/offers", third | {"refused": {}}),
        (390, "an import that fails at once", "/imports/plan", third | {"ends": "FAILED"}),
        (420, "500 to a file that is taken", "/faults", mirakl | {"operation": "STO01", "kind": "error_500_after"}),
        (450, "stock repeated page by page", "/faults", warehouse | {"kind": "repeated_page", "count": 3}),
    )
