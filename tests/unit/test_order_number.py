import re

from hypothesis import given
from hypothesis import strategies as st

from integration.domain.order_number import MAX_LENGTH, order_number

codes = st.from_regex(re.compile(r"[A-Za-z0-9_-]{1,40}"), fullmatch=True)
ids = st.text(st.characters(min_codepoint=33, max_codepoint=255), min_size=1, max_size=120)


@given(codes, ids)
def test_a_number_is_short_safe_and_always_the_same(code: str, order_id: str) -> None:
    number = order_number(code, order_id)

    assert number == order_number(code, order_id)
    assert len(number) <= MAX_LENGTH
    assert re.fullmatch(r"[A-Za-z0-9-]+", number)


@given(codes, ids, codes, ids)
def test_different_orders_have_different_numbers(code: str, order_id: str, other_code: str, other_id: str) -> None:
    if (code, order_id) != (other_code, other_id):
        assert order_number(code, order_id) != order_number(other_code, other_id)


def test_the_same_order_id_on_two_shops_makes_two_numbers() -> None:
    assert order_number("NORTH", "1001-A") == "NORTH-1001-A"
    assert order_number("SOUTH", "1001-A") == "SOUTH-1001-A"


def test_a_join_that_could_be_read_two_ways_is_told_apart() -> None:
    assert order_number("A-B", "C") != order_number("A", "B-C")
