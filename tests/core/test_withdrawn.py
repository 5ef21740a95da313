"""An effect that something newer replaces: withdrawn, and nobody's case."""

import pytest

from core.effects import rearm, run_effects
from tests.core.conftest import DbClock
from tests.core.far_side import FarSide, FarSideHandler, wanted

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("replies", "looks", "code"), [(["replaced"], [], "old"), (["lost before"], ["given up"], "differs")]
)
def test_what_something_newer_replaces_is_withdrawn_and_is_nobodys_case(
    clock: DbClock,
    handler: FarSideHandler,
    far_side: FarSide,
    replies: list[str],
    looks: list[str],
    code: str,
) -> None:
    effect = wanted("A")
    far_side.replies, far_side.looks = replies, looks

    for _ in range(3):
        run_effects(handler, owner="me")
        clock.advance(5)

    effect.refresh_from_db()
    assert (effect.state, effect.parked_code, effect.done_at is not None) == ("cancelled", "", True)
    assert handler.parked_codes == [code]
    assert rearm(effect_ids=[effect.id], by=None, note="again") == 0
