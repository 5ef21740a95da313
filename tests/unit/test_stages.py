import pytest
from hypothesis import given
from hypothesis import strategies as st

from integration.domain.stages import LABELS, SIDE_EXITS, STAGES, is_forward, stage_of_mirakl_state, stage_told

every_stage = st.sampled_from([*STAGES, *SIDE_EXITS])


@given(every_stage, every_stage)
def test_an_order_moves_onward_or_out_and_never_back(present: str, wanted: str) -> None:
    if not is_forward(present, wanted):
        return

    assert present not in SIDE_EXITS
    assert wanted in SIDE_EXITS or STAGES.index(wanted) > STAGES.index(present)


@given(st.lists(every_stage, max_size=12))
def test_whatever_is_told_in_whatever_order_the_end_is_the_furthest_stage_or_the_first_exit(told: list[str]) -> None:
    stage = "received"
    for wanted in told:
        stage = wanted if is_forward(stage, wanted) else stage

    exits = [one for one in told if one in SIDE_EXITS]
    furthest = max([STAGES.index(one) for one in told if one in STAGES], default=0)
    assert stage == (exits[0] if exits else STAGES[furthest])


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        ("WAITING_DEBIT_PAYMENT", "awaiting_debit"),
        ("SHIPPING", "ready"),
        ("SHIPPED", "confirmed"),
        ("TO_COLLECT", "confirmed"),
        ("CANCELED", "cancelled"),
        ("A_STATE_OF_TOMORROW", "received"),
    ],
)
def test_a_state_of_mirakl_means_a_stage_and_an_unknown_one_moves_nothing(state: str, stage: str) -> None:
    assert stage_of_mirakl_state(state) == stage


def test_money_given_back_before_anything_left_ends_the_order() -> None:
    assert stage_told("SHIPPING", is_fully_refunded=True) == "refunded"
    assert stage_told("RECEIVED", is_fully_refunded=True) == "delivered"


def test_every_stage_has_words() -> None:
    assert set(LABELS) == {*STAGES, *SIDE_EXITS}
