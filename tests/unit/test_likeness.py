import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.likeness import likeness


@pytest.mark.parametrize(("one", "other"), [("ABC-10", "abc 10"), ("SKU_7/B", "sku7b")])
def test_signs_and_capitals_make_no_difference(one: str, other: str) -> None:
    assert likeness(one, other) == 1


@pytest.mark.parametrize(("one", "other"), [("ABC-10", "ABC-12"), ("", "ABC"), ("---", "ABC")])
def test_other_numbers_or_nothing_at_all_are_not_alike(one: str, other: str) -> None:
    assert likeness(one, other) == 0


def test_a_slip_in_the_letters_is_nearly_alike() -> None:
    assert 0.8 < likeness("LAMP-RED-100", "LAMP-RD-0100") < 1


@given(st.text(max_size=12), st.text(max_size=12))
def test_likeness_is_the_same_both_ways_and_between_nothing_and_all(one: str, other: str) -> None:
    assert likeness(one, other) == likeness(other, one)
    assert 0 <= likeness(one, other) <= 1
