from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.stock_proof import Judgement, Verdict, constant_gap, judge

LANDED = datetime(2026, 11, 24, 9, 41, tzinfo=UTC)
SETTLE = timedelta(minutes=5)
LATER = LANDED + SETTLE
counts = st.integers(0, 100)


def judged(
    pushed: int,
    seen: int,
    *,
    sold: int = 0,
    pending: bool = False,
    landed_at: datetime | None = LANDED,
    read_began_at: datetime = LATER,
) -> Judgement:
    return judge(
        pushed=pushed,
        landed_at=landed_at,
        seen=seen,
        read_began_at=read_began_at,
        settle=SETTLE,
        sold_since=sold,
        has_newer_pending=pending,
    )


def test_the_number_that_was_told_is_the_same_whenever_it_is_read() -> None:
    assert judged(7, 7).verdict is Verdict.SAME
    assert judged(7, 7, pending=True, landed_at=None, sold=2).verdict is Verdict.SAME


def test_another_number_settles_while_a_newer_one_is_on_its_way() -> None:
    assert judged(7, 9, pending=True).verdict is Verdict.SETTLING


def test_another_number_settles_until_its_time_is_over() -> None:
    assert judged(7, 9, landed_at=None).verdict is Verdict.SETTLING
    assert judged(7, 9, read_began_at=LATER - timedelta(microseconds=1)).verdict is Verdict.SETTLING
    assert judged(7, 9, read_began_at=LATER).verdict is Verdict.DIFFERENT


@pytest.mark.parametrize(("seen", "verdict"), [(6, "explained"), (5, "explained"), (4, "different"), (8, "different")])
def test_a_number_that_lacks_what_was_sold_since_or_a_part_of_it_is_explained(seen: int, verdict: str) -> None:
    assert judged(7, seen, sold=2).verdict == verdict


def test_the_words_hold_the_numbers() -> None:
    assert judged(7, 5, sold=2).words == "The marketplace says 5 of 7: 2 sold since."
    assert judged(7, 3, sold=2) == Judgement(
        Verdict.DIFFERENT, -4, "The marketplace says 3; it was told 7, and 2 sold since."
    )
    assert judged(7, 3).words == "The marketplace says 3; it was told 7."


@given(counts, counts, counts, counts)
def test_more_sales_never_make_a_difference_of_what_was_explained(pushed: int, seen: int, sold: int, more: int) -> None:
    few, many = judged(pushed, seen, sold=sold), judged(pushed, seen, sold=sold + more)

    assert few.by == many.by == seen - pushed
    assert (few.verdict is Verdict.DIFFERENT) >= (many.verdict is Verdict.DIFFERENT)
    assert (seen > pushed) <= (many.verdict is Verdict.DIFFERENT)


def test_a_gap_that_most_numbers_share_is_found() -> None:
    pairs = [(n + 5, n) for n in range(1, 9)] + [(3, 3), (9, 2)]

    assert constant_gap(pairs) == 5


def test_a_gap_that_fewer_than_four_in_five_share_is_none() -> None:
    pairs = [(n + 5, n) for n in range(1, 8)] + [(3, 3), (9, 2), (4, 1)]

    assert constant_gap(pairs) is None


def test_nine_numbers_say_nothing_and_zeros_do_not_count() -> None:
    nine = [(n + 5, n) for n in range(1, 10)]

    assert constant_gap(nine) is None
    assert constant_gap([*nine, (4, 0), (0, 0), (0, 5)]) is None
    assert constant_gap([*nine, (10, 5)]) == 5


def test_numbers_above_ours_are_no_buffer() -> None:
    assert constant_gap([(n, n + 5) for n in range(1, 20)]) is None
    assert constant_gap([(n, n) for n in range(1, 20)]) is None


@given(st.integers(1, 50), st.lists(st.integers(1, 500), min_size=10), st.data())
def test_a_buffer_of_another_system_is_found_among_a_fifth_of_noise(
    gap: int, numbers: list[int], data: st.DataObject
) -> None:
    noise = data.draw(
        st.lists(st.tuples(st.integers(1, 500), st.integers(1, 500)), max_size=len(numbers) // 4), label="noise"
    )
    pairs = data.draw(st.permutations([(number + gap, number) for number in numbers] + noise))

    assert constant_gap(pairs) == gap
