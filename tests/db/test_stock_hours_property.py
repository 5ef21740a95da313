from collections import defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from integration.models import Facility, ItemStockHour, StockLevel, StockMove, StockReading, Warehouse
from integration.services.stock.roll_up_moves import roll_up_moves
from tests.factories.lanes import WarehouseFactory

BEGAN = datetime(2031, 5, 20, 8, 0, tzinfo=UTC)
ITEM = "ITEM-001"
# Minutes after the beginning, one of three facilities, and the number told then.
TOLD = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 2), st.integers(-5, 50)),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:2],
)
Hours = dict[datetime, tuple[Decimal, Decimal, Decimal, int]]


def tell(warehouse: Warehouse, told: list[tuple[int, int, int]]) -> None:
    """Levels and moves as the readings of these numbers leave them."""
    facilities = [Facility.objects.create(warehouse=warehouse, number=f"F{n}", name=f"F{n}") for n in range(3)]
    known: dict[int, int] = {}
    for minute, place, number in sorted(told):
        at = BEGAN + timedelta(minutes=minute)
        if known.get(place) != number:
            StockMove.objects.create(
                day=at.date(),
                at=at,
                warehouse_id=warehouse.pk,
                item_number=ITEM,
                facility_id=facilities[place].pk,
                before=known.get(place),
                after=number,
            )
        known[place] = number
    for place, number in known.items():
        StockLevel.objects.create(
            warehouse=warehouse,
            item_number=ITEM,
            facility=facilities[place],
            atp=number,
            read_at=BEGAN,
            changed_at=BEGAN,
        )


def expected(told: list[tuple[int, int, int]]) -> Hours:
    """The hours by going through the moves one moment after the other, forwards."""
    known: dict[int, int] = {}
    hours: Hours = {}
    moments: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for minute, place, number in told:
        moments[minute].append((place, number))
    for minute in sorted(moments):
        moved = [(place, number) for place, number in moments[minute] if known.get(place) != number]
        if not moved:
            continue
        was_told = any(place in known for place, _ in moved)
        before = Decimal(sum(known.values()))
        known.update(moved)
        level = Decimal(sum(known.values()))
        hour = BEGAN + timedelta(hours=minute // 60)
        seen = [level, *([before] if was_told else [])]
        lowest, highest, _, moves = hours.get(hour, (level, level, level, 0))
        hours[hour] = (min(lowest, *seen), max(highest, *seen), level, moves + len(moved))
    return hours


class HoursOfMovesTest(TestCase):
    @settings(max_examples=60, deadline=None)
    @given(told=TOLD)
    def test_hours_are_those_that_going_through_the_moves_one_by_one_gives(
        self, told: list[tuple[int, int, int]]
    ) -> None:
        with transaction.atomic():
            warehouse = WarehouseFactory()
            StockReading.objects.create(
                warehouse=warehouse, kind="full", state="applied", began_at=BEGAN, finished_at=BEGAN
            )
            tell(warehouse, told)

            roll_up_moves(warehouse=warehouse, now=BEGAN + timedelta(hours=6), oldest=BEGAN - timedelta(days=35))

            rows = ItemStockHour.objects.filter(warehouse_id=warehouse.pk)
            found = {row.hour: (row.lowest, row.highest, row.last, row.moves) for row in rows}
            assert found == expected(told)
