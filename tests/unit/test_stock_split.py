import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.stock import TooFewUnitsError, split_by_code

codes = st.dictionaries(st.text("ABC", min_size=1, max_size=2), st.integers(-5, 30), max_size=5)


def test_the_fullest_code_gives_first_and_every_code_is_named() -> None:
    assert split_by_code(12, {"NORTH": 3, "SOUTH": 10, "WEST": 0}) == {"NORTH": 2, "SOUTH": 10, "WEST": 0}


def test_codes_with_as_much_as_each_other_give_in_the_order_of_their_names() -> None:
    assert split_by_code(4, {"B": 3, "A": 3}) == {"A": 3, "B": 1}


def test_more_than_the_codes_have_is_refused_with_the_numbers() -> None:
    with pytest.raises(TooFewUnitsError, match="7 offers are more than the 5 that"):
        split_by_code(7, {"A": 3, "B": 2, "C": -4})


def test_nothing_can_be_split_over_no_codes() -> None:
    assert split_by_code(0, {}) == {}


@given(codes, st.data())
def test_a_split_sums_to_the_quantity_and_takes_from_no_code_more_than_it_has(
    available: dict[str, int], data: st.DataObject
) -> None:
    quantity = data.draw(st.integers(0, sum(max(0, units) for units in available.values())))

    split = split_by_code(quantity, available)

    assert sum(split.values()) == quantity
    assert split.keys() == available.keys()
    assert all(0 <= units <= max(0, available[code]) for code, units in split.items())


@given(codes, st.data())
def test_no_code_gives_while_a_fuller_one_has_something_left(available: dict[str, int], data: st.DataObject) -> None:
    quantity = data.draw(st.integers(0, sum(max(0, units) for units in available.values())))

    split = split_by_code(quantity, available)

    fuller = [
        (code, other) for code in split for other in split if available[other] > available[code] and split[code] > 0
    ]
    assert all(split[other] == available[other] for _, other in fuller)


@given(codes)
def test_a_split_does_not_depend_on_the_order_of_the_codes(available: dict[str, int]) -> None:
    quantity = sum(max(0, units) for units in available.values()) // 2

    split = split_by_code(quantity, available)

    assert split == split_by_code(quantity, dict(reversed(available.items())))
