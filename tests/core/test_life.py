"""The life of effects under any order of events: deliveries, double deliveries, deaths at every step, time, and faults.

A worker's death is an exception that nothing catches on its way out, raised at a crash point of the real code; what was
committed until then stays, exactly as after kill -9. The real rows, claims and fences are used; only the far side is ours.
"""

from contextlib import ExitStack, suppress
from unittest.mock import patch

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from core.effects import run_effects
from core.effects.crashpoints import POINTS
from core.models import Breaker, Bucket, Effect, EffectAttempt
from core.models.effect import DUE
from tests.core.far_side import FarSide, FarSideHandler, wanted

# What matters more comes more often: an answer that got lost while the write took place, or will.
REPLIES = (
    *("ok",) * 4,
    *("late",) * 3,
    *("lost after",) * 2,
    "lost before",
    "not sent",
    "throttled",
    "maybe throttled",
    "auth",
    "server error",
)
LOOKS = (*("ok",) * 8, "cannot tell", "lost before", "throttled", "auth", "not sent")
# Longest time between a call that was given up and the moment it takes place after all: less than the settle time.
LATE_SECONDS = 15


class _DiedError(BaseException):
    """The process is gone: not an Exception, so that no handler of ours can catch it."""


class Life(RuleBasedStateMachine):
    """Whatever happens in whatever order: no write takes place twice, none is lost, none is forgotten."""

    @initialize()
    def begin(self) -> None:
        for model in (EffectAttempt, Effect, Breaker, Bucket):
            model._default_manager.all().delete()
        self.offset, self.keys = 0.0, 0
        self.far_side = FarSide()
        self.handler = FarSideHandler(self.far_side)
        self.handler.batch_size = 3
        self.late_since: float | None = None
        self._set_clock()

    @rule()
    def ask(self) -> None:
        self.keys += 1
        wanted(f"K{self.keys}", connection=f"far:{self.keys % 2}")

    @rule(number=st.integers(1, 5))
    def ask_again(self, number: int) -> None:
        if number <= self.keys:
            wanted(f"K{number}", connection=f"far:{number % 2}")

    @rule(reply=st.sampled_from(REPLIES), look=st.sampled_from(LOOKS))
    def deliver(self, reply: str, look: str) -> None:
        self.far_side.replies, self.far_side.looks = [reply], [look]
        run_effects(self.handler, owner="one", limit=3)
        self._note_late()

    @rule()
    def work(self) -> None:
        self.deliver("ok", "ok")

    @rule(seconds=st.integers(1, LATE_SECONDS - 1))
    def be_late_and_wait(self, seconds: int) -> None:
        self.deliver("late", "ok")
        self.let_time_pass(seconds)

    @rule(point=st.sampled_from(POINTS), reply=st.sampled_from(REPLIES))
    def deliver_and_die(self, point: str, reply: str) -> None:
        def die(name: str, _kind: str = "") -> None:
            if name == point:
                raise _DiedError

        self.far_side.replies, self.far_side.looks = [reply], []
        # What it had committed stays; the transaction under way is rolled back, as the server does for a dead client.
        with ExitStack() as stack:
            for module in ("runner", "record", "sending"):
                stack.enter_context(patch(f"core.effects.{module}.crashpoint", die))
            stack.enter_context(suppress(_DiedError))
            run_effects(self.handler, owner="two", limit=3)
        self._note_late()

    @rule(seconds=st.sampled_from([0.5, 2.0, 6.0, 10.0, 31.0, 70.0]))
    def let_time_pass(self, seconds: float) -> None:
        if self.late_since is not None and self.offset + seconds > self.late_since + LATE_SECONDS:
            self._arrive()
        self.offset += seconds
        self._set_clock()

    @precondition(lambda self: self.far_side.late)
    @rule()
    def what_was_late_arrives(self) -> None:
        self._arrive()

    @invariant()
    def nothing_took_place_twice(self) -> None:
        if hasattr(self, "far_side"):
            assert len(self.far_side.written) == len(set(self.far_side.written)), self.far_side.written

    @invariant()
    def nothing_is_done_that_did_not_take_place(self) -> None:
        if hasattr(self, "far_side"):
            done = set(Effect.objects.filter(state="done").values_list("business_key", flat=True))
            assert done <= set(self.far_side.written)

    @invariant()
    def nothing_is_forgotten(self) -> None:
        if hasattr(self, "far_side"):
            settled = Effect.objects.filter(state__in=("done", "parked")).count()
            assert Effect.objects.filter(DUE).count() + settled == self.keys

    def teardown(self) -> None:
        """Heal everything; then all is done, once, but for what killed its worker three times."""
        if not hasattr(self, "far_side"):
            return
        self._arrive()
        for _ in range(60):
            self.far_side.replies, self.far_side.looks = [], []
            run_effects(self.handler, owner="three")
            if not Effect.objects.filter(DUE).exists():
                break
            self.offset += 20
            self._set_clock()
        assert not Effect.objects.filter(DUE).exists(), list(Effect.objects.values("state", "last_class", "attempts"))
        parked = set(Effect.objects.filter(state="parked").values_list("parked_code", flat=True))
        assert parked <= {"crashed"}
        done = sorted(Effect.objects.filter(state="done").values_list("business_key", flat=True))
        assert sorted(set(self.far_side.written)) == sorted(self.far_side.written)
        assert set(done) <= set(self.far_side.written)

    def _note_late(self) -> None:
        if self.far_side.late and self.late_since is None:
            self.late_since = self.offset

    def _arrive(self) -> None:
        self.far_side.commit_late()
        self.late_since = None

    def _set_clock(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('holdpoint.clock_offset', %s, false)", [str(self.offset)])


@pytest.mark.slow
@pytest.mark.django_db
def test_whatever_happens_in_whatever_order_every_write_takes_place_once() -> None:
    # Without shrinking, which takes minutes here: to look into a failure, leave `phases` away.
    phases = (Phase.explicit, Phase.reuse, Phase.generate)
    settle = settings(
        max_examples=40,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=phases,
    )

    run_state_machine_as_test(Life, settings=settle)
