import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.call_budget import call_budget


@given(st.integers(min_value=1, max_value=100_000))
def test_no_second_holds_more_calls_than_are_allowed_and_most_of_them_are_used(per_second: int) -> None:
    budget = call_budget(per_second)

    assert budget.most_in_a_second <= per_second
    assert budget.refill >= per_second / 2


@pytest.mark.parametrize(("per_second", "reserve"), [(0.5, 0), (1, 0), (2, 0), (3, 1), (4, 1), (50, 1)])
def test_one_call_is_kept_back_where_there_are_enough_and_none_where_it_would_block_the_rest(
    per_second: float, reserve: float
) -> None:
    budget = call_budget(per_second)

    assert budget.reserve == reserve
    assert budget.capacity >= 1 + reserve
