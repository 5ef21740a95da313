"""A shop that is told its stock, under the published rates: what is wanted, what was told, what the marketplace shows."""

from collections.abc import Mapping
from typing import Any

from django.db import connection as database

from core.effects import run_effects
from core.models import Effect
from integration.models import ChannelStock, OfferStock, StockFinding, StockPush, StockPushLine
from integration.services.effects import PushStock
from integration.services.stock.find_push_problems import find_push_problems
from integration.services.stock.follow_pushes import Followed, follow_push
from integration.services.stock.plan_push import Planned, plan_push
from sandbox.mirakl.imports import ImportJob
from sandbox.mirakl.plans import Plan
from tests.db.house import ALL_LANES, House

SKUS = [f"SKU-{number:03d}" for number in range(1, 11)]


class Pushing:
    """The stock lane of a house's shop, one step at a time; the shop answers 429 above its published rates."""

    def __init__(self, house: House) -> None:
        self.house, self.channel = house, house.channel
        house.world.strict_rates = True
        self.set_lanes(*ALL_LANES, "stock")
        self.stock, _ = ChannelStock.objects.get_or_create(channel=self.channel)

    def set_lanes(self, *lanes: str) -> None:
        self.channel.lanes = list(lanes)
        self.channel.save(update_fields=["lanes"])

    def settings(self, **values: Any) -> None:
        ChannelStock.objects.filter(channel=self.channel).update(**values)

    def want(
        self, numbers: Mapping[str, int | None], *, urgency: int = 2, places: Mapping[str, int] | None = None
    ) -> int:
        """Numbers as the computation leaves them, under one new number of the sequence; which one."""
        with database.cursor() as cursor:
            cursor.execute("SELECT nextval('integration_stock_seq')")
            seq = int(cursor.fetchone()[0])
        for sku, wanted in numbers.items():
            values = {"wanted": wanted, "wanted_seq": seq, "urgency": urgency, "places": places}
            OfferStock.objects.update_or_create(channel=self.channel, offer_sku=sku, defaults=values)
        return seq

    def plan(self) -> Planned:
        return plan_push(channel=self.channel)

    def send(self) -> dict[str, int]:
        return run_effects(PushStock(), owner="test").as_dict()

    def follow(self) -> Followed:
        return follow_push(channel=self.channel)

    def tell(self) -> None:
        """A whole turn: planned, sent, followed to its end."""
        assert self.plan().lines
        self.send()
        self.end()

    def end(self, *, turns: int = 12) -> None:
        """Follow, every quarter of a minute, until no file is under way."""
        for _ in range(turns):
            self.house.skip(16)
            if self.follow().skipped == "no file is under way":
                return

    def work(self, seconds: float, *, step: float = 5.0) -> None:
        """Let the jobs of the lane run for a while."""
        for _ in range(int(seconds / step)):
            self.plan()
            self.send()
            self.follow()
            self.house.skip(step)

    def push(self) -> StockPush:
        """The newest push."""
        return StockPush.objects.filter(channel=self.channel).latest("id")

    def effect(self) -> Effect:
        """The newest push's effect."""
        return Effect.objects.filter(kind=PushStock.kind).latest("id")

    def lines(self) -> list[tuple[str, int]]:
        """The newest push's lines, in the order of the file."""
        rows = StockPushLine.objects.filter(push_id=self.push().pk).order_by("id")
        return list(rows.values_list("offer_sku", "quantity"))

    def offer(self, sku: str) -> OfferStock:
        return OfferStock.objects.get(channel=self.channel, offer_sku=sku)

    def find(self) -> list[tuple[str, str, int]]:
        """Open findings as (kind, cause, count)."""
        find_push_problems(channel=self.channel)
        rows = StockFinding.objects.filter(channel=self.channel, cleared_at=None).order_by("kind", "cause_key")
        return list(rows.values_list("kind", "cause_key", "count"))

    # The marketplace

    def shown(self, *skus: str) -> list[int]:
        """What the marketplace shows of these offers."""
        return [self.house.shop.offers[sku]["quantity"] for sku in skus]

    def imports(self) -> list[ImportJob]:
        """Every stock import the marketplace has."""
        return [job for job in self.house.operator.imports.values() if job.kind == "stock"]

    def next_import(self, **plan: Any) -> None:
        """How the next import goes."""
        self.house.operator.import_plans.waiting.append(Plan(**plan))

    def fault(self, kind: str, operation: str = "STO01", *, count: int = 1, seconds: float = 0.0) -> None:
        """The next calls of an operation fail."""
        self.house.world.faults.arm("mirakl", operation, kind, count=count, seconds=seconds, probability=1)

    def arrivals(self, operation: str = "STO01") -> list[float]:
        """When calls of an operation arrived."""
        return [entry.at for entry in self.house.world.ledger if entry.operation == operation]

    def refusals(self) -> int:
        """Calls that were answered with 429."""
        return sum(1 for entry in self.house.world.ledger if entry.status == 429)
