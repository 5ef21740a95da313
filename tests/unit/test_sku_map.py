from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from integration.domain.sku_map import Inactive, Mapping, Resolved, Unmapped, resolve_line

units = st.decimals(min_value="0.001", max_value="1000", places=3)


def test_a_sku_that_nobody_mapped_is_unmapped() -> None:
    assert resolve_line("SKU-1", 2, []) == Unmapped("SKU-1")


def test_a_pack_becomes_its_units_times_what_was_sold() -> None:
    found = resolve_line("SKU-6PACK", 2, [Mapping("ITEM-1", Decimal(6))])

    assert isinstance(found, Resolved)
    assert [(part.item_number, part.quantity) for part in found.components] == [("ITEM-1", Decimal(12))]


@given(st.lists(units, min_size=1, max_size=5), st.integers(1, 100))
def test_a_kit_becomes_each_of_its_items_in_proportion(parts: list[Decimal], sold: int) -> None:
    rows = [Mapping(f"ITEM-{number}", each) for number, each in enumerate(parts)]

    found = resolve_line("SKU-KIT", sold, rows)

    assert isinstance(found, Resolved)
    assert [part.quantity for part in found.components] == [each * sold for each in parts]


def test_one_item_that_is_asleep_stops_the_whole_kit() -> None:
    rows = [Mapping("ITEM-1", Decimal(1)), Mapping("ITEM-2", Decimal(1), is_active=False)]

    assert resolve_line("SKU-KIT", 1, rows) == Inactive("SKU-KIT", "ITEM-2")
