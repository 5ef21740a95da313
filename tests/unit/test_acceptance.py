from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.acceptance import AcceptancePolicy, LineFacts, acceptance_matches, decide


def line(number: int = 1, *, mapped: bool = True, price: str = "10") -> LineFacts:
    return LineFacts(f"L{number}", f"SKU-{number}", 1, Decimal(price), mapped)


def test_without_a_policy_everything_is_accepted_whatever_is_mapped() -> None:
    decision = decide([line(1), line(2, mapped=False)], AcceptancePolicy())

    assert [(one.line_id, one.accepted) for one in decision.lines] == [("L1", True), ("L2", True)]
    assert not decision.is_held


def test_a_policy_may_refuse_a_line_and_says_why() -> None:
    decision = decide([line(1), line(2, mapped=False)], AcceptancePolicy(unmapped_sku="refuse"))

    assert [one.accepted for one in decision.lines] == [True, False]
    assert decision.reasons == ("SKU SKU-2 has no item",)


def test_one_line_that_is_held_holds_the_order_and_answers_nothing() -> None:
    policy = AcceptancePolicy(unmapped_sku="hold", below_price="refuse", floor_price=Decimal(5))

    decision = decide([line(1, price="1"), line(2, mapped=False)], policy)

    assert decision.is_held
    assert decision.lines == ()


def test_where_nothing_may_be_accepted_in_part_one_refusal_refuses_all() -> None:
    policy = AcceptancePolicy(below_price="refuse", floor_price=Decimal(5), partial_acceptance=False)

    decision = decide([line(1), line(2, price="4.99")], policy)

    assert [one.accepted for one in decision.lines] == [False, False]


@given(
    mapped=st.lists(st.booleans(), min_size=1, max_size=6),
    answer=st.sampled_from(["accept", "refuse", "hold"]),
    partial=st.booleans(),
)
def test_every_line_is_answered_once_or_the_order_is_held(mapped: list[bool], answer: str, partial: bool) -> None:
    lines = [line(number, mapped=is_mapped) for number, is_mapped in enumerate(mapped)]
    policy = AcceptancePolicy.model_validate({"unmapped_sku": answer, "partial_acceptance": partial})

    decision = decide(lines, policy)

    assert decision.is_held == (answer == "hold" and not all(mapped))
    if not decision.is_held:
        assert [one.line_id for one in decision.lines] == [one.line_id for one in lines]


@pytest.mark.parametrize(
    ("state", "lines", "verdict"),
    [
        ("WAITING_ACCEPTANCE", {"L1": "WAITING_ACCEPTANCE", "L2": "WAITING_ACCEPTANCE"}, "pending"),
        ("WAITING_DEBIT", {"L1": "WAITING_DEBIT", "L2": "REFUSED"}, "applied"),
        ("SHIPPING", {"L1": "SHIPPING", "L2": "REFUSED"}, "applied"),
        ("SHIPPING", {"L1": "SHIPPING", "L2": "SHIPPING"}, "different"),
        ("REFUSED", {"L1": "REFUSED", "L2": "REFUSED"}, "different"),
        ("CANCELED", {"L1": "CANCELED", "L2": "CANCELED"}, "different"),
        ("A_STATE_OF_TOMORROW", {"L1": "A_STATE_OF_TOMORROW", "L2": "REFUSED"}, "applied"),
    ],
)
def test_what_mirakl_shows_is_compared_with_what_was_decided(state: str, lines: dict[str, str], verdict: str) -> None:
    assert acceptance_matches({"L1": True, "L2": False}, state, lines) == verdict


def test_an_order_that_was_refused_as_we_decided_is_as_decided() -> None:
    assert acceptance_matches({"L1": False}, "REFUSED", {"L1": "REFUSED"}) == "applied"
