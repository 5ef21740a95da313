from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from integration.domain.parcel_units import CarriedItem, SentItem, tie, units_completed

KIT = {"A": Decimal(1), "B": Decimal(2)}


def sent(line: int, item: str, quantity: int = 2) -> SentItem:
    return SentItem(line, f"N-{line}-{item}", item, Decimal(quantity), Decimal(1))


def carried(item: str, quantity: int, number: str | None = None, customer: str | None = None) -> CarriedItem:
    return CarriedItem(number, customer, item, Decimal(quantity))


def test_a_kit_counts_in_the_parcel_that_makes_it_whole() -> None:
    first = units_completed(KIT, {}, {"A": Decimal(1)}, counted=0)
    second = units_completed(KIT, {"A": Decimal(1)}, {"B": Decimal(2)}, counted=first)

    assert (first, second) == (0, 1)


@given(
    st.lists(
        st.tuples(st.integers(0, 4), st.integers(0, 4)).map(
            lambda pair: {"A": Decimal(pair[0]), "B": Decimal(pair[1])}
        ),
        max_size=8,
    )
)
def test_however_a_kit_is_split_over_parcels_the_whole_ones_are_counted_once(parcels: list[dict[str, Decimal]]) -> None:
    earlier = {"A": Decimal(0), "B": Decimal(0)}
    counted = 0
    for parcel in parcels:
        counted += units_completed(KIT, earlier, parcel, counted=counted)
        earlier = {item: earlier[item] + parcel[item] for item in earlier}

    assert counted == min(earlier["A"] // 1, earlier["B"] // 2)


def test_an_item_is_tied_by_either_of_the_numbers_the_warehouse_gives() -> None:
    rows = [sent(1, "A"), sent(2, "A")]

    found = tie([carried("A", 1, "N-2-A"), carried("A", 1, "renumbered", "N-1-A")], rows, {})

    assert found.by_line == {2: {"A": Decimal(1)}, 1: {"A": Decimal(1)}}
    assert found.strange == ()


def test_an_item_whose_line_was_renumbered_fills_the_lines_that_still_want_it() -> None:
    rows = [sent(1, "A", 2), sent(2, "A", 3)]

    found = tie([carried("A", 4)], rows, {(1, "A"): Decimal(1)})

    assert found.by_line == {1: {"A": Decimal(1)}, 2: {"A": Decimal(3)}}


def test_an_item_that_was_never_ordered_is_strange() -> None:
    found = tie([carried("Z", 1, "N-9-Z")], [sent(1, "A")], {})

    assert found.by_line == {}
    assert [part.item_number for part in found.strange] == ["Z"]


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6))
def test_no_item_is_lost_when_it_is_tied_by_its_name_alone(quantities: list[int]) -> None:
    rows = [sent(1, "A", 3), sent(2, "A", 3)]

    found = tie([carried("A", quantity) for quantity in quantities], rows, {})

    assert sum(parts["A"] for parts in found.by_line.values()) == sum(quantities)
