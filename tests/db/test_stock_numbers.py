"""The numbers of a channel in SQL, held to the arithmetic and the choice of rules in the domain."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.clock import db_now
from integration.domain.buffers import StockRule as DomainRule
from integration.domain.buffers import facility_terms, rules_for_offer
from integration.domain.stock import Component, FacilityStock, Waterfall, offer_number
from integration.models import OfferStock, StockRule
from integration.services.stock.ask_recompute import ask_recompute
from integration.services.stock.compute_numbers import compute_touched, compute_warehouse
from integration.services.stock.in_flight import in_flight
from integration.services.stock.preview_numbers import preview_numbers
from integration.services.stock.rule_rows import rules_of
from integration.services.stock.touch_stock import touch_items
from tests.factories.lanes import ChannelFactory, OrderFactory, OrderLineFactory, SkuMappingFactory, WarehouseFactory
from tests.factories.stock import (
    ChannelFacilityFactory,
    FacilityFactory,
    ItemComponentFactory,
    StockItemFactory,
    StockLevelFactory,
    StockRuleFactory,
)

ITEMS = ("A", "B", "C", "KIT")
TAGS = ("bulky", "peak")
SKUS = ("S1", "S2", "S3", "S4", "S5")
STAGES = ("received", "accepted", "awaiting_debit", "ready", "in_wms", "shipped", "cancelled")

quantities = st.decimals(min_value=-5, max_value=80, places=0) | st.decimals(min_value=-5, max_value=80, places=3)
percents = st.decimals(min_value=0, max_value=100, places=2)
units = st.sampled_from([Decimal(1), Decimal(1), Decimal(2), Decimal("0.5"), Decimal("2.5"), Decimal(3)])


@dataclass(frozen=True)
class Level:
    item: str
    facility: int
    atp: Decimal | None
    is_unknown: bool
    age_seconds: int


@dataclass(frozen=True)
class Sale:
    channel: int
    sku: str
    quantity: int
    cancelled: int
    stage: str
    is_elsewhere: bool
    in_wms_seconds: int | None


@dataclass(frozen=True)
class World:
    """Everything that numbers depend on, drawn at random."""

    levels: Sequence[Level]
    maps: Mapping[tuple[int, str, str], Decimal]
    kit: Mapping[str, Decimal]
    is_order_kit: bool
    tags: Mapping[str, Sequence[str]]
    rules: Sequence[Mapping[str, Any]]
    eligible: Mapping[tuple[int, int], bool]
    active: Sequence[bool]
    sales: Sequence[Sale]


def rule_values(draw: st.DrawFn) -> dict[str, Any]:
    aspect = draw(st.sampled_from(["buffer", "buffer", "floor", "cap", "share", "pack", "facility"]))
    at_facility = aspect == "facility" or (aspect == "buffer" and draw(st.booleans()))
    values: dict[str, Any] = {
        "aspect": aspect,
        "channel": draw(st.none() | st.integers(0, 1)),
        "offer_sku": draw(st.just("") | st.sampled_from(SKUS)),
        "item_number": draw(st.just("") | st.sampled_from(ITEMS)),
        "tag": draw(st.just("") | st.sampled_from(TAGS)),
        "facility": draw(st.integers(0, 2)) if at_facility else None,
        "first": draw(st.none() | st.integers(-2, 1)),
        "units": None,
        "percent": None,
        "value": None,
        "includes": None,
        "is_active": draw(st.integers(0, 9)) > 0,
    }
    values["last"] = draw(st.none() | st.integers(-2 if values["first"] is None else values["first"], 2))
    if aspect == "buffer":
        values["units"], values["percent"] = draw(st.none() | st.integers(0, 9)), draw(st.none() | percents)
    elif aspect == "facility":
        values["includes"] = draw(st.booleans())
    else:
        top = {"floor": 9, "cap": 40, "share": 100, "pack": 7}[aspect]
        values["value"] = draw(st.integers(1 if aspect == "pack" else 0, top))
    return values


@st.composite
def worlds(draw: st.DrawFn) -> World:
    levels = {
        (item, facility): Level(
            item, facility, draw(st.none() | quantities), draw(st.integers(0, 9)) == 0, draw(st.integers(0, 600))
        )
        for item, facility in draw(st.sets(st.tuples(st.sampled_from(ITEMS), st.integers(0, 2)), max_size=9))
    }
    maps = draw(
        st.dictionaries(
            st.tuples(st.integers(0, 1), st.sampled_from(SKUS), st.sampled_from(ITEMS)), units, min_size=1, max_size=10
        )
    )
    drawn = [rule_values(draw) for _ in range(draw(st.integers(0, 14)))]
    scope = ("aspect", "channel", "offer_sku", "item_number", "tag", "facility", "first", "last", "is_active")
    return World(
        levels=tuple(levels.values()),
        maps=maps,
        kit=draw(st.dictionaries(st.sampled_from(ITEMS[:3]), units, max_size=2)),
        is_order_kit=draw(st.booleans()),
        tags={item: draw(st.lists(st.sampled_from(TAGS), unique=True)) for item in ITEMS},
        rules=list({tuple(rule[name] for name in scope): rule for rule in drawn}.values()),
        eligible=draw(st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 2)), st.booleans(), max_size=6)),
        active=draw(st.lists(st.integers(0, 4).map(bool), min_size=3, max_size=3)),
        sales=draw(
            st.lists(
                st.builds(
                    Sale,
                    channel=st.integers(0, 1),
                    sku=st.sampled_from(SKUS),
                    quantity=st.integers(1, 6),
                    cancelled=st.integers(0, 2),
                    stage=st.sampled_from(STAGES),
                    is_elsewhere=st.integers(0, 5).map(lambda number: number == 0),
                    in_wms_seconds=st.none() | st.integers(0, 900),
                ),
                max_size=5,
            )
        ),
    )


class Rows:
    """The world as rows."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.warehouse = WarehouseFactory()
        self.facilities = [FacilityFactory(warehouse=self.warehouse, is_active=active) for active in world.active]
        self.channels = [ChannelFactory(warehouse=self.warehouse, lanes=["stock"]) for _ in range(2)]
        self.now = db_now()
        for item in ITEMS:
            is_kit = item == "KIT" and world.is_order_kit
            row = StockItemFactory(
                warehouse=self.warehouse, number=item, tags=list(world.tags[item]), is_order_kit=is_kit
            )
            if item == "KIT":
                for component, quantity in world.kit.items():
                    ItemComponentFactory(kit=row, component_number=component, quantity=quantity)
        for level in world.levels:
            StockLevelFactory(
                warehouse=self.warehouse,
                item_number=level.item,
                facility=self.facilities[level.facility],
                atp=level.atp,
                read_at=self.now - timedelta(seconds=level.age_seconds),
                unknown_since=self.now if level.is_unknown else None,
            )
        for (channel_at, sku, item), count in world.maps.items():
            SkuMappingFactory(channel=self.channels[channel_at], offer_sku=sku, item_number=item, units_per_offer=count)
        for (channel_at, facility), is_eligible in world.eligible.items():
            ChannelFacilityFactory(
                channel=self.channels[channel_at], facility=self.facilities[facility], is_eligible=is_eligible
            )
        self.rules = [self.draft_rule(rule) for rule in world.rules]
        for sale in world.sales:
            self.make_order(sale)

    def work_out(self) -> dict[tuple[int, str], int | None]:
        """Every number, worked out whole."""
        ask_recompute(channels=self.channels, reason="test")
        compute_warehouse(warehouse=self.warehouse)
        return {(row.channel_id, row.offer_sku): row.wanted for row in OfferStock.objects.all()}

    def draft_rule(self, rule: Mapping[str, Any]) -> StockRule:
        today = self.now.date()
        row: StockRule = StockRuleFactory.build(
            aspect=rule["aspect"],
            channel=None if rule["channel"] is None else self.channels[rule["channel"]],
            facility=None if rule["facility"] is None else self.facilities[rule["facility"]],
            first_date=None if rule["first"] is None else today + timedelta(days=rule["first"]),
            last_date=None if rule["last"] is None else today + timedelta(days=rule["last"]),
            **{
                name: rule[name]
                for name in ("offer_sku", "item_number", "tag", "units", "percent", "value", "includes", "is_active")
            },
        )
        return row

    def make_order(self, sale: Sale) -> None:
        order = OrderFactory(
            channel=self.channels[sale.channel],
            stage=sale.stage,
            fulfillment_center="ELSEWHERE" if sale.is_elsewhere else "DEFAULT",
            in_wms_at=None if sale.in_wms_seconds is None else self.now - timedelta(seconds=sale.in_wms_seconds),
        )
        OrderLineFactory(
            order=order,
            offer_sku=sale.sku,
            quantity=sale.quantity,
            quantity_accepted=None,
            quantity_cancelled=sale.cancelled,
            mirakl_state="CANCELED" if sale.stage == "cancelled" else "SHIPPING",
        )

    # What the domain says

    def parts(self, channel_at: int, sku: str) -> dict[str, Decimal]:
        found: dict[str, Decimal] = {}
        for (at, mapped_sku, item), count in self.world.maps.items():
            if (at, mapped_sku) != (channel_at, sku):
                continue
            inside = self.world.kit if item == "KIT" and self.world.is_order_kit else {}
            for component, quantity in (inside or {item: Decimal(1)}).items():
                found[component] = found.get(component, Decimal(0)) + count * quantity
        return found

    def flight(self) -> dict[str, Decimal]:
        total: dict[str, Decimal] = {}
        for sale in self.world.sales:
            if sale.is_elsewhere or sale.stage == "cancelled":
                continue
            live = max(0, sale.quantity - sale.cancelled)
            for item, count in self.parts(sale.channel, sale.sku).items():
                if self._is_in_flight(sale, item) and live:
                    total[item] = total.get(item, Decimal(0)) + live * count
        return total

    def _is_in_flight(self, sale: Sale, item: str) -> bool:
        if sale.in_wms_seconds is None:
            return sale.stage in STAGES[:4]
        ages = [
            level.age_seconds
            for level in self.world.levels
            if level.item == item and level.atp is not None and not level.is_unknown
        ]
        return not ages or sale.in_wms_seconds < max(ages) + 5

    def expected(self, channel_at: int, sku: str, rules: Sequence[DomainRule]) -> tuple[Waterfall, dict[str, Any]]:
        code, today = self.channels[channel_at].code, self.now.date()
        mapped = [item for at, mapped_sku, item in self.world.maps if (at, mapped_sku) == (channel_at, sku)]
        item = mapped[0] if len(mapped) == 1 else None
        chosen = rules_for_offer(
            rules,
            channel=code,
            offer_sku=sku,
            item=item,
            tags=self.world.tags[item] if item else (),
            on=today,
        )
        flight = self.flight()
        components = [
            Component(
                part, count, tuple(self._at_facilities(channel_at, sku, part, rules)), flight.get(part, Decimal(0))
            )
            for part, count in self.parts(channel_at, sku).items()
        ]
        winners = {
            f"{aspect}_rule": choice.rule.id if choice.rule else None for aspect, choice in chosen.choices.items()
        }
        return offer_number(components, chosen.numbers), winners

    def _at_facilities(self, channel_at: int, sku: str, item: str, rules: Sequence[DomainRule]) -> list[FacilityStock]:
        found = []
        for level in self.world.levels:
            if level.item != item:
                continue
            facility = self.facilities[level.facility]
            terms = facility_terms(
                rules,
                channel=self.channels[channel_at].code,
                offer_sku=sku,
                item=item,
                tags=self.world.tags[item],
                facility=facility.number,
                on=self.now.date(),
            )
            eligible = facility.is_active and self.world.eligible.get((channel_at, level.facility), True)
            found.append(
                FacilityStock(
                    facility.number,
                    level.atp,
                    eligible and terms.is_included,
                    terms.held_units,
                    terms.held_percent,
                    level.is_unknown,
                )
            )
        return found


def figures(row: OfferStock) -> dict[str, Any]:
    names = ("total", "eligible", "after_kept", "free", "after_buffer", "after_share", "after_cap", "after_pack")
    rules = ("buffer_rule", "share_rule", "cap_rule", "pack_rule", "floor_rule")
    return {name: getattr(row, name) for name in (*names, "limiting_item", "is_stale", *rules)} | {
        "quantity": row.wanted
    }


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(world=worlds())
def test_the_statement_says_what_the_domain_says_whole_in_part_and_in_a_preview(db: None, world: World) -> None:
    with transaction.atomic():
        rows = Rows(world)
        before = rows.work_out()
        preview = preview_numbers(rules=rows.rules)
        for rule in rows.rules:
            rule.save()
        rules = rules_of(rows.rules)

        after = rows.work_out()

        assert in_flight(warehouse_id=rows.warehouse.pk).by_item == rows.flight()
        seen = {(row.channel_id, row.offer_sku): figures(row) for row in OfferStock.objects.all()}
        wanted = {}
        for channel_at, sku in {(at, mapped_sku) for at, mapped_sku, _ in world.maps}:
            waterfall, winners = rows.expected(channel_at, sku, rules)
            names = set(figures(OfferStock())) - set(winners)
            wanted[rows.channels[channel_at].pk, sku] = {name: getattr(waterfall, name) for name in names} | {
                name: rule for name, rule in winners.items() if name != "facility_rule"
            }
        assert seen == wanted
        # What was touched is worked out by other lookups, and comes to the same.
        touch_items(warehouse_id=rows.warehouse.pk, item_numbers=ITEMS)
        assert compute_touched(warehouse=rows.warehouse).changed == 0
        # What was previewed with rules that nobody had kept has come true.
        code_of = {channel.code: channel.pk for channel in rows.channels}
        moves = {(code_of[move.channel], move.offer_sku): (move.now, move.then) for move in preview.largest}
        assert moves == {
            key: (before[key], number) for key, number in after.items() if number != before[key] and number is not None
        }
        transaction.set_rollback(True)
